"""What the bot answers with: plain data, composed in a thread with an app context of its own.

Texts are Telegram's HTML. Nothing here knows Telegram's library.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from flask import Flask
from flask_babel import force_locale
from flask_babel import gettext as _

from bot import inbox
from bot.callbacks import pack
from bot.people import Person, find_person
from bot.state import State
from bot.texts import escape
from edu.accounts.models import User
from edu.errors import EduError
from edu.extensions import db
from edu.site.preferences import LANGUAGES
from edu.site.settings import site_settings
from edu.telegram_chats.models import TelegramChat
from edu.telegram_chats.service import open_chat

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message: it comes back as `go` (`screen:action:args`), or opens `url`.

    `data` is `go` with its signature: what Telegram is sent.
    """

    text: str
    go: str = ""
    url: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture; `file_id` where Telegram has it, else its bytes (JPEG). `key` names it for us."""

    key: str
    file_id: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Document:
    """A file to be sent: `file_id` where Telegram has it, else what lies under `stored`."""

    key: str
    stored: str
    name: str
    file_id: str = ""


Rows: TypeAlias = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A screen: HTML, rows of buttons, a picture.

    `alert` pops up where a button was pressed; without a text the message stays, and gets
    `buttons` if there are any. `keyboard` are rows of words under the field for text. What `stays`
    is left in the chat when another screen comes. `then` is sent after it. The message `replaces`
    goes when this one is there; `fetch` is an upload whose bytes Telegram still has.
    """

    text: str = ""
    buttons: Rows = ()
    picture: Picture | None = None
    document: Document | None = None
    keyboard: tuple[tuple[str, ...], ...] = ()
    alert: str = ""
    stays: bool = False
    failed: bool = False
    follow: bool = False
    then: Reply | None = None
    replaces: int = 0
    fetch: str = ""


Make: TypeAlias = Callable[[Person, State], Reply]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who has written, as Telegram says: the private chat, the client's language, a name.

    `message_id` is the message whose button was pressed.
    """

    chat_id: int
    language_code: str | None = None
    name: str = ""
    message_id: int = 0


def compose(app: Flask, writer: Writer, make: Make) -> Reply:
    """Call `make` in an app context, in the person's language, and commit.

    What goes wrong is a sentence, and nothing of it is kept.
    """
    with app.app_context(), force_locale(choose_language(writer.language_code)):
        try:
            return _compose(writer, make)
        except EduError as error:
            db.session.rollback()
            return refuse(str(error.message))
        except Exception:  # people get a sentence and the number of the log line
            db.session.rollback()
            number = secrets.token_hex(4)
            log.exception("reply %s failed", number)
            return refuse(_sorry(number))


def _compose(writer: Writer, make: Make) -> Reply:
    chat_id = writer.chat_id
    state = State(open_chat(chat_id), writer.name, writer.message_id)
    person = find_person(chat_id, choose_language(writer.language_code))
    person = replace(person, locale=spoken_language(state.chat, person.user, person.locale))
    with force_locale(person.locale):
        try:
            reply = inbox.once(lambda: signed(chat_id, make(person, state)))
        except EduError as error:  # in the person's own language
            db.session.rollback()
            return refuse(str(error.message))
        db.session.commit()
    for call in state.afterwards:
        call()
    return reply


def refuse(sentence: str) -> Reply:
    """A plain sentence: a message of its own, or what pops up over a pressed button."""
    return Reply(escape(sentence), alert=sentence, failed=True, stays=True)


def choose_language(language_code: str | None) -> str:
    """Russian for people whose Telegram is Russian (`ru`, `ru-RU`), else the site's language."""
    russian = (language_code or "").lower().split("-")[0] == "ru"
    return "ru" if russian and "ru" in LANGUAGES else site_settings().default_locale


def spoken_language(chat: TelegramChat | None, user: User | None, otherwise: str) -> str:
    """What was chosen in the chat, else what the person has on the site."""
    for locale in (chat.locale if chat else "", user.locale if user else ""):
        if locale in LANGUAGES:
            return locale
    return otherwise


def _sorry(number: str) -> str:
    return str(
        _(
            "This did not work. The error has been written to the log as %(number)s. "
            "Please try again in a minute.",
            number=number,
        )
    )


def signed(chat_id: int, reply: Reply) -> Reply:
    """The reply with the data of its buttons, which are good in this chat only."""
    rows = tuple(
        tuple(replace(b, data=pack(chat_id, b.go)) if b.go else b for b in row)
        for row in reply.buttons
        if row
    )
    then = signed(chat_id, reply.then) if reply.then else None
    return replace(reply, buttons=rows, then=then)
