"""Answers as their page shows them: text with links, and a card for each recommended material."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from edu.accounts.models import User
from edu.assistant.findings import Fit
from edu.assistant.meaning import Intent
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.queue import Wait, is_left_alone
from edu.assistant.rendering import Link, Reference, render_answer
from edu.assistant.service import Answer, Citation
from edu.materials.models import Material
from edu.materials.service import MAX_MARKS, highlight_terms
from edu.ratings.service import can_rate, list_votes
from edu.search.hits import PLACE_KINDS
from edu.site.context import format_duration

UNFINISHED = (QuestionStatus.WAITING, QuestionStatus.ANSWERING)


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """Where something stands in a material, as a link."""

    url: str
    label: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Card:
    """A recommended material; `number` is what the text calls it, `mine` the reader's stars."""

    number: int
    material: Material
    places: list[PlaceLink]
    mine: int | None
    may_rate: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One question and its answer."""

    question: Question
    text: Markup
    cards: list[Card]
    wait: Wait | None
    failure: str
    left_alone: bool  # it waits, and no worker is there

    @property
    def unfinished(self) -> bool:
        """Whether there is more to come."""
        return self.question.status in UNFINISHED

    @property
    def seen(self) -> str:
        """What tells this state of an unfinished answer from the next one."""
        wait = f"{self.wait.ahead}.{self.wait.seconds}" if self.wait else ""
        return f"{self.question.status}-{len(self.question.answer)}-{wait}-{self.left_alone:d}"

    @property
    def is_plan(self) -> bool:
        """Whether the answer is a study plan, which can be kept."""
        is_plan = self.question.meaning.get("intent") == Intent.PLAN
        return self.question.status == QuestionStatus.ANSWERED and is_plan and bool(self.cards)

    @property
    def is_wanting(self) -> bool:
        """Whether the library had nothing that fits exactly, so that one may ask people for it."""
        return is_wanting(self.question)

    @property
    def category_id(self) -> int | None:
        """The subject in which it was looked for, if one was named."""
        return self.question.meaning.get("category_id")

    @property
    def sought(self) -> str:
        """The words that were looked for, if there were any beside wishes and subjects."""
        return sought(self.question)


def is_wanting(question: Question) -> bool:
    """Whether the answer had nothing to name that fits exactly."""
    exact = any(one.get("fit", Fit.EXACT) == Fit.EXACT for one in question.citations)
    ended = question.status == QuestionStatus.ANSWERED
    return ended and bool(sought(question)) and not exact


def sought(question: Question) -> str:
    """The words that were looked for, if there were any beside wishes and subjects."""
    return str(question.meaning.get("words") or "")


def show_answers(person: User, answers: Sequence[Answer]) -> list[Shown]:
    """The answers of a conversation, in the same order."""
    cited = {one.material.id for answer in answers for one in answer.citations}
    votes = list_votes(person, cited)
    return [_show(person, answer, votes) for answer in answers]


def show_text(
    person: User, text: str, citations: Sequence[Citation], words: str = ""
) -> tuple[Markup, list[Card]]:
    """A text and the materials that it names; `words` are marked where they are opened."""
    votes = list_votes(person, (one.material.id for one in citations))
    return _show_text(person, text, citations, words, votes)


def _show(person: User, answer: Answer, votes: dict[int, int]) -> Shown:
    question = answer.question
    words = str(question.meaning.get("words") or "")
    text, cards = _show_text(person, answer.text, answer.citations, words, votes)
    return Shown(question, text, cards, answer.wait, answer.failure, is_left_alone(question))


def _show_text(
    person: User, text: str, citations: Sequence[Citation], words: str, votes: dict[int, int]
) -> tuple[Markup, list[Card]]:
    marks = make_marks(words)
    cards = [
        Card(
            number,
            one.material,
            [_place_link(one.material, place, marks) for place in one.places],
            votes.get(one.material.id),
            can_rate(person, one.material),
        )
        for number, one in enumerate(citations, 1)
    ]
    numbered = {card.material.id: card for card in cards}

    def resolve(reference: Reference) -> Link | None:
        card = numbered.get(reference.material_id)
        return _link(card, reference, marks) if card else None

    return render_answer(text, resolve), cards


def make_marks(words: str) -> str:
    """The stems that are marked where a place is opened, as its address holds them."""
    stems = " ".join(highlight_terms(words)) if words else ""
    return stems if len(stems) <= MAX_MARKS else stems[:MAX_MARKS].rpartition(" ")[0]


def _link(card: Card, reference: Reference, marks: str) -> Link:
    """To the place, unless a file of this kind has no such places."""
    fits = PLACE_KINDS[card.material.file.kind] == reference.kind
    url = place_url(card.material, reference.kind if fits else "", reference.number, marks)
    if not reference.kind:
        return Link(url, str(card.number), card.material.title)
    return Link(url, f"{card.number} · {reference.words}", card.material.title)


def _place_link(material: Material, place: dict[str, Any], marks: str) -> PlaceLink:
    kind, number = str(place["kind"]), int(place["number"])
    url = place_url(material, kind, number, marks)
    return PlaceLink(url, place_label(kind, number), str(place.get("snippet") or ""))


def place_label(kind: str, number: int) -> str:
    """A page, section or second in the reader's words."""
    if kind == "page":
        return str(_("p. %(number)s", number=number))
    if kind == "second":
        return format_duration(number)
    return str(_("part %(number)s", number=number))


def about(seconds: int) -> str:
    """A time to wait, roughly: `40 s`, `3 min`."""
    if seconds < 90:
        return str(_("%(num)s s", num=max(seconds, 1)))
    return str(_("%(num)s min", num=round(seconds / 60)))


def place_url(material: Material, kind: str, number: int, marks: str = "") -> str:
    """Where the place opens, in the form that results of a search have."""
    values: dict[str, Any] = {"mark": marks or None}
    if kind == "page":
        values["page"] = number
    elif kind == "second":
        values["t"] = number
    elif kind == "section":
        values |= {"section": number, "_anchor": f"section-{number}"}
    return url_for("materials.show", material_id=material.id, **values)
