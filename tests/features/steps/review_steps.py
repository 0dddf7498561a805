"""Шаги модераторов и уведомлений."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from behave import given, step, then, when

from bot.callbacks import pack
from edu.accounts.models import Role, User
from edu.accounts.service import create_user
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.moderation.service import approve_material
from edu.notifications.telling import notify_answer, notify_waiting
from jobs.notifications import deliver
from tests.bot import library as samples
from tests.bot.conftest import link_chat


def _moderator(name: str) -> User:
    """An account that moderates everything, made once. Within an app context."""
    known = db.session.query(User).filter_by(email=f"{name}@example.org").one_or_none()
    user = known or create_user(f"{name}@example.org", samples.PASSWORD, name.title())
    user.role, user.confirmed_at = Role.MODERATOR.value, utcnow()
    db.session.commit()
    return user


def _material(title: str) -> Material:
    return db.session.query(Material).filter_by(title=title).one()


@given("я модератор")
def be_moderator(context: Any) -> None:
    with context.app.app_context():
        _moderator("maria")
        for waiting in db.session.query(Material).filter_by(status=MaterialStatus.PENDING.value):
            waiting.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    link_chat(context.app, "maria", context.world.chat)


@step("на проверке лежит «{title}»")
def waits(context: Any, title: str) -> None:
    with context.app.app_context():
        status = MaterialStatus.PENDING.value
        material = samples.add(title, ["Текст."], status=status, published_at=None)
        samples.keep_files(material.file)
        db.session.commit()


@when("на проверку приходит «{title}»")
def arrives(context: Any, title: str) -> None:
    waits(context, title)
    with context.app.app_context():
        notify_waiting(_material(title))
        db.session.commit()
        deliver()


@when("другой модератор публикует «{title}»")
def decided(context: Any, title: str) -> None:
    with context.app.app_context():
        approve_material(_moderator("boris"), _material(title))
        db.session.commit()


@when("я подделываю кнопку «{action}» о «{title}»")
def forge(context: Any, action: str, title: str) -> None:
    world = context.world
    message = world.until(world.shown, "сообщение")[-1]
    with context.app.app_context():
        material = _material(title)
        data = pack(world.chat, f"review:{action}:{material.id}:{material.edition}")
    world.pressed = context.api.press(message["message_id"], data, world.chat, "ru")


@then("материал «{title}» опубликован")
def is_published(context: Any, title: str) -> None:
    _assert_status(context, title, MaterialStatus.ACTIVE)


@then("материал «{title}» на проверке")
def is_pending(context: Any, title: str) -> None:
    _assert_status(context, title, MaterialStatus.PENDING)


@then("материал «{title}» отклонён: «{reason}»")
def is_rejected(context: Any, title: str, reason: str) -> None:
    _assert_status(context, title, MaterialStatus.REJECTED)
    with context.app.app_context():
        assert _material(title).reject_reason == reason


def _assert_status(context: Any, title: str, status: MaterialStatus) -> None:
    with context.app.app_context():
        assert _material(title).status == status


@when("помощник ответил на мой вопрос «{text}», а я уже ушёл")
def answered(context: Any, text: str) -> None:
    with context.app.app_context():
        me = db.session.query(User).filter_by(email="charlie@example.org").one()
        question = Question(
            user_id=me.id,
            text=text,
            locale="ru",
            status=QuestionStatus.ANSWERED.value,
            answer="Ряд Фурье — это сумма синусов и косинусов.",
            meaning={},
            answered_at=utcnow(),
            seen_at=utcnow() - timedelta(minutes=5),
            conversation=Conversation(user_id=me.id, title=text),
        )
        db.session.add(question)
        db.session.flush()
        notify_answer(question.id)
        db.session.commit()
        deliver()
