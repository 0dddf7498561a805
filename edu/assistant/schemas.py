"""Questions, answers and conversations in JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Text
from edu.assistant.findings import Fit
from edu.assistant.models import Conversation, QuestionStatus
from edu.assistant.service import MAX_QUESTION, MAX_TITLE, Answer, Citation, KeptAnswer
from edu.catalog.models import MaterialType
from edu.materials.models import Material
from edu.materials.schemas import Rating

UrlOf = Callable[[Material], str]

_MATERIAL: dict[str, Any] = {
    "id": 12,
    "title": "Числовые ряды",
    "type": "lecture",
    "rating": {"mean": 4.6, "votes": 23},
    "fit": "exact",
    "page": 5,
    "url": "https://library.example.org/materials/12",
    "places": [{"kind": "page", "number": 5, "snippet": "Ряд сходится, если сходится …"}],
}
_TEXT = "В библиотеке есть лекция «Числовые ряды» [12, с. 5]."
_QUERY = "Как подготовиться к экзамену по матану: ряды"
_ACCEPTED: dict[str, Any] = {
    "id": 5,
    "status": "waiting",
    "url": "https://library.example.org/api/ai/assist/5",
    "conversation_id": 3,
}
_ANSWER: dict[str, Any] = _ACCEPTED | {
    "status": "answered",
    "query": _QUERY,
    "asked_at": "2026-02-01T09:00:00Z",
    "answered_at": "2026-02-01T09:00:07Z",
    "text": _TEXT,
    "materials": [_MATERIAL],
    "opinion": 0,
    "failure": "",
    "wait": None,
}
_CONVERSATION: dict[str, Any] = {
    "id": 3,
    "title": _QUERY,
    "created_at": "2026-02-01T09:00:00Z",
    "asked_at": "2026-02-01T09:00:00Z",
}
_SAVED: dict[str, Any] = {
    "id": 2,
    "question_id": 5,
    "title": _QUERY,
    "text": _TEXT,
    "materials": [_MATERIAL],
    "saved_at": "2026-02-01T09:10:00Z",
}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class QuestionPath(BaseModel):
    """Which question."""

    question_id: int = Field(description="The id of the question.")


class ConversationPath(BaseModel):
    """Which conversation."""

    conversation_id: int = Field(description="The id of the conversation.")


class SavedPath(BaseModel):
    """Which saved answer."""

    saved_id: int = Field(description="The id of the saved answer.")


class AssistHeaders(BaseModel):
    """How the answer is wanted."""

    prefer: str | None = Field(
        None,
        alias="Prefer",
        description="`respond-async`: do not wait for the answer, but say where it will be.",
    )


class AssistRequest(BaseModel):
    """What a student wants to know."""

    query: Text = Field(min_length=1, max_length=MAX_QUESTION, description="A question in words.")
    conversation_id: int | None = Field(
        None, description="The conversation that it goes on with; without it a new one begins."
    )

    model_config = _shown({"query": _QUERY})


class OpinionForm(BaseModel):
    """Whether an answer has helped."""

    opinion: Literal[-1, 0, 1] = Field(description="1: it has, -1: it has not, 0: no opinion.")

    model_config = _shown({"opinion": 1})


class ConversationChange(BaseModel):
    """A title of your own."""

    title: Text = Field(min_length=1, max_length=MAX_TITLE)

    model_config = _shown({"title": "К экзамену"})


class SaveForm(BaseModel):
    """An answer to be kept."""

    question_id: int = Field(description="The id of the question that it answers.")

    model_config = _shown({"question_id": 5})


class CitedPlace(BaseModel):
    """Where in a material the words of the question stand."""

    kind: Literal["page", "section", "second"]
    number: int = Field(description="Of a page or section, from 1; second of a video.")
    snippet: str = Field(description="Plain text around the words.")


class CitedMaterial(BaseModel):
    """A published material that the answer recommends."""

    id: int = Field(description="Stands in the text as `[id]` or `[id, page]`.")
    title: str
    type: MaterialType
    rating: Rating
    fit: Fit = Field(
        description="`exact`; `near`: of another kind, semester or subject; `subject`: only of "
        "the same subject."
    )
    page: int | None = Field(description="The first page to read; null where none was found.")
    url: str = Field(description="The page of the material.")
    places: list[CitedPlace]

    @classmethod
    def of(cls, citation: Citation, url: str) -> CitedMaterial:
        """`url` is the address of its page."""
        material, places = citation.material, citation.places
        pages = (place["number"] for place in places if place["kind"] == "page")
        rating = Rating(mean=round(material.rating_mean, 2), votes=material.rating_votes)
        facts = {"id": material.id, "title": material.title, "type": material.type}
        facts |= {"rating": rating, "fit": citation.fit, "page": next(pages, None)}
        return cls.model_validate(facts | {"url": url, "places": places})


class WaitFacts(BaseModel):
    """How long a question will wait."""

    ahead: int = Field(description="How many questions are before it.")
    seconds: int | None = Field(description="About how long they take; null: nobody knows yet.")

    model_config = ConfigDict(from_attributes=True)


class AssistAccepted(BaseModel):
    """A question that was taken down."""

    id: int
    status: QuestionStatus
    url: str = Field(description="Where the answer will be.")
    conversation_id: int

    model_config = _shown(_ACCEPTED)


class AssistAnswer(AssistAccepted):
    """An answer, as far as it is written."""

    query: str
    asked_at: datetime
    answered_at: datetime | None
    text: str = Field(description="Sentences with `[id]`s; empty while there is no answer.")
    materials: list[CitedMaterial] = Field(description="What the text recommends, in its order.")
    opinion: int = Field(description="Yours: 1, -1, or 0 for none.")
    failure: str = Field(description="Why there is no answer; empty otherwise.")
    wait: WaitFacts | None = Field(description="While it waits for its turn; null afterwards.")

    model_config = _shown(_ANSWER)

    @classmethod
    def of(cls, answer: Answer, url: str, page_url: UrlOf) -> AssistAnswer:
        """`url` is its own address, `page_url` tells that of a material."""
        question = answer.question
        return cls(
            id=question.id,
            status=QuestionStatus(question.status),
            url=url,
            conversation_id=question.conversation_id,
            query=question.text,
            asked_at=question.created_at,
            answered_at=question.answered_at,
            text=answer.text,
            materials=[CitedMaterial.of(one, page_url(one.material)) for one in answer.citations],
            opinion=question.opinion,
            failure=answer.failure,
            wait=WaitFacts.model_validate(answer.wait) if answer.wait else None,
        )


class ConversationCard(BaseModel):
    """A conversation as in lists."""

    id: int
    title: str = Field(description="Your own, or the first question.")
    created_at: datetime
    asked_at: datetime = Field(description="When the last question was asked.")

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _CONVERSATION})


class ConversationDetails(ConversationCard):
    """A conversation with its questions, the oldest first."""

    questions: list[AssistAnswer]

    model_config = _shown(_CONVERSATION | {"questions": [_ANSWER]})

    @classmethod
    def of(cls, conversation: Conversation, questions: list[AssistAnswer]) -> ConversationDetails:
        """The conversation in JSON."""
        card = ConversationCard.model_validate(conversation)
        return cls(**card.model_dump(), questions=questions)


class ConversationList(Page):
    """A page of your conversations, the one asked last first."""

    items: list[ConversationCard]


class SavedCard(BaseModel):
    """An answer that you keep; it outlives its conversation."""

    id: int
    question_id: int | None = Field(description="Null when the conversation is gone.")
    title: str
    text: str
    materials: list[CitedMaterial]
    saved_at: datetime

    model_config = _shown(_SAVED)

    @classmethod
    def of(cls, kept: KeptAnswer, page_url: UrlOf) -> SavedCard:
        """`page_url` tells the address of a material."""
        return cls(
            id=kept.saved.id,
            question_id=kept.saved.question_id,
            title=kept.saved.title,
            text=kept.text,
            materials=[CitedMaterial.of(one, page_url(one.material)) for one in kept.citations],
            saved_at=kept.saved.created_at,
        )


class SavedList(Page):
    """A page of your saved answers, the last kept first."""

    items: list[SavedCard]
