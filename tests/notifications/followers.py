"""People who follow things, and what they were told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from edu.accounts.models import User
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.extensions import db, utcnow
from edu.mail.models import Letter
from edu.materials.models import Material
from edu.notifications.choices import set_choice
from edu.notifications.models import Delivery, Notification
from edu.search.service import SearchInput
from edu.subscriptions.service import follow_author, follow_search, follow_subject
from jobs.search import update_index
from tests.samples import make_material


def person(user_id: int) -> User:
    return db.session.get_one(User, user_id)


def follow(user_id: int, **what: Any) -> None:
    """`follow(alice, category=matan)`, `author=maria` or `search="ряды"`; committed."""
    if "category" in what:
        follow_subject(person(user_id), what["category"])
    elif "author" in what:
        follow_author(person(user_id), what["author"])
    else:
        follow_search(person(user_id), SearchInput(text=what["search"]))
    db.session.commit()


def choose(user_id: int, pace: str, topic: str = "materials", channel: str = "email") -> None:
    set_choice(person(user_id), topic, channel, pace)
    db.session.commit()


def publish(uploader_id: int, **values: Any) -> Material:
    """A material that is published, in the index, and announced."""
    material = make_material(uploader_id, **values)
    update_index()
    return material


def told(user_id: int) -> list[str]:
    """The occasions of the person's notifications, in order."""
    query = select(Notification.occasion).where(Notification.user_id == user_id)
    return list(db.session.scalars(query.order_by(Notification.id)))


def letters_to(user_id: int) -> list[Letter]:
    query = select(Letter).where(Letter.user_id == user_id).order_by(Letter.id)
    return list(db.session.scalars(query))


def make_due() -> None:
    """The hour of the digest has come."""
    waiting = update(Delivery).where(Delivery.done_at.is_(None))
    db.session.execute(waiting.values(due_at=utcnow() - timedelta(seconds=1)))
    db.session.commit()


def answered(user_id: int, text: str = "Что такое ряд?", **changes: Any) -> Question:
    """A question whose answer has just come, and which was looked at a minute ago."""
    conversation = Conversation(user_id=user_id, title="Ряды")
    values = {
        "status": QuestionStatus.ANSWERED.value,
        "seen_at": utcnow() - timedelta(minutes=1),
        **changes,
    }
    question = Question(user_id=user_id, text=text, locale="en", **values)
    question.conversation = conversation
    question.answered_at = utcnow()
    db.session.add(question)
    db.session.commit()
    return question
