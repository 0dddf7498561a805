"""Notifications on their way to a Bot API that takes them, refuses them, or falls silent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from bot import exchange, notifier
from bot.callbacks import unpack
from bot.delivery import Delivery
from bot.notifier import Notifier
from edu.claims import new_claim
from edu.extensions import db, settings, utcnow
from edu.materials.models import MaterialStatus
from edu.notifications import quiet
from edu.notifications.models import Notification
from edu.notifications.service import read_all
from edu.telegram_chats.service import block_chat, is_blocked
from edu.telegram_links.service import unlink_chat
from edu.telegram_outbox import service as outbox
from edu.telegram_outbox.models import MessageState, TelegramMessage
from tests.bot.bot_api import TOKEN, BotApi, Markup, run_bot_api
from tests.conftest import make_people
from tests.notifications.chats import link, messages_to, states
from tests.notifications.followers import choose, follow, person, publish
from tests.samples import make_category

QUEUED, HANDED, SENT = MessageState.QUEUED, MessageState.HANDED, MessageState.SENT
DROPPED, FAILED = MessageState.DROPPED, MessageState.FAILED
CHAT, OTHER = 71, 72


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the bot's process has it
    monkeypatch.setattr(notifier, "POLL_S", 0.05)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with run_bot_api() as served:
        yield served


@pytest.fixture
def people(any_app: Flask) -> Iterator[dict[str, int]]:
    """Alice and Charlie follow a subject, each with a chat."""
    with crowd(any_app) as people:
        yield people


@contextmanager
def crowd(app: Flask) -> Iterator[dict[str, int]]:
    people = make_people(app)
    with app.app_context():
        link((people["alice"], CHAT), (people["charlie"], OTHER), locale="en")
        for name in ("alice", "charlie"):
            follow(people[name], category=make_category())
        yield people


async def _keep(sender: Notifier, condition: Callable[[], object]) -> None:
    keeping, end = asyncio.create_task(sender.keep()), time.monotonic() + 30
    try:
        while not condition():
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
    finally:
        keeping.cancel()
        await sender.stop()


def notify(app: Flask, api: BotApi, condition: Callable[[], object]) -> None:
    """Have the notifier send until then."""

    async def run() -> None:
        config = replace(settings(), telegram_token=TOKEN, telegram_api_url=api.url)
        delivery = Delivery(lambda: True, lambda chat: asyncio.sleep(0))
        await _keep(Notifier(app, config, delivery), condition)

    asyncio.run(run())


def is_settled() -> bool:
    """Nothing is due and nothing on its way."""
    db.session.rollback()
    open_ones = select(TelegramMessage.id).where(
        (TelegramMessage.state == HANDED)
        | ((TelegramMessage.state == QUEUED) & (TelegramMessage.due_at <= utcnow()))
    )
    return db.session.scalar(open_ones.limit(1)) is None


def texts(api: BotApi, chat: int) -> list[str]:
    return [Markup(params["text"]).plain for params in api.sent("sendMessage", chat)]


def test_what_is_new_arrives_with_buttons_that_work(
    any_app: Flask, api: BotApi, people: dict[str, int]
) -> None:
    for title in ("Ряды <Фурье>", "Пределы"):
        publish(people["maria"], title=title)
    notify(any_app, api, is_settled)
    assert not api.refused
    (message,) = messages_to(people["alice"])
    assert (message.state, message.chat_id) == (SENT, CHAT)
    (sent,) = api.sent("sendMessage", CHAT)
    assert message.message_id == sent["result"]["message_id"]
    assert all(title in texts(api, CHAT)[0] for title in ("Ряды <Фурье>", "Пределы"))
    (button, *_more) = json.loads(sent["reply_markup"])["inline_keyboard"][0]
    assert unpack(CHAT, button["callback_data"])
    assert len(texts(api, OTHER)) == 1


def test_a_library_that_does_not_tell_of_its_bytes_sends_nothing_twice(
    any_app: Flask, api: BotApi, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "BODY_NEXT", "an event of another version")
    publish(people["maria"])
    notify(any_app, api, is_settled)
    (message,) = messages_to(people["alice"])
    assert (message.state, len(texts(api, CHAT))) == (SENT, 1)


def test_a_flood_limit_is_waited_for(any_app: Flask, api: BotApi, people: dict[str, int]) -> None:
    publish(people["maria"])
    api.refuse(CHAT, 429, "Too Many Requests: retry after 2", retry_after=2)
    begun = time.monotonic()
    notify(any_app, api, lambda: is_settled() and texts(api, CHAT))
    (mine,) = [moment for moment, chat in api.sent_to if chat == CHAT]
    assert mine - begun >= 2
    (message,) = messages_to(people["alice"])
    assert (message.state, message.attempts) == (SENT, 1)


def test_a_chat_that_has_blocked_the_bot_is_left_alone(
    any_app: Flask, api: BotApi, people: dict[str, int]
) -> None:
    for number in range(12):  # two messages
        publish(people["maria"], title=f"Лекция {number}")
    api.refuse(CHAT, 403, "Forbidden: bot was blocked by the user")
    notify(any_app, api, is_settled)
    assert states(people["alice"]) == [DROPPED, DROPPED]
    assert is_blocked(CHAT)
    assert not texts(api, CHAT)
    publish(people["maria"], title="Ещё одна")
    assert len(messages_to(people["alice"])) == 2
    assert len(messages_to(people["charlie"])) == 3


def test_what_telegram_will_never_take_is_given_up(
    any_app: Flask, api: BotApi, people: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    publish(people["maria"])
    api.refuse(CHAT, 400, "Bad Request: chat not found")
    notify(any_app, api, is_settled)
    (message,) = messages_to(people["alice"])
    assert (message.state, message.error) == (FAILED, "Chat not found")
    assert "was refused: Chat not found" in caplog.text
    assert outbox.outbox_status().failed == 1


def test_a_telegram_in_trouble_is_asked_again(
    any_app: Flask, api: BotApi, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WAITS", (timedelta(seconds=0.2),) * 2)
    publish(people["maria"])
    for status in (500, 502):
        api.refuse(CHAT, status, "Internal Server Error")
    notify(any_app, api, lambda: is_settled() and texts(api, CHAT))
    (message,) = messages_to(people["alice"])
    assert (message.state, message.attempts, message.error) == (SENT, 3, "")


def test_trouble_that_lasts_is_given_up(
    any_app: Flask, api: BotApi, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WAITS", (timedelta(seconds=0.1),))
    publish(people["maria"])
    for _attempt in range(2):
        api.refuse(CHAT, 500, "Internal Server Error")
    notify(any_app, api, lambda: FAILED in states(people["alice"]))
    assert not texts(api, CHAT)


def test_what_was_taken_without_an_answer_counts_as_sent(
    any_app: Flask, api: BotApi, people: dict[str, int]
) -> None:
    publish(people["maria"])
    api.unanswered.add(CHAT)
    notify(any_app, api, is_settled)
    (message,) = messages_to(people["alice"])
    assert (message.state, message.message_id) == (SENT, None)
    notify(any_app, api, is_settled)
    assert len(texts(api, CHAT)) == 1


def test_a_telegram_that_is_away_costs_no_attempt(
    any_app: Flask, api: BotApi, people: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    publish(people["maria"])
    address, api.url = api.url, "http://127.0.0.1:9"  # nobody listens there
    notify(any_app, api, lambda: "Telegram is not reached" in caplog.text)
    (message,) = messages_to(people["alice"])
    assert (message.state, message.attempts) == (QUEUED, 0)
    api.url = address
    notify(any_app, api, is_settled)
    assert len(texts(api, CHAT)) == 1


def test_what_a_dead_process_had_handed_over_is_not_sent_again(
    any_app: Flask, api: BotApi, people: dict[str, int]
) -> None:
    publish(people["maria"])
    (message,) = messages_to(people["alice"])
    outbox.mark_handed(message.id, new_claim(), message.notification_ids)
    db.session.commit()
    notify(any_app, api, is_settled)
    assert states(people["alice"]) == [SENT]
    assert not texts(api, CHAT)
    assert len(texts(api, OTHER)) == 1


def turn_off(people: dict[str, int]) -> None:
    choose(people["alice"], "off", channel="telegram")


def read(people: dict[str, int]) -> None:
    read_all(person(people["alice"]))


def take_away(people: dict[str, int]) -> None:
    for each in db.session.scalars(select(Notification)):
        assert each.material is not None
        each.material.status = MaterialStatus.ARCHIVED.value


def unlink(people: dict[str, int]) -> None:
    unlink_chat(CHAT)


def link_with_another(people: dict[str, int]) -> None:
    unlink_chat(CHAT)
    link((people["maria"], CHAT))


def block_bot(people: dict[str, int]) -> None:
    block_chat(CHAT)


def block_person(people: dict[str, int]) -> None:
    person(people["alice"]).blocked_at = utcnow()


@pytest.mark.parametrize(
    "happen",
    [turn_off, read, take_away, unlink, link_with_another, block_bot, block_person],
    ids=lambda happen: happen.__name__,
)
def test_what_is_not_to_be_told_any_more_is_dropped(
    app: Flask, api: BotApi, happen: Callable[[dict[str, int]], None]
) -> None:
    with crowd(app) as people:
        publish(people["maria"])
        happen(people)
        db.session.commit()
        notify(app, api, is_settled)
        assert states(people["alice"]) == [DROPPED]
        assert not texts(api, CHAT)


def test_quiet_hours_that_have_begun_meanwhile_hold_it_back(
    any_app: Flask, api: BotApi, people: dict[str, int]
) -> None:
    publish(people["maria"])
    hour = utcnow().hour
    quiet.set_quiet_hours(person(people["alice"]), hour, (hour + 2) % 24, "UTC")
    db.session.commit()
    notify(any_app, api, is_settled)
    assert states(people["alice"]) == [QUEUED]
    assert not texts(api, CHAT)
    quiet.end_quiet_hours(person(people["alice"]))
    db.session.commit()
    notify(any_app, api, is_settled)
    assert len(texts(api, CHAT)) == 1
