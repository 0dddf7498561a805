"""Questions and answers in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Text
from edu.assistant.models import QuestionStatus
from edu.assistant.service import MAX_QUESTION, Answer, Citation
from edu.catalog.models import MaterialType
from edu.materials.models import Material

_ANSWER: dict[str, Any] = {
    "id": 5,
    "status": "answered",
    "url": "https://library.example.org/api/ai/assist/5",
    "text": "Found in the library: lecture, «ряды», Математический анализ.\n"
    "— «Числовые ряды» [12], lecture, pages 3, 5",
    "materials": [
        {
            "id": 12,
            "title": "Числовые ряды",
            "type": "lecture",
            "url": "https://library.example.org/materials/12",
            "places": [
                {"kind": "page", "number": 5, "snippet": "Ряд сходится, если сходится …"},
            ],
        }
    ],
}


class QuestionPath(BaseModel):
    """Which question."""

    question_id: int = Field(description="The id of the question.")


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

    model_config = ConfigDict(
        json_schema_extra={"example": {"query": "Как подготовиться к экзамену по матану: ряды"}}
    )


class CitedPlace(BaseModel):
    """Where in a material the words of the question stand."""

    kind: Literal["page", "section", "second"]
    number: int = Field(description="Of a page or section, from 1; second of a video.")
    snippet: str = Field(description="Plain text around the words.")


class CitedMaterial(BaseModel):
    """A published material that the answer recommends."""

    id: int = Field(description="Stands in the text as `[id]`.")
    title: str
    type: MaterialType
    url: str = Field(description="The page of the material.")
    places: list[CitedPlace]

    @classmethod
    def of(cls, citation: Citation, url: str) -> CitedMaterial:
        """`url` is the address of its page."""
        material = citation.material
        facts = {"id": material.id, "title": material.title, "type": material.type}
        return cls.model_validate(facts | {"url": url, "places": citation.places})


class AssistAccepted(BaseModel):
    """A question that was taken down."""

    id: int
    status: QuestionStatus
    url: str = Field(description="Where the answer will be.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {key: _ANSWER[key] for key in ("id", "url")} | {"status": "waiting"}
        }
    )


class AssistAnswer(AssistAccepted):
    """An answer, or the news that there is none yet."""

    text: str = Field(description="Sentences with `[id]`s; empty while there is no answer.")
    materials: list[CitedMaterial] = Field(description="What the text recommends, in its order.")

    model_config = ConfigDict(json_schema_extra={"example": _ANSWER})

    @classmethod
    def of(cls, answer: Answer, url: str, page_url: Callable[[Material], str]) -> AssistAnswer:
        """`url` is its own address, `page_url` tells that of a material."""
        return cls(
            id=answer.question.id,
            status=QuestionStatus(answer.question.status),
            url=url,
            text=answer.text,
            materials=[CitedMaterial.of(one, page_url(one.material)) for one in answer.citations],
        )
