"""A library that the bot's tests search in, and a bot that is asked without Telegram."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import close_all_sessions

from bot import replies, routes
from bot.replies import Reply, Writer
from edu import create_app
from edu.config import load_settings
from edu.extensions import db
from tests.bot import library as samples
from tests.bot.bot_api import TOKEN
from tests.telegram_links.world import ask, consent, tell

SITE = "http://library.example.org"
CHARLIES_CHAT = 900


@pytest.fixture(scope="module")
def library_env(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a library with a few materials in it."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copyfile(sqlite_template, folder / "edu.db")
    bot = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_BOT_NAME": "konspekt_bot"}
    return {"EDU_DATA": str(folder), "SITE_URL": SITE, "DEFAULT_LOCALE": "en", **bot}


@pytest.fixture(scope="module")
def library(library_env: dict[str, str]) -> Iterator[Flask]:
    """The application over that library; Charlie's chat is linked to his account."""
    app = create_app(load_settings(library_env, queue_immediate=True))
    app.config["WTF_CSRF_ENABLED"] = False
    samples.fill(app)
    link_chat(app, "charlie", CHARLIES_CHAT)
    yield app
    close_all_sessions()
    with app.app_context():
        db.engine.dispose()


def link_chat(app: Flask, name: str, chat_id: int) -> None:
    """Link a chat to an account by way of the consent page."""
    link_chats(app, name, [chat_id])


def link_chats(app: Flask, name: str, chats: Iterable[int]) -> None:
    """Link several: a person may have as many as they like."""
    client = app.test_client()
    form = {"email": f"{name}@example.org", "password": samples.PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    for chat_id in chats:
        assert not tell(app, consent(client, ask(app, chat_id)), chat_id).failed


class Chat:
    """A chat with the bot, by way of compose()."""

    def __init__(self, app: Flask, chat_id: int = 1, language: str | None = "en") -> None:
        self.app, self.chat_id = app, chat_id
        self.writer = Writer(chat_id, language, "Alice")

    def say(self, text: str) -> Reply:
        """Write a text or a command."""
        way = routes.command if text.startswith("/") else routes.text
        return replies.compose(self.app, self.writer, partial(way, text))

    def press(self, reply: Reply, label: str) -> Reply:
        """Press the first button whose words hold these."""
        pressed = next(b for row in reply.buttons for b in row if label in b.text)
        return self.send(pressed.data)

    def send(self, data: str) -> Reply:
        """Press a button with this data."""
        return replies.compose(self.app, self.writer, partial(routes.press, data))


def labels(reply: Reply) -> list[str]:
    return [button.text for row in reply.buttons for button in row]


@pytest.fixture
def stranger(library: Flask) -> Chat:
    """A chat that is linked to nobody."""
    return Chat(library, 1)


@pytest.fixture
def charlie(library: Flask) -> Chat:
    """Charlie's chat."""
    return Chat(library, CHARLIES_CHAT)
