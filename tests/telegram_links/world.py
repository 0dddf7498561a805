"""A site with a bot, and what a chat and a browser do on the way to a link."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from bot import session
from bot.people import find_person
from bot.replies import Reply
from edu.accounts.models import User
from edu.extensions import db
from edu.telegram_links import service

BOT = {"TELEGRAM_BOT_TOKEN": "1:secret", "TELEGRAM_BOT_NAME": "konspekt_bot"}
CHAT, OTHER_CHAT = 2**40 + 7, 42
NAME = "Alice (@alice)"


def ask(app: Flask, chat_id: int = CHAT, name: str = NAME) -> str:
    """The chat asks to be linked: path and query of the consent page."""
    with app.app_context():
        address = service.begin_linking(chat_id, name)
        db.session.commit()
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def consent(client: FlaskClient, path: str, answer: str = "allow") -> str:
    """What the bot is told after the person's answer."""
    response = client.post(path, data={"answer": answer})
    assert response.status_code == 303
    found = re.fullmatch(
        r"https://t\.me/konspekt_bot\?start=([\w-]+)", response.headers["Location"]
    )
    assert found
    return found[1]


def tell(app: Flask, code: str, chat_id: int = CHAT) -> Reply:
    """The chat sends /start CODE."""
    with app.app_context():
        reply = session.accept_code(find_person(chat_id, "en"), code)
        db.session.commit()
    return reply


def who(app: Flask, chat_id: int = CHAT) -> str:
    """The name of the person whom the chat acts for, "" for nobody."""
    with app.app_context():
        person = find_person(chat_id, "en")
        return person.user.name if person.user else ""


def link(app: Flask, client: FlaskClient, chat_id: int = CHAT) -> str:
    """All of it, for who is signed in there; the code."""
    code = consent(client, ask(app, chat_id))
    assert not tell(app, code, chat_id).failed
    return code


def change(app: Flask, model: Any, **values: Any) -> None:
    """Change the only row of a table."""
    with app.app_context():
        row = db.session.query(model).one()
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


def count(app: Flask, *models: Any) -> list[int]:
    """How many rows each table has."""
    with app.app_context():
        return [db.session.query(model).count() for model in models]


def find_user(app: Flask, name: str) -> User:
    """Within an app context."""
    return db.session.query(User).filter_by(email=f"{name}@example.org").one()
