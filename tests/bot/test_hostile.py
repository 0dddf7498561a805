"""What nobody should send: the bot answers, or keeps silent, and goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from bot import pictures
from bot.callbacks import pack
from bot.handlers import Application, Handlers
from bot.people import Person
from bot.pictures import DRAWN
from bot.polling import PollRequest
from bot.turns import MOST_WAITING
from edu.accounts.models import User
from edu.extensions import db, limiter
from edu.materials.models import Material
from edu.telegram_chats.models import TelegramChat
from edu.telegram_links.service import unlink_chat
from tests.bot.bot_api import BotApi, run_bot_api
from tests.bot.conftest import Chat, link_chat
from tests.bot.library import PASSWORD
from tests.bot.process import run_bot
from tests.bot.test_giving import give
from tests.samples import write_small_pdf
from tests.telegram_links.world import ask, consent

GROUP, CHAT = -1001234567890, 61
NOW = int(time.time())
ALICE = {"id": CHAT, "is_bot": False, "first_name": "Alice", "language_code": "en"}
PRIVATE = {"id": CHAT, "type": "private", "first_name": "Alice"}
SUPERGROUP = {"id": GROUP, "type": "supergroup", "title": "Курс"}
CHANNEL = {"id": GROUP - 1, "type": "channel", "title": "Канал"}
COMMAND = {"text": "/help", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}


def message(**changes: Any) -> dict[str, Any]:
    """A command in the private chat."""
    return {"message_id": 1, "date": NOW, "chat": PRIVATE, "from": ALICE, **COMMAND} | changes


def query(**changes: Any) -> dict[str, Any]:
    """A pressed button below a message."""
    shown = message(text="…", **{"from": ALICE})
    told = {"id": "1", "from": ALICE, "chat_instance": "1", "message": shown, "data": "x"}
    return told | changes


STRANGE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a kind that nobody knows": {"a_kind_of_tomorrow": {"id": 1}},
    "what is no object": {"message": "text"},
    "a message without a chat": {"message": {"message_id": 1, "date": NOW, "text": "a"}},
    "a message without a date": {"message": {"message_id": 1, "chat": PRIVATE, "text": "a"}},
    "a date of letters": {"message": message(date="soon")},
    "a chat without a type": {"message": message(chat={"id": CHAT})},
    "entities that point nowhere": {
        "message": message(entities=[{"type": "bot_command", "offset": 900, "length": 9}])
    },
    "half a character": {"message": message(text="\ud83d", entities=[])},
    "a file without an id": {"message": message(text=None, document={"file_name": "a.pdf"})},
    "a query of nobody": {"callback_query": {"id": "1", "chat_instance": "1", "data": "x"}},
    "a query without an id": {"callback_query": query(id=None)},
    "an inline query of nobody": {"inline_query": {"id": "1", "query": "a", "offset": ""}},
    "a member of nothing": {"my_chat_member": {"date": NOW}},
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bot") / "bot.log"


@pytest.fixture(scope="module")
def api(library: Flask, library_env: dict[str, str], log: Path) -> Iterator[BotApi]:
    """The stand-in, with the bot polling it."""
    with run_bot_api() as served, run_bot(library_env, served, log):
        served.wait_for("deleteWebhook")
        yield served


def hand_over(api: BotApi, update: dict[str, Any]) -> None:
    with api.changed:
        api.updates.append({"update_id": api._id()} | update)
        api.changed.notify_all()


def lives(api: BotApi, chat: int) -> bool:
    """Whether somebody else is answered now."""
    api.say("/help", chat=chat)
    return bool(api.wait_for("sendMessage", chat=chat)["text"])


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_update_stops_nothing(api: BotApi, name: str) -> None:
    hand_over(api, STRANGE[name])
    assert lives(api, 1000 + list(STRANGE).index(name))


def test_updates_that_cannot_be_told_apart_are_left_out() -> None:
    fine = {"update_id": 7, "message": message()}
    sent = {"ok": True, "result": [{"update_id": "a"}, "b", None, {}, fine]}
    assert PollRequest.parse_json_payload(json.dumps(sent).encode())["result"] == [fine]


def test_nothing_is_said_to_what_is_not_written_to_the_bot(api: BotApi, library: Flask) -> None:
    with library.app_context():
        signed = pack(GROUP, "menu:help")
    words = message(chat=SUPERGROUP)
    hand_over(api, {"message": words})
    hand_over(api, {"message": words | {"text": "признак Даламбера", "entities": []}})
    hand_over(api, {"message": words | {"via_bot": ALICE | {"is_bot": True}}})
    chosen = {"text": "1. Числовые ряды", "entities": [], "via_bot": api._me()}
    hand_over(api, {"message": message(chat=PRIVATE | {"id": 64}) | chosen})  # of its own results
    hand_over(api, {"edited_message": message(chat=PRIVATE | {"id": 64})})
    hand_over(api, {"channel_post": message(chat=CHANNEL)})
    hand_over(api, {"callback_query": query(message=message(chat=SUPERGROUP), data=signed)})
    assert lives(api, 62)
    assert lives(api, 63)  # what was handed over before has been dealt with
    heard = {params.get("chat_id") for _method, params in api.calls}
    assert not heard & {str(GROUP), str(GROUP - 1), "64"}
    with library.app_context():
        assert db.session.get(TelegramChat, GROUP) is None


def test_buttons_of_messages_that_are_out_of_reach_are_answered(api: BotApi) -> None:
    gone = {"message_id": 5, "date": 0, "chat": PRIVATE}
    told = {"id": "77", "from": ALICE, "chat_instance": "1", "data": "x"}
    with api.changed:
        api.chats.queries |= {"77", "78"}
    hand_over(api, {"callback_query": told | {"message": gone}})
    assert "No access" in api.wait_for_answer("77")["text"]
    hand_over(api, {"callback_query": told | {"id": "78", "inline_message_id": "a"}})
    assert "No access" in api.wait_for_answer("78")["text"]


def test_one_chat_does_not_take_the_places_of_all(library: Flask) -> None:
    application = SimpleNamespace(bot=None, running=True)
    handlers = Handlers(library, cast("Application", application))
    ended = asyncio.Event()

    async def wait_for_turn() -> None:
        async with handlers.turns.of(CHAT):
            await ended.wait()

    async def fill() -> list[bool]:
        tasks = [asyncio.create_task(wait_for_turn()) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        found = [handlers._is_too_much(CHAT), handlers._is_too_much(CHAT + 1)]
        ended.set()
        await asyncio.gather(*tasks)
        return [*found, handlers._is_too_much(CHAT)]

    assert asyncio.run(fill()) == [True, False, False]


def test_who_signs_in_next_finds_nothing_in_hand(library: Flask, tmp_path: Path) -> None:
    chat = Chat(library, 65)
    link_chat(library, "charlie", 65)
    content = write_small_pdf(tmp_path / "given.pdf", "Charlie's secret").read_bytes()
    form = give(chat, content, name="Charlie's secret.pdf")
    with library.app_context():
        assert unlink_chat(65)  # as from the site
        db.session.commit()
    client = library.test_client()
    client.post("/login", data={"email": "alice@example.org", "password": PASSWORD})
    assert "Welcome, Alice!" in chat.say(f"/start {consent(client, ask(library, 65))}").text
    assert "already" in chat.press(form, "Title").text
    assert "secret" not in chat.say("Mine").text
    assert "nothing to cancel" in chat.say("/cancel").text


def test_pages_are_drawn_for_a_person_and_not_for_each_chat(
    library: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(pictures, "draw_page", lambda *args: drawn.append(args[-1]))
    with library.app_context():
        limiter.reset()
        charlie = db.session.query(User).filter_by(name="Charlie").one()
        material = db.session.query(Material).filter_by(title="Числовые ряды, лекция 1").one()
        for number in range(2 * DRAWN.amount):
            pictures._draw(Person(number, charlie, "en"), material, number)
        limiter.reset()
    assert drawn == list(range(DRAWN.amount))


@pytest.mark.parametrize(
    "text", ["/", "/ ", "/@", "/\n/", "/start", "/start  ", "/start m" + "9" * 60]
)
def test_commands_of_any_shape_have_an_answer(stranger: Chat, text: str) -> None:
    assert "written to the log" not in stranger.say(text).text
