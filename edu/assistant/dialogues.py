"""Conversations with answers that their readers found good, as lines to fine-tune a model on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from sqlalchemy import ColumnElement, select

from edu.accounts.models import User
from edu.assistant.instructions import load_instructions
from edu.assistant.languages import language_of
from edu.assistant.messages import list_titles, make_question
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.scrubbing import Scrubber
from edu.extensions import db
from edu.materials.models import Material
from edu.materials.service import load_active

Dialogue = dict[str, Any]
Turn = tuple[Question, list[Material]]


def export_dialogues(since: datetime | None = None, min_opinion: int = 1) -> Iterator[Dialogue]:
    """A conversation each: {"messages": [system, user, assistant, …], "rating": mean opinion}.

    Answers that were rated worse are left out with their questions, and whatever names a material
    that is no longer published. In no order; without anything that tells who asked, or when.
    """
    rated = [Question.opinion != 0, Question.opinion >= min_opinion, *_since(since)]
    query = select(Question.conversation_id).where(*rated).distinct()
    conversations = list(db.session.scalars(query))
    random.SystemRandom().shuffle(conversations)
    scrubber = _make_scrubber()
    for conversation_id in conversations:
        turns = _turns(conversation_id, since, min_opinion)
        if turns:
            yield _dialogue(turns, scrubber)


def _since(since: datetime | None) -> list[ColumnElement[bool]]:
    return [Question.created_at >= since] if since else []


def _make_scrubber() -> Scrubber:
    people = db.session.execute(select(User.name, User.email).where(User.deleted_at.is_(None)))
    return Scrubber((name, email) for name, email in people)


def _turns(conversation_id: int, since: datetime | None, min_opinion: int) -> list[Turn]:
    """The good part of the conversation, up to the last answer that was rated."""
    query = select(Question).where(
        Question.conversation_id == conversation_id,
        Question.status == QuestionStatus.ANSWERED,
        Question.answer != "",
        *_since(since),
    )
    turns: list[Turn] = []
    length = 0
    for question in db.session.scalars(query.order_by(Question.id)):
        cited = [citation["material_id"] for citation in question.citations]
        active = load_active(cited)
        bad = question.opinion != 0 and question.opinion < min_opinion
        if bad or len(active) < len(set(cited)):
            continue
        turns.append((question, [active[number] for number in cited]))
        if question.opinion:
            length = len(turns)
    return turns[:length]


def _dialogue(turns: Sequence[Turn], scrubber: Scrubber) -> Dialogue:
    first = turns[0][0]
    language = language_of(first.text, first.locale)
    system = load_instructions("answer", language).text
    messages = [{"role": "system", "content": system}]
    with force_locale(language):
        for question, materials in turns:
            messages += _exchange(question, materials, scrubber, language)
    opinions = [question.opinion for question, _materials in turns if question.opinion]
    return {"messages": messages, "rating": round(sum(opinions) / len(opinions), 2)}


def _exchange(
    question: Question, materials: Sequence[Material], scrubber: Scrubber, language: str
) -> list[dict[str, str]]:
    """Question and answer. The question comes with what the answer was made of, as it did then:
    a model that learns answers without it learns to make numbers up."""
    titles = [scrubber.scrub(title) for title in list_titles(materials)]
    asked = make_question(scrubber.scrub(question.text), titles, language)
    excerpts = [
        f"[{citation['material_id']}] {scrubber.scrub(snippet)}"
        for citation in question.citations
        for place in citation["places"]
        if (snippet := str(place.get("snippet") or ""))
    ]
    return [
        {"role": "user", "content": "\n\n".join((*excerpts, asked))},
        {"role": "assistant", "content": scrubber.scrub(question.answer)},
    ]
