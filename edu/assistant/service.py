"""Questions and their answers. The row is the truth: it waits until somebody has answered it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from edu.accounts.models import User
from edu.assistant.composer import compose
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.assistant.retrieval import Recommended, recommend
from edu.assistant.understanding import understand
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, find_row, utcnow
from edu.materials.models import Material
from edu.materials.service import load_active
from edu.site.settings import site_settings

MAX_QUESTION = 1000
MAX_ATTEMPTS = 3
KEPT_QUESTIONS = 1000  # of one person
UNATTENDED = timedelta(seconds=20)  # an answer takes less than a second


@dataclass(frozen=True, slots=True)
class Citation:
    """A material that an answer names, still published, with places as {kind, number, snippet}."""

    material: Material
    places: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as its reader may see it now."""

    question: Question
    text: str
    citations: list[Citation]


def ask_question(user: User, text: str) -> Question:
    """Take down a question, to be answered. Raises InvalidInput."""
    words = text.strip()
    if not 0 < len(words) <= MAX_QUESTION:
        raise InvalidInput(_("Ask in 1 to %(n)d characters.", n=MAX_QUESTION), field="query")
    locale = user.locale or site_settings().default_locale
    conversation = Conversation(user_id=user.id, title=words[:120])
    db.session.add(conversation)
    db.session.flush()
    question = Question(user_id=user.id, conversation_id=conversation.id, text=words, locale=locale)
    db.session.add(question)
    db.session.flush()
    _forget_old(user)
    return question


def _forget_old(user: User) -> None:
    own = select(Question.id).where(Question.user_id == user.id).order_by(Question.id.desc())
    kept_since = db.session.scalar(own.offset(KEPT_QUESTIONS).limit(1))
    if kept_since is not None:
        old = delete(Question).where(Question.user_id == user.id, Question.id <= kept_since)
        db.session.execute(old)


def begin_attempt(question_id: int) -> bool:
    """Count an attempt at a question that waits; False when there is nothing (more) to be done.

    Commit before the attempt itself: one that takes the process down has to count.
    """
    waiting = update(Question).where(
        Question.id == question_id, Question.status == QuestionStatus.WAITING
    )
    counted = waiting.where(Question.attempts < MAX_ATTEMPTS)
    more = counted.values(attempts=Question.attempts + 1).returning(Question.id)
    if db.session.scalar(more) is not None:
        return True
    db.session.execute(waiting.values(status=QuestionStatus.FAILED.value, answered_at=utcnow()))
    return False


def answer_question(question_id: int) -> None:
    """Write the answer. Doing it twice, or beside another, ends the same. Raises Unavailable."""
    question = db.session.get(Question, question_id)
    if question is None or question.status == QuestionStatus.ANSWERED:
        return
    with force_locale(question.locale):
        wanted = understand(question.text)
        chosen = recommend(wanted)
        text = compose(wanted, chosen)
    db.session.execute(
        update(Question)
        .where(Question.id == question_id, Question.status != QuestionStatus.ANSWERED)
        .values(
            status=QuestionStatus.ANSWERED.value,
            answer=text,
            citations=[_cite(one) for one in chosen],
            answered_at=utcnow(),
        )
    )


def _cite(one: Recommended) -> dict[str, Any]:
    places = [
        {
            "kind": place.kind,
            "number": place.number,
            "snippet": "".join(text for text, _matched in place.pieces),
        }
        for place in one.found.places
    ]
    return {"material_id": one.found.material.id, "places": places}


def give_up_attempt(question_id: int) -> None:
    """After an attempt that came to nothing; the last one fails the question."""
    tried = update(Question).where(
        Question.id == question_id,
        Question.status == QuestionStatus.WAITING,
        Question.attempts >= MAX_ATTEMPTS,
    )
    db.session.execute(tried.values(status=QuestionStatus.FAILED.value, answered_at=utcnow()))


def list_unattended() -> list[int]:
    """Questions that have waited longer than an answer takes, the oldest first."""
    waiting = select(Question.id).where(
        Question.status == QuestionStatus.WAITING, Question.created_at < utcnow() - UNATTENDED
    )
    return list(db.session.scalars(waiting.order_by(Question.id).limit(500)))


def get_answer(user: User, question_id: int) -> Answer:
    """One of the person's own questions. Raises NotFound."""
    question = find_row(Question, question_id)
    if question is None or question.user_id != user.id:
        raise NotFound(_("There is no such question."))
    return show_answer(question)


def show_answer(question: Question) -> Answer:
    """The answer without what was taken off the site since."""
    cited = {citation["material_id"]: citation["places"] for citation in question.citations}
    active = load_active(cited)
    text = "\n".join(_still_true(question.answer, set(cited) - set(active)))
    citations = [Citation(active[key], cited[key]) for key in cited if key in active]
    return Answer(question, text, citations)


def _still_true(text: str, gone: set[int]) -> Iterator[str]:
    for line in text.split("\n"):
        if not any(f"[{material_id}]" in line for material_id in gone):
            yield line
