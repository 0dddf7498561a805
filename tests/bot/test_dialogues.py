"""Every dialogue goes on after the bot was killed in the middle of it.

A dialogue begins in this process, which writes what a bot's process would; the text that it waits
for is sent to one that was started after another was killed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from edu.accounts.models import Role
from edu.accounts.service import create_user
from edu.config import ROOT
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.telegram_chats.models import TelegramChat
from tests.bot import library as samples
from tests.bot.bot_api import BotApi, Markup, run_bot_api
from tests.bot.conftest import Chat, link_chats
from tests.bot.process import run_bot
from tests.bot.test_giving import give
from tests.samples import write_small_pdf

FIRST = 7000  # of the chats


def find_dialogues() -> set[str]:
    """What the bot's code waits for: the first argument of every `state.ask(…)`."""
    found = set()
    for path in sorted((ROOT / "telegram" / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "ask" and ast.unparse(node.func.value) == "state":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}: a name that cannot be read"
                found.add(str(name.value))
    return found


def begin_collection(chat: Chat, folder: Path) -> None:
    chat.press(chat.say("/collections"), "New collection")


def begin_keeping(chat: Chat, folder: Path) -> None:
    card = chat.press(chat.say("формула Грина"), "1")
    chat.press(chat.press(card, "To a collection"), "New collection")


def begin_report(chat: Chat, folder: Path) -> None:
    card = chat.press(chat.say("формула Грина"), "1")
    chat.press(chat.press(card, "Report"), "Mistakes")


def begin_asking(chat: Chat, folder: Path) -> None:
    chat.say("/assistant")


def begin_title(chat: Chat, folder: Path) -> None:
    content = write_small_pdf(folder / "given.pdf", "Given before a kill").read_bytes()
    chat.press(give(chat, content), "Title")


def begin_rejection(chat: Chat, folder: Path) -> None:
    chat.press(chat.press(chat.say("/review"), "1"), "Reject")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How it begins, the text that it waits for, words of the answer."""

    begin: Callable[[Chat, Path], None]
    text: str
    answer: str
    person: str = "charlie"


DIALOGUES = {
    "collections:create": Dialogue(begin_collection, "Ряды к зачёту", "My collections"),
    "keeping:create": Dialogue(begin_keeping, "К экзамену", "It is in “К экзамену” now."),
    "reports:send": Dialogue(begin_report, "Опечатка на первой странице", "Thank you."),
    "assistant:ask": Dialogue(begin_asking, "Что почитать о рядах?", "Что почитать о рядах?"),
    "giving:title": Dialogue(begin_title, "Ряды Фурье", "Ряды Фурье"),
    "review:because": Dialogue(begin_rejection, "Нет половины страниц", "Rejected", "maria"),
}


@dataclass(frozen=True, slots=True)
class Restarted:
    """The bot after a kill, with a chat in the middle of each dialogue."""

    api: BotApi
    app: Flask
    chats: dict[str, int]


@pytest.fixture(scope="module")
def restarted(
    library: Flask, library_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restarted]:
    """One kill for all of them."""
    folder = tmp_path_factory.mktemp("dialogues")
    with library.app_context():
        maria = create_user("maria@example.org", samples.PASSWORD, "Maria")
        maria.confirmed_at, maria.role = utcnow(), Role.MODERATOR.value
        waiting = {"status": MaterialStatus.PENDING.value, "published_at": None}
        samples.add("Ждёт проверки", ["Страница."], **waiting)
        db.session.commit()
    chats = {name: FIRST + number for number, name in enumerate(DIALOGUES)}
    for person in ("charlie", "maria"):
        link_chats(library, person, [chats[n] for n, d in DIALOGUES.items() if d.person == person])
    with run_bot_api() as api:
        with run_bot(library_env, api, folder / "bot.log") as process:
            api.wait_for("deleteWebhook")
            for name, dialogue in DIALOGUES.items():
                dialogue.begin(Chat(library, chats[name]), folder)
            process.kill()
            process.wait()
        with run_bot(library_env, api, folder / "bot.log"):
            yield Restarted(api, library, chats)
    assert "Traceback" not in (folder / "bot.log").read_text("utf-8")


def awaited(app: Flask, chat_id: int) -> object:
    with app.app_context():
        return db.session.get_one(TelegramChat, chat_id).dialogue.get("awaits")


def test_every_dialogue_of_the_code_is_tried_here() -> None:
    assert find_dialogues() == set(DIALOGUES)


@pytest.mark.processes
@pytest.mark.xdist_group(name="bot")
@pytest.mark.parametrize("name", sorted(DIALOGUES))
def test_a_dialogue_goes_on_after_a_kill(restarted: Restarted, name: str) -> None:
    chat, dialogue = restarted.chats[name], DIALOGUES[name]
    assert awaited(restarted.app, chat) == name
    restarted.api.say(dialogue.text, chat=chat)
    sent = restarted.api.wait_for("sendMessage", chat)
    assert dialogue.answer in Markup(sent["text"]).plain
    assert restarted.api.refused == []
