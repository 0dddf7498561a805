"""Which chats wait for which answers, and what they have been shown of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from edu.assistant.models import Question, QuestionStatus
from edu.assistant.queue import OPEN, SILENT, places_of, someone_works
from edu.extensions import change_rows, db, insert_if_absent, utcnow
from edu.telegram_chats.models import TelegramChat, TelegramWatch

# A question that is open for so long while nobody answers any has no worker.


@dataclass(frozen=True, slots=True)
class Watched:
    """An answer that a chat waits for. `state` changes with what there is to be shown of it.

    `message_id` is None until a message shows it; `shown` is a hash of what that says.
    `left_alone`: no worker does anything.
    """

    question_id: int
    chat_id: int
    message_id: int | None
    shown: str
    state: str
    status: str
    left_alone: bool

    @property
    def ended(self) -> bool:
        """Whether no more is to come."""
        return self.status not in OPEN

    @property
    def waits(self) -> bool:
        """Whether nobody has begun to answer."""
        return self.status == QuestionStatus.WAITING


def watch_answer(chat_id: int, question: Question, message_id: int | None = None) -> None:
    """Have the chat shown the answer as it grows, in this message or in one still to be sent."""
    values = {"chat_id": chat_id, "message_id": message_id, "shown": "", "created_at": utcnow()}
    insert_if_absent(TelegramWatch, question_id=question.id, **values)


def list_watched() -> list[Watched]:
    """All that are waited for, the oldest first; not those of chats that are closed to the bot."""
    query = (
        select(TelegramWatch, Question.status, func.length(Question.answer), Question.created_at)
        .join(Question, Question.id == TelegramWatch.question_id)
        .outerjoin(TelegramChat, TelegramChat.chat_id == TelegramWatch.chat_id)
        .where(TelegramChat.blocked_at.is_(None))
        .order_by(TelegramWatch.question_id)
    )
    rows = db.session.execute(query).all()
    places = _places([row[0].question_id for row in rows if row[1] == QuestionStatus.WAITING])
    before = utcnow() - SILENT
    old = {row[0].question_id for row in rows if row[1] in OPEN and row[3] < before}
    left_alone = old if old and not someone_works() else set()
    return [
        _watched(row[0], row[1], row[2], places, left_alone=row[0].question_id in left_alone)
        for row in rows
    ]


def _watched(
    watch: TelegramWatch, status: str, length: int, places: dict[int, int], *, left_alone: bool
) -> Watched:
    number = watch.question_id
    state = f"{status}-{length}-{places.get(number, '')}-{left_alone}"
    return Watched(number, watch.chat_id, watch.message_id, watch.shown, state, status, left_alone)


def _places(waiting: list[int]) -> dict[int, int]:
    """How many are before each of these."""
    query = select(Question).where(Question.id.in_(waiting))
    questions = list(db.session.scalars(query)) if waiting else []
    return {number: wait.ahead for number, wait in places_of(questions).items()}


def keep_message(question_id: int, message_id: int | None, shown: str) -> None:
    """This message shows it now, None for no message; `shown` is a hash of what it says."""
    watch = update(TelegramWatch).where(TelegramWatch.question_id == question_id)
    change_rows(watch.values(message_id=message_id, shown=shown))


def end_watch(question_id: int) -> None:
    """The chat waits no more."""
    change_rows(delete(TelegramWatch).where(TelegramWatch.question_id == question_id))


def is_watched(question: Question, chat_id: int) -> bool:
    """Whether a message of this chat grows with the answer."""
    query = select(TelegramWatch.chat_id).where(TelegramWatch.question_id == question.id)
    return db.session.scalar(query) == chat_id


def find_open(chat_id: int) -> Question | None:
    """The question that was asked last among those whose answers grow in this chat."""
    query = (
        select(Question)
        .join(TelegramWatch, TelegramWatch.question_id == Question.id)
        .where(TelegramWatch.chat_id == chat_id, Question.status.in_(OPEN))
    )
    return db.session.scalar(query.order_by(Question.id.desc()).limit(1))
