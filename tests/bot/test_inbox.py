"""Nothing that was written to the bot is lost or done twice, however its process ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot import inbox, replies, routes
from bot.inbox import Handling
from bot.people import Person
from bot.replies import Button, Picture, Reply, Writer
from bot.state import State
from edu.collections.models import Collection
from edu.collections.service import create_collection
from edu.extensions import db
from edu.telegram_chats.models import TelegramChat, TelegramUpdate
from edu.telegram_inbox import service
from tests.bot.bot_api import BotApi, run_bot_api
from tests.bot.conftest import CHARLIES_CHAT, link_chats
from tests.bot.library import PASSWORD
from tests.bot.process import run_bot
from tests.product import wait_until
from tests.telegram_links.world import ask, consent

UPDATES, LINKED = 100, 20
FIRST = 5000  # of the chats
BOT = 4815162342

# Within one process --------------------------------------------------------------------------


def handle(
    app: Flask,
    handling: Handling,
    make: Callable[[Person, State], Reply],
    chat: int = CHARLIES_CHAT,
) -> Reply:
    """Compose an answer to an update."""
    token = inbox.in_hand.set(handling)
    try:
        return replies.compose(app, Writer(chat, "en"), make)
    finally:
        inbox.in_hand.reset(token)


def kept(app: Flask, update_id: int) -> Handling:
    """The update, as the next process takes it up."""
    with app.app_context():
        found = {each.update_id: each for each in service.take_unfinished(1)}[update_id]
        db.session.commit()
        return Handling(1, update_id, found.replies, again=True)


def receive(app: Flask, update_id: int) -> Handling:
    with app.app_context():
        service.keep_updates(1, {update_id: f"an update {update_id}"})
        db.session.commit()
    return Handling(1, update_id)


def test_what_is_done_is_answered_again_and_not_done_again(library: Flask) -> None:
    def make(person: Person, state: State) -> Reply:
        assert person.user is not None
        create_collection(person.user, "Once")
        picture = Picture("page", content=b"\xff\xd8")
        then = Reply("more", keyboard=(("Search",),))
        return Reply("made", ((Button("Open", "collections:list"),),), picture, then=then)

    first = handle(library, receive(library, 1), make)
    again = handle(library, kept(library, 1), make)
    assert again.picture is None
    assert (again.text, again.buttons, again.then) == (first.text, first.buttons, first.then)
    with library.app_context():
        assert db.session.query(Collection).filter_by(title="Once").count() == 1


def test_what_has_changed_nothing_is_composed_anew(library: Flask) -> None:
    texts = iter(("before", "after"))

    def make(person: Person, state: State) -> Reply:
        return Reply(next(texts))

    handle(library, receive(library, 2), make)
    assert handle(library, kept(library, 2), make).text == "after"


def test_what_has_failed_is_tried_again(library: Flask) -> None:
    def make(person: Person, state: State) -> Reply:
        assert person.user is not None
        create_collection(person.user, "Never")
        raise RuntimeError("the disk is full")

    assert handle(library, receive(library, 3), make).failed
    handling = kept(library, 3)
    assert handling.replies == {}
    assert handle(library, handling, lambda person, state: Reply("well")).text == "well"


def test_a_sign_in_that_was_not_shown_is_no_replay_and_the_code_still_works_once(
    library: Flask,
) -> None:
    chat = FIRST - 10
    code = _consent(library, chat)

    def greet(handling: Handling) -> Reply:
        return handle(library, handling, partial(routes.command, f"/start {code}"), chat)

    greeting = greet(receive(library, 4))
    assert "Welcome, Charlie" in greeting.text
    assert greet(kept(library, 4)).text == greeting.text
    assert "signed in as Charlie" in handle(library, receive(library, 5), _settings, chat).text
    assert "not valid any more" in greet(receive(library, 6)).text
    assert "not signed in" in handle(library, receive(library, 7), _settings, chat).text


def _consent(app: Flask, chat: int) -> str:
    client = app.test_client()
    client.post("/login", data={"email": "charlie@example.org", "password": PASSWORD})
    return consent(client, ask(app, chat))


def _settings(person: Person, state: State) -> Reply:
    return routes.command("/settings", person, state)


# Processes that end --------------------------------------------------------------------------


def begin_collections(app: Flask, chats: list[int]) -> None:
    """These chats have been asked for the name of a new collection."""
    with app.app_context():
        for chat in chats:
            values: dict[str, Any] = {"awaits": "collections:create", "args": []}
            db.session.merge(TelegramChat(chat_id=chat, locale="", dialogue=values))
        db.session.commit()


def count_titles(app: Flask, prefix: str) -> dict[str, int]:
    """How many collections of each title there are."""
    with app.app_context():
        titles = db.session.query(Collection.title).filter(Collection.title.startswith(prefix))
        names = [title for (title,) in titles]
        return {name: names.count(name) for name in names}


def unfinished(app: Flask) -> int:
    with app.app_context():
        query = db.session.query(TelegramUpdate).filter_by(bot_id=BOT, done_at=None)
        return query.count()


def answered(api: BotApi, chats: list[int]) -> bool:
    return all(api.sent("sendMessage", chat) for chat in chats)


@pytest.mark.processes
@pytest.mark.xdist_group(name="bot")
def test_updates_in_hand_at_a_kill_are_all_answered_and_done_once(
    library: Flask, library_env: dict[str, str], tmp_path: Path
) -> None:
    chats = list(range(FIRST, FIRST + UPDATES))
    linked = chats[:LINKED]
    link_chats(library, "charlie", linked)
    begin_collections(library, linked)
    with run_bot_api() as api:
        for chat in linked[::2]:  # done, but not shown: Telegram asks the bot to wait
            api.refuse(chat, 429, "Too Many Requests", retry_after=30)
        with run_bot(library_env, api, tmp_path / "bot.log") as process:
            api.wait_for("deleteWebhook")
            for chat in chats:
                api.say(f"Killed {chat}" if chat in linked else "/help", chat=chat)
            api.wait_until(lambda: not any(api.refusals.values()))
            process.kill()
            process.wait()
        made = count_titles(library, "Killed")
        assert len(made) >= LINKED // 2
        waiting = unfinished(library)
        assert waiting >= LINKED // 2
        with run_bot(library_env, api, tmp_path / "bot.log"):
            api.wait_until(lambda: answered(api, chats))
            wait_until(lambda: unfinished(library) == 0, 30, "all is done")
        assert count_titles(library, "Killed") == {f"Killed {chat}": 1 for chat in linked}
        assert api.refused == []


@pytest.mark.processes
@pytest.mark.xdist_group(name="bot")
def test_a_graceful_stop_leaves_the_rest_to_the_next_process(
    library: Flask, library_env: dict[str, str], tmp_path: Path
) -> None:
    chat = FIRST - 1
    with run_bot_api() as api:
        with run_bot(library_env, api, tmp_path / "bot.log") as process:
            api.refuse(chat, 429, "Too Many Requests", retry_after=30)
            for _ in range(3):
                api.say("/help", chat=chat)
            api.wait_until(lambda: not any(api.refusals.values()))
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert api.sent("sendMessage", chat) == []
        assert unfinished(library) == 3
        with run_bot(library_env, api, tmp_path / "bot.log"):
            api.wait_for("sendMessage", chat, after=2)
            wait_until(lambda: unfinished(library) == 0, 30, "all is done")
        assert len(api.sent("sendMessage", chat)) == 3


@pytest.mark.processes
@pytest.mark.xdist_group(name="bot")
def test_what_telegram_hands_over_twice_is_answered_once(
    library: Flask, library_env: dict[str, str], tmp_path: Path
) -> None:
    chat = FIRST - 2
    with run_bot_api() as api:
        with run_bot(library_env, api, tmp_path / "bot.log"):
            api.say("/help", chat=chat)
            again = dict(api.updates[-1]) if api.updates else {}
            api.wait_for("sendMessage", chat)
            wait_until(lambda: unfinished(library) == 0, 30, "all is done")
        assert again, "the bot was faster than the test"
        with run_bot(library_env, api, tmp_path / "bot.log"):
            with api.changed:
                api.updates.append(again)
                api.changed.notify_all()
            api.say("/start", chat=chat)
            api.wait_for("sendMessage", chat, after=1)
        assert "/help" not in api.sent("sendMessage", chat)[1]["text"]
