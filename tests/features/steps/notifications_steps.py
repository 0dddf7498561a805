"""Шаги уведомлений."""

from __future__ import annotations

import time
from typing import Any

from behave import given, step, then, when

from edu.accounts.models import User
from edu.accounts.service import create_user
from edu.extensions import db, utcnow
from edu.notifications.quiet import set_quiet_hours
from edu.search.indexing import index_pending
from edu.subscriptions.service import follow_subject
from edu.telegram_outbox.models import MessageState
from edu.tree.service import ensure_category
from jobs.notifications import announce, deliver
from tests.bot import library as samples
from tests.bot.bot_api import Markup
from tests.bot.conftest import link_chat
from tests.notifications.chats import messages_to
from tests.notifications.followers import make_due


def _me(context: Any) -> User:
    email = f"reader-{context.world.chat}@example.org"
    return db.session.query(User).filter_by(email=email).one()


def _texts(context: Any) -> list[str]:
    return [Markup(each.get("text", "")).plain for each in context.world.shown()]


@given("я читатель с подпиской на предмет «{subject}»")
def be_reader(context: Any, subject: str) -> None:
    name = f"reader-{context.world.chat}"
    with context.app.app_context():
        user = create_user(f"{name}@example.org", samples.PASSWORD, "Reader")
        follow_subject(user, ensure_category(subject, slug="topology"))
        db.session.commit()
    link_chat(context.app, name, context.world.chat)


@when("публикуют «{first}» и «{second}»")
def publish_two(context: Any, first: str, second: str) -> None:
    _publish(context, first, second)


@when("публикуют «{title}»")
def publish(context: Any, title: str) -> None:
    _publish(context, title)


def _publish(context: Any, *titles: str) -> None:
    with context.app.app_context():
        category = ensure_category("Топология", slug="topology")
        for title in titles:
            samples.add(title, ["Открытые множества."], category=category)
        db.session.commit()
        assert index_pending()
        announce()


@step("приходит уведомление о «{title}»")
def told(context: Any, title: str) -> None:
    context.world.until(lambda: any(title in text for text in _texts(context)), title)


@step("в том же сообщении «{title}»")
def told_together(context: Any, title: str) -> None:
    assert title in context.world.last()


@step("о «{title}» сказано один раз")
def told_once(context: Any, title: str) -> None:
    assert sum(title in text for text in _texts(context)) == 1


@given("у меня тихие часы")
def be_quiet(context: Any) -> None:
    with context.app.app_context():
        hour = utcnow().hour
        set_quiet_hours(_me(context), hour, (hour + 2) % 24, "UTC")
        db.session.commit()


@then("уведомление об «{title}» ждёт конца тихих часов")
def waits(context: Any, title: str) -> None:
    with context.app.app_context():
        (message,) = messages_to(_me(context).id)
        assert message.state == MessageState.QUEUED
        assert message.due_at > utcnow()
    not_told(context, title)


@then("об «{title}» пока не сказано")
def not_told(context: Any, title: str) -> None:
    time.sleep(1.5)  # longer than the bot waits between two looks
    assert not any(title in text for text in _texts(context))


@when("наступает час сводки")
def digest_hour(context: Any) -> None:
    with context.app.app_context():
        make_due()
        deliver()
