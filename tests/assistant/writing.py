"""Answers written by a script in place of write_answer, and people who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from edu.accounts.models import User
from edu.assistant import service
from edu.assistant.answering import Draft
from edu.assistant.engines.base import Engine
from edu.assistant.meaning import Meaning
from edu.assistant.models import Conversation, Question
from edu.extensions import db

Write = Callable[..., Iterator[Draft]]


def draft(text: str, *, final: bool = False, **changes: Any) -> Draft:
    """A draft of the composer's, of which nothing else matters."""
    values: dict[str, Any] = {
        "citations": [],
        "removed": 0,
        "meaning": Meaning(words="ряды"),
        "engine": "composer",
        "prompt": "",
        "error": "",
    }
    return Draft(text=text, final=final, **(values | changes))


class Script:
    """Stands for write_answer and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.engines: list[Engine | None] = []
        self.histories: list[list[str]] = []
        self.answer: Callable[[Question, Callable[[], bool]], Iterator[Draft]] = plain

    def __call__(
        self,
        user: User,
        question: Question,
        history: Sequence[Question],
        engine: Engine | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Draft]:
        assert user.id == question.user_id
        self.asked.append(question.text)
        self.engines.append(engine)
        self.histories.append([one.text for one in history])
        yield from self.answer(question, cancelled)


def plain(question: Question, cancelled: Callable[[], bool]) -> Iterator[Draft]:
    """In two steps."""
    yield draft("Half")
    yield draft(f"About {question.text}", final=True)


def person(name: str) -> User:
    """Somebody of the people's."""
    return db.session.scalars(select(User).where(User.name == name.title())).one()


def ask(name: str, text: str, conversation: Conversation | None = None) -> Question:
    """A question that waits, committed."""
    question = service.ask_question(person(name), text, conversation)
    db.session.commit()
    return question


def state(number: int) -> tuple[str, int, str]:
    """Status, attempts and error."""
    row = db.session.get_one(Question, number, populate_existing=True)
    return row.status, row.attempts, row.error
