"""Conversations with the assistant: asking, reading what was answered, keeping some of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, func, select, update

from edu.accounts.models import User
from edu.assistant.findings import Fit
from edu.assistant.models import Conversation, Question, QuestionStatus, SavedAnswer
from edu.assistant.queue import OPEN, places_of
from edu.assistant.queue import Wait as Wait
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import change_rows, db, find_row, insert_if_absent, utcnow
from edu.materials.models import Material
from edu.materials.service import load_active
from edu.site.paging import Listing, list_page
from edu.site.settings import site_settings

MAX_QUESTION = 1000
MAX_TITLE = 120
MAX_WAITING = 20  # of one person
MAX_SAVED = 500
MAX_TURNS = 100  # of one conversation: its page shows them all
KEPT_QUESTIONS = 1000  # of one person
OPINIONS = (-1, 0, 1)

# Why there is no answer. Codes of engines are not among them: then the composer has answered.
FAILURES = {
    "unavailable": _l("The search did not answer for several minutes. Please ask again."),
    "interrupted": _l("The answer was interrupted several times. Please ask again."),
}
_FAILED = _l("Something failed on our side while the answer was written. Please ask again.")
_REFERENCE = re.compile(r"\[(\d+)[],]")


@dataclass(frozen=True, slots=True)
class Citation:
    """A material that an answer names, still published, with places as {kind, number, snippet}."""

    material: Material
    fit: Fit
    places: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as its reader may see it now; `wait` only while nobody has begun it."""

    question: Question
    text: str
    citations: list[Citation]
    wait: Wait | None

    @property
    def failure(self) -> str:
        """Why there is no answer, in a sentence; empty where there is one, or may come."""
        if self.question.status != QuestionStatus.FAILED:
            return ""
        return failure_message(self.question.error)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A saved answer as its reader may see it now."""

    saved: SavedAnswer
    text: str
    citations: list[Citation]


def failure_message(code: str) -> str:
    """Why a question has no answer, in the reader's language."""
    return str(FAILURES.get(code, _FAILED))


# Conversations -------------------------------------------------------------------------------


def list_conversations(user: User, page: int, per_page: int | None = None) -> Listing[Conversation]:
    """The person's own, the one asked last first."""
    own = select(Conversation).where(Conversation.user_id == user.id)
    latest = own.order_by(Conversation.asked_at.desc(), Conversation.id.desc())
    return list_page(latest, page, per_page)


def get_conversation(user: User, conversation_id: int) -> Conversation:
    """One of the person's own. Raises NotFound."""
    found = find_row(Conversation, conversation_id)
    if found is None or found.user_id != user.id:
        raise NotFound(_("There is no such conversation."))
    return found


def rename_conversation(user: User, conversation: Conversation, title: str) -> None:
    """Give it a title of the person's own. Raises NotFound, InvalidInput."""
    conversation = get_conversation(user, conversation.id)
    words = _one_line(title)
    if not 0 < len(words) <= MAX_TITLE:
        message = _("Write a title of 1 to %(n)d characters.", n=MAX_TITLE)
        raise InvalidInput(message, field="title")
    conversation.title, conversation.named = words, True
    db.session.flush()


def delete_conversation(user: User, conversation: Conversation) -> None:
    """Delete it with all its answers; a worker that writes one stops. Raises NotFound."""
    conversation = get_conversation(user, conversation.id)
    # By statement: the database takes the questions along.
    change_rows(delete(Conversation).where(Conversation.id == conversation.id))
    db.session.expire_all()


# Questions -----------------------------------------------------------------------------------


def ask_question(user: User, text: str, conversation: Conversation | None = None) -> Question:
    """Take down a question, to be answered. Raises InvalidInput, Conflict, NotFound."""
    words = text.strip()
    if not 0 < len(words) <= MAX_QUESTION:
        raise InvalidInput(_("Ask in 1 to %(n)d characters.", n=MAX_QUESTION), field="query")
    if _count_open(user) >= MAX_WAITING:
        message = _("%(n)d of your questions wait for an answer already.", n=MAX_WAITING)
        raise Conflict(message, code="too_many_questions")
    if conversation is None:
        conversation = Conversation(user_id=user.id, title=_title_of(words))
        db.session.add(conversation)
        db.session.flush()
    else:
        conversation = get_conversation(user, conversation.id)
        _require_turn(conversation)
        conversation.asked_at = utcnow()
    locale = user.locale or site_settings().default_locale
    question = Question(
        user_id=user.id,
        conversation_id=conversation.id,
        text=words,
        locale=locale,
        seen_at=utcnow(),  # by who has just asked
    )
    db.session.add(question)
    db.session.flush()
    _forget_old(user)
    return question


def _require_turn(conversation: Conversation) -> None:
    asked = select(func.count()).where(Question.conversation_id == conversation.id)
    if (db.session.scalar(asked) or 0) >= MAX_TURNS:
        message = _("This conversation is long. Please begin a new one.")
        raise Conflict(message, code="conversation_full")


def _count_open(user: User) -> int:
    own = select(func.count()).where(Question.user_id == user.id, Question.status.in_(OPEN))
    return db.session.scalar(own) or 0


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _title_of(question: str) -> str:
    line = _one_line(question) or "?"
    if len(line) <= MAX_TITLE:
        return line
    head = line[: MAX_TITLE - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.") + "…"


def _forget_old(user: User) -> None:
    own = select(Question.id).where(Question.user_id == user.id).order_by(Question.id.desc())
    kept_since = db.session.scalar(own.offset(KEPT_QUESTIONS).limit(1))
    if kept_since is None:
        return
    old = delete(Question).where(Question.user_id == user.id, Question.id <= kept_since)
    change_rows(old.where(Question.status.not_in(OPEN)))
    asked = exists().where(Question.conversation_id == Conversation.id)
    change_rows(delete(Conversation).where(Conversation.user_id == user.id, ~asked))


def get_question(user: User, question_id: int) -> Question:
    """One of the person's own. Raises NotFound."""
    question = find_row(Question, question_id)
    if question is None or question.user_id != user.id:
        raise NotFound(_("There is no such question."))
    return question


def cancel_question(user: User, question: Question) -> None:
    """Have it answered no more; what is written stays. Raises NotFound."""
    question = get_question(user, question.id)
    still = update(Question).where(Question.id == question.id, Question.status.in_(OPEN))
    # Without its claim the worker's next word is its last.
    ended = {"status": QuestionStatus.CANCELLED.value, "claim": "", "heartbeat_at": None}
    change_rows(still.values(answered_at=utcnow(), **ended))
    db.session.refresh(question)


def give_opinion(user: User, question: Question, opinion: int) -> None:
    """Say whether the answer helped: 1, -1, or 0 to take it back. Raises InvalidInput, Conflict."""
    question = get_question(user, question.id)
    if opinion not in OPINIONS:
        raise InvalidInput(_("Say 1, -1 or 0."), field="opinion")
    _require_answered(question)
    question.opinion = opinion
    db.session.flush()


def _require_answered(question: Question) -> None:
    if question.status != QuestionStatus.ANSWERED:
        raise Conflict(_("There is no answer yet."), code="not_answered")


# Reading -------------------------------------------------------------------------------------


def get_answer(user: User, question_id: int) -> Answer:
    """The answer to one of the person's own questions, as far as it is. Raises NotFound."""
    return _show([get_question(user, question_id)])[0]


def list_questions(user: User, conversation: Conversation) -> list[Answer]:
    """The questions of a conversation with their answers, the oldest first. Raises NotFound."""
    conversation = get_conversation(user, conversation.id)
    query = select(Question).where(Question.conversation_id == conversation.id)
    return _show(list(db.session.scalars(query.order_by(Question.id))))


def is_last(question: Question) -> bool:
    """Whether its conversation ends with it."""
    after = select(Question.id).where(
        Question.conversation_id == question.conversation_id, Question.id > question.id
    )
    return db.session.scalar(after.limit(1)) is None


def _show(questions: Sequence[Question]) -> list[Answer]:
    active = load_active(_named(citation for one in questions for citation in one.citations))
    waits = places_of([one for one in questions if one.status == QuestionStatus.WAITING])
    return [
        Answer(
            question,
            still_true(question.answer, question.citations, active),
            _citations(question.citations, active),
            waits.get(question.id),
        )
        for question in questions
    ]


def _named(citations: Iterable[Mapping[str, Any]]) -> set[int]:
    return {citation["material_id"] for citation in citations}


def still_true(
    text: str, citations: Iterable[Mapping[str, Any]], active: Mapping[int, Material]
) -> str:
    """The text without the lines that name what was taken off the site since."""
    named = _named(citations)
    gone = named - active.keys()
    if not gone:
        return text
    if gone == named:
        return str(_("What this answer named is no longer in the library."))
    kept = (one for one in text.split("\n") if gone.isdisjoint(map(int, _REFERENCE.findall(one))))
    return "\n".join(kept)


def _citations(
    citations: Iterable[Mapping[str, Any]], active: Mapping[int, Material]
) -> list[Citation]:
    return [
        Citation(active[one["material_id"]], _fit(one.get("fit", "")), one["places"])
        for one in citations
        if one["material_id"] in active
    ]


def _fit(name: str) -> Fit:
    # Answers of earlier versions have none, or others.
    return Fit(name) if name in tuple(Fit) else Fit.EXACT


# Kept for good -------------------------------------------------------------------------------


def save_answer(user: User, question: Question) -> SavedAnswer:
    """Keep an answer in the profile; twice is once. Raises NotFound, Conflict."""
    question = get_question(user, question.id)
    _require_answered(question)
    if saved := find_saved(user, question):
        return saved
    own = select(SavedAnswer).where(SavedAnswer.user_id == user.id)
    if (db.session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MAX_SAVED:
        raise Conflict(_("You keep %(n)d answers already.", n=MAX_SAVED), code="too_many_saved")
    # Two windows may press the button at the same moment.
    insert_if_absent(
        SavedAnswer,
        user_id=user.id,
        question_id=question.id,
        title=_title_of(question.text),
        answer=question.answer,
        citations=question.citations,
        created_at=utcnow(),
    )
    return db.session.scalars(own.where(SavedAnswer.question_id == question.id)).one()


def list_saved_answers(user: User, page: int, per_page: int | None = None) -> Listing[KeptAnswer]:
    """The person's own, the last kept first."""
    own = select(SavedAnswer).where(SavedAnswer.user_id == user.id)
    found = list_page(own.order_by(SavedAnswer.id.desc()), page, per_page)
    active = load_active(_named(citation for one in found.items for citation in one.citations))
    return Listing(
        [_show_saved(one, active) for one in found.items], found.total, found.page, found.per_page
    )


def get_saved_answer(user: User, saved_id: int) -> KeptAnswer:
    """One of the person's own. Raises NotFound."""
    saved = _require_saved(user, saved_id)
    return _show_saved(saved, load_active(_named(saved.citations)))


def _show_saved(saved: SavedAnswer, active: Mapping[int, Material]) -> KeptAnswer:
    text = still_true(saved.answer, saved.citations, active)
    return KeptAnswer(saved, text, _citations(saved.citations, active))


def _require_saved(user: User, saved_id: int) -> SavedAnswer:
    saved = find_row(SavedAnswer, saved_id)
    if saved is None or saved.user_id != user.id:
        raise NotFound(_("There is no such saved answer."))
    return saved


def find_saved(user: User, question: Question) -> SavedAnswer | None:
    """What the person keeps of this question, if anything."""
    own = select(SavedAnswer).where(SavedAnswer.user_id == user.id)
    return db.session.scalar(own.where(SavedAnswer.question_id == question.id))


def forget_saved_answer(user: User, saved_id: int) -> None:
    """Keep it no longer. Raises NotFound."""
    db.session.delete(_require_saved(user, saved_id))
    db.session.flush()
