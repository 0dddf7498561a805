"""Whose question is answered next and by whom, and what becomes of those in hand.

The order is fair between people: of each, the questions that wait are counted from the first, and
with them those of the present rush that were answered already. A question with a lower number goes
first; among equals, the older.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from edu.assistant.models import CachedAnswer, Question, QuestionStatus
from edu.claims import Claims
from edu.extensions import change_rows, db, settings, utcnow
from edu.notifications.telling import notify_answer

if TYPE_CHECKING:
    from edu.assistant.drafts import Draft

OPEN = (QuestionStatus.WAITING.value, QuestionStatus.ANSWERING.value)
# Nobody's question is held back for what was answered before that.
RUSH = timedelta(minutes=10)
MEASURED = 20  # answers
HISTORY = 20  # questions
# However long the search index is silent, a question does not wait longer.
PATIENCE = timedelta(minutes=10)
# After so long without anybody at work it is said that nobody is.
SILENT = timedelta(minutes=1)

_EMPTY: dict[str, Any] = {"answer": "", "citations": [], "removed": 0}
_LEFT = {"status": QuestionStatus.WAITING.value, "started_at": None, **_EMPTY}
WORK = Claims(Question.id, QuestionStatus.ANSWERING.value, _LEFT)
give_back_claims, postpone = WORK.give_back, WORK.postpone


@dataclass(frozen=True, slots=True)
class Wait:
    """How many questions are before one, those in hand too; `seconds` None: nobody knows yet."""

    ahead: int
    seconds: int | None


def list_order() -> list[int]:
    """The questions that wait, in the order in which they are answered."""
    return [number for number, _in_hand in _read_order()]


def _read_order() -> list[tuple[int, int]]:
    """The same, each with how many are in hand: by one statement, so that the two agree."""
    waiting = Question.status == QuestionStatus.WAITING
    oldest = select(func.min(Question.created_at)).where(waiting).scalar_subquery()
    rush = and_(Question.started_at >= oldest, Question.started_at >= utcnow() - RUSH)
    served = (
        select(Question.user_id, func.count().label("answers"))
        .where(~waiting, or_(_in_hand(), rush))
        .group_by(Question.user_id)
        .subquery()
    )
    own = func.row_number().over(partition_by=Question.user_id, order_by=Question.id)
    number = own + func.coalesce(served.c.answers, 0)
    in_hand = select(func.count()).where(_in_hand()).scalar_subquery()
    query = select(Question.id, in_hand).outerjoin(served, served.c.user_id == Question.user_id)
    rows = db.session.execute(query.where(waiting).order_by(number, Question.id))
    return [(row[0], row[1]) for row in rows]


def _in_hand() -> ColumnElement[bool]:
    return Question.status == QuestionStatus.ANSWERING


def place_of(question: Question) -> Wait:
    """How long this question, which waits, will go on waiting."""
    return places_of([question])[question.id]


def places_of(questions: Sequence[Question]) -> dict[int, Wait]:
    """The same of several, by their ids; the queue is read once."""
    if not questions:
        return {}
    places = {number: place + in_hand for place, (number, in_hand) in enumerate(_read_order())}
    typical_s, workers = _typical_s(), max(settings().assistant_workers, 1)
    waits = {}
    for one in questions:
        ahead = places.get(one.id, 0)
        seconds = None if typical_s is None else math.ceil(typical_s * ahead / workers)
        waits[one.id] = Wait(ahead, seconds)
    return waits


def _typical_s() -> float | None:
    """How long an answer takes, by the last ones that somebody has written."""
    query = select(Question.started_at, Question.answered_at).where(
        Question.status == QuestionStatus.ANSWERED, Question.cached.is_(False)
    )
    last = query.order_by(Question.started_at.desc().nulls_last()).limit(MEASURED)
    lengths = [
        (end - start).total_seconds() for start, end in db.session.execute(last) if start and end
    ]
    return statistics.median(lengths) if lengths else None


# In hand -------------------------------------------------------------------------------------


def claim_next() -> tuple[int, str] | None:
    """Take the next question in hand: its id and the claim. Commit before the work begins."""
    for number in list_order():
        if claim := claim_question(number):
            return number, claim
    return None


def claim_question(number: int) -> str | None:
    """Take this one; None where it does not wait (any more), or for one before it."""
    before = aliased(Question)
    busy = exists().where(
        before.conversation_id == Question.conversation_id,
        before.id < Question.id,
        before.status.in_(OPEN),
    )
    free = Question.status == QuestionStatus.WAITING
    return WORK.take(number, free, ~busy, started_at=utcnow(), error="", **_EMPTY)


def list_history(question: Question) -> list[Question]:
    """What was answered before it in the conversation, the last HISTORY, the oldest first."""
    query = select(Question).where(
        Question.conversation_id == question.conversation_id,
        Question.id < question.id,
        Question.status.in_([QuestionStatus.ANSWERED, QuestionStatus.CANCELLED]),
        Question.answer != "",
    )
    return list(db.session.scalars(query.order_by(Question.id.desc()).limit(HISTORY)))[::-1]


def is_first(question: Question) -> bool:
    """Whether the conversation begins with it."""
    before = select(Question.id).where(
        Question.conversation_id == question.conversation_id, Question.id < question.id
    )
    return db.session.scalar(before.limit(1)) is None


def beat(number: int, claim: str) -> None:
    """Show that somebody is at it. Raises ClaimLost."""
    WORK.own(number, claim, heartbeat_at=utcnow())


def keep_draft(number: int, claim: str, draft: Draft) -> None:
    """Let the reader see how far it is. Raises ClaimLost."""
    WORK.own(number, claim, heartbeat_at=utcnow(), **_values(draft))


def finish(number: int, claim: str, draft: Draft, error: str = "") -> None:
    """The answer is whole; `error` is trouble of which the draft tells none. Raises ClaimLost."""
    values = _values(draft) | {"error": draft.error or error}
    _end(number, claim, QuestionStatus.ANSWERED, **values)


def finish_cached(number: int, claim: str, found: CachedAnswer) -> None:
    """It was answered before. Raises ClaimLost."""
    names = ("answer", "citations", "meaning", "engine", "prompt", "removed")
    values = {name: getattr(found, name) for name in names}
    _end(number, claim, QuestionStatus.ANSWERED, cached=True, **values)


def drop(number: int, claim: str) -> None:
    """Who asked is kept out by now, and is answered no more. Raises ClaimLost."""
    _end(number, claim, QuestionStatus.CANCELLED, **_EMPTY)


def fail(number: int, claim: str, code: str) -> None:
    """There will be no answer. Raises ClaimLost."""
    _end(number, claim, QuestionStatus.FAILED, error=code, **_EMPTY)


def leave(number: int, claim: str) -> None:
    """After an attempt that broke down: to whoever is next. Raises ClaimLost."""
    WORK.own(number, claim, **WORK.left)


def recover() -> int:
    """Have those wait again whose worker is gone or silent; counts them."""
    WORK.release_dead()
    return change_rows(update(Question).where(WORK.is_silent()).values(**WORK.left))


def someone_works() -> bool:
    """Whether a worker has a question in hand, or ended one within the last minute."""
    since = utcnow() - SILENT
    at_work = and_(_in_hand(), Question.heartbeat_at > since)
    query = select(exists().where(or_(at_work, Question.answered_at > since)))
    return bool(db.session.scalar(query))


def is_left_alone(question: Question) -> bool:
    """Whether it is open although no worker does anything."""
    is_old = question.created_at < utcnow() - SILENT
    return question.status in OPEN and is_old and not someone_works()


def count_waiting() -> int:
    """How many wait."""
    waiting = Question.status == QuestionStatus.WAITING
    return db.session.scalar(select(func.count()).where(waiting)) or 0


def _values(draft: Draft) -> dict[str, Any]:
    return {
        "answer": draft.text,
        "citations": draft.citations,
        "removed": draft.removed,
        "meaning": draft.meaning.as_json(),
        "engine": draft.engine,
        "prompt": draft.prompt,
    }


def _end(number: int, claim: str, status: QuestionStatus, **values: Any) -> None:
    ended = {"status": status.value, "answered_at": utcnow(), "claim": "", "heartbeat_at": None}
    WORK.own(number, claim, **ended, **values)
    notify_answer(number)
