"""Messages that grow with their answers: the bot's own calls against the Bot API's stand-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from telegram import Bot

from bot.delivery import Delivery
from bot.sending import Sender, in_app
from bot.watching import EDITS, Watching
from edu.accounts.models import User
from edu.assistant.models import Conversation, Question
from edu.assistant.service import ask_question
from edu.extensions import change_rows, db, utcnow
from edu.materials.models import Material
from edu.telegram_answers.service import watch_answer
from edu.telegram_chats.models import TelegramChat, TelegramWatch
from edu.telegram_chats.service import block_chat, open_chat, replace_screen
from edu.telegram_links.service import unlink_chat
from tests.bot.bot_api import TOKEN, BotApi, Markup, run_bot_api
from tests.bot.conftest import CHARLIES_CHAT, link_chat

CHAT = CHARLIES_CHAT
Script = Callable[[Watching], Awaitable[None]]


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the bot's process has it


@pytest.fixture
def api(library: Flask) -> Iterator[BotApi]:
    """The stand-in; afterwards nobody has asked anything."""
    with run_bot_api() as served:
        yield served
    assert not served.refused
    with library.app_context():
        for model in (TelegramWatch, Question, Conversation):
            db.session.query(model).delete()
        db.session.query(TelegramChat).update(
            {"dialogue": {}, "screen_id": None, "blocked_at": None}
        )
        db.session.commit()


@pytest.fixture
def follow(library: Flask, api: BotApi) -> Callable[[Script], None]:
    """Runs a script with a bot's process that has just started."""

    async def run(script: Script) -> None:
        async with Bot(TOKEN, f"{api.url}/bot") as bot:

            async def block(chat_id: int) -> None:
                await asyncio.to_thread(in_app, library, block_chat, chat_id)

            sender = Sender(library, bot, Delivery(lambda: True, block))
            watching = Watching(library, sender)
            await script(watching)
            await watching.stop()

    return lambda script: asyncio.run(run(script))


async def look(watching: Watching) -> None:
    """Once, until all that is new has been shown."""
    await watching.look()
    while tasks := watching._tasks():
        await asyncio.wait(tasks)


def ask(app: Flask, text: str = "Ряды?", chat: int = CHAT, talking: bool = True) -> int:
    """Charlie's question, followed in a chat."""
    with app.app_context():
        charlie = db.session.scalars(select(User).where(User.name == "Charlie")).one()
        question = ask_question(charlie, text)
        watch_answer(chat, question)
        number = question.id
        if talking:
            open_chat(chat).dialogue = {"awaits": "assistant:ask", "args": []}
        db.session.commit()
        return number


def change(app: Flask, number: int, **values: Any) -> None:
    """What a worker would write down."""
    with app.app_context():
        change_rows(update(Question).where(Question.id == number).values(**values))
        db.session.commit()


def finish(app: Flask, number: int, text: str = "Читайте [1, p. 2].") -> None:
    with app.app_context():
        material = db.session.query(Material.id).filter_by(status="active").first()
        assert material is not None
        place = {"kind": "page", "number": 2, "snippet": "ряд"}
        cited = [{"material_id": material[0], "fit": "exact", "places": [place]}]
    change(
        app,
        number,
        status="answered",
        answer=text.replace("[1", f"[{material[0]}"),
        citations=cited,
        answered_at=utcnow(),
    )


def watch(app: Flask, number: int) -> TelegramWatch | None:
    with app.app_context():
        return db.session.get(TelegramWatch, number)


def shown(api: BotApi, chat: int = CHAT) -> list[str]:
    """What stands in the chat."""
    return [Markup(each["text"]).plain for each in api.chats.shown(chat)]


def test_one_message_grows_from_the_queue_to_the_whole_answer(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    ask(library, "Первый?", chat=901)  # not linked: it is dropped
    number = ask(library)

    async def script(watching: Watching) -> None:
        await look(watching)
        assert "number 2 in the queue" in shown(api)[0]
        assert api.sent("sendChatAction", CHAT)[0]["action"] == "typing"
        change(library, number, status="answering", answer="Ряд — это")
        await look(watching)
        assert "Ряд — это" in shown(api)[0]
        assert "Writing" in shown(api)[0]
        finish(library, number)
        await look(watching)

    follow(script)
    assert len(shown(api)) == 1
    assert "Читайте [1, p. 2]." in shown(api)[0]
    assert len(api.sent("sendMessage", CHAT)) == 1
    assert watch(library, number) is None
    with library.app_context():
        question = db.session.get_one(Question, number)
        assert question.seen_at is not None
        assert question.answered_at is not None
        assert question.seen_at >= question.answered_at  # so nobody is told of it besides
    assert not api.sent("sendMessage", 901)


def test_the_next_process_goes_on_with_the_same_message(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    calls = len(api.calls)
    follow(look)  # nothing is new: nothing is edited
    assert {name for name, _ in api.calls[calls:]} <= {"getMe", "sendChatAction"}
    finish(library, number)
    follow(look)
    assert len(api.sent("sendMessage", CHAT)) == 1
    assert "Читайте" in shown(api)[0]


def test_telegram_is_waited_for(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    finish(library, number)
    api.refuse(CHAT, 429, "Too Many Requests: retry after 1", retry_after=1)
    begun = time.monotonic()
    follow(look)
    assert time.monotonic() - begun >= 1
    assert "Читайте" in shown(api)[0]
    assert watch(library, number) is None


def test_a_refusal_for_long_leaves_the_answer_for_later(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    finish(library, number)
    api.refuse(CHAT, 429, "Too Many Requests: retry after 600", retry_after=600)
    follow(look)
    assert watch(library, number) is not None
    follow(look)
    assert "Читайте" in shown(api)[0]


def test_who_has_moved_on_gets_the_answer_below(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    (grown,) = api.chats.shown(CHAT)
    with library.app_context():
        open_chat(CHAT).dialogue = {}
        replace_screen(CHAT, grown["message_id"] + 1)
        db.session.commit()
    finish(library, number)
    follow(look)
    (answer,) = api.chats.shown(CHAT)
    assert answer["message_id"] != grown["message_id"]
    with library.app_context():  # the other screen stays what it is
        assert db.session.get_one(TelegramChat, CHAT).screen_id == grown["message_id"] + 1


def test_the_screen_that_was_asked_on_goes(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    async def script(watching: Watching) -> None:
        screen = await watching.sender.bot.send_message(CHAT, "Assistant")
        with library.app_context():
            open_chat(CHAT)
            replace_screen(CHAT, screen.message_id)
            db.session.commit()
        ask(library)
        await look(watching)

    follow(script)
    assert ["Your question is next" in text for text in shown(api)] == [True]


@pytest.mark.parametrize("successor", ["", "alice"])
def test_a_chat_that_acts_for_its_person_no_more_is_shown_no_more(
    library: Flask, api: BotApi, follow: Callable[[Script], None], successor: str
) -> None:
    chat = 903
    link_chat(library, "charlie", chat)
    number = ask(library, chat=chat)
    follow(look)
    assert len(shown(api, chat)) == 1
    with library.app_context():
        unlink_chat(chat)  # as blocking or a new password does
        db.session.commit()
    if successor:
        link_chat(library, successor, chat)
    finish(library, number, "Тайна Чарли.")
    follow(look)
    assert not any("Тайна" in text for text in shown(api, chat))
    assert watch(library, number) is None


def test_a_message_that_was_deleted_is_sent_again(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    api.chats.kept.clear()
    finish(library, number)
    follow(look)
    assert "Читайте" in shown(api)[0]
    assert [name for name, _ in api.refused] == ["editMessageText"]
    api.refused.clear()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": "cancelled", "answer": "Начало"}, "You have stopped this answer."),
        ({"status": "failed", "error": "unavailable"}, "The search did not answer"),
    ],
)
def test_what_has_no_answer_ends_in_a_sentence(
    library: Flask,
    api: BotApi,
    follow: Callable[[Script], None],
    values: dict[str, Any],
    sentence: str,
) -> None:
    number = ask(library)
    follow(look)
    change(library, number, **values)
    follow(look)
    assert sentence in shown(api)[0]
    assert len(shown(api)) == 1
    assert watch(library, number) is None


def test_without_a_worker_it_says_so_and_waits_on(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    change(library, number, created_at=utcnow() - timedelta(minutes=5))
    follow(look)
    assert "does not work just now" in shown(api)[0]
    finish(library, number)
    follow(look)
    assert "Читайте" in shown(api)[0]


def test_who_blocks_the_bot_gets_the_answer_when_they_are_back(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    follow(look)
    api.refuse(CHAT, 403, "Forbidden: bot was blocked by the user")
    finish(library, number)
    follow(look)
    calls = len(api.calls)
    follow(look)
    assert {name for name, _ in api.calls[calls:]} <= {"getMe"}
    with library.app_context():
        open_chat(CHAT)
        db.session.commit()
    follow(look)
    assert "Читайте" in shown(api)[0]


def test_a_long_answer_grows_at_its_end(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    number = ask(library)
    long = " ".join(f"слово{at}" for at in range(900))
    change(library, number, status="answering", answer=long)
    follow(look)
    assert "слово899" in shown(api)[0]
    finish(library, number, long + " [1, p. 2]")
    follow(look)
    assert "слово0 " in shown(api)[0]
    assert len(shown(api)) == 1


def test_the_more_grow_the_fewer_edits_each_gets(
    library: Flask, api: BotApi, follow: Callable[[Script], None]
) -> None:
    async def script(watching: Watching) -> None:
        begun = time.monotonic()
        for chat in range(EDITS + 3):
            await watching.pace.wait(chat)
        assert time.monotonic() - begun >= 0.9

    follow(script)
