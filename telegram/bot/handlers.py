"""From an update to an answer: composed in a thread, sent within the limits of Telegram."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import telegram.ext as tg
from flask import Flask
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
    User,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Conflict, Forbidden, NetworkError, RetryAfter
from telegram.ext import filters

from bot import replies
from bot.replies import Reply

log = logging.getLogger(__name__)
Application: TypeAlias = "tg.Application[Any, Any, Any, Any, Any, Any]"
Context: TypeAlias = "tg.CallbackContext[Any, Any, Any, Any]"

MAX_SEARCHES = 5000
PAGE_DATA = re.compile(r"page:([1-9]\d{0,2}):([\w-]{1,20})")
TRIES = 3
MAX_WAIT_S = 60.0
# Answers of Telegram that mean that nothing is left to do: a button pressed twice, or long ago.
HARMLESS = ("message is not modified", "query is too old")


class Searches:
    """What was searched for behind the page buttons; only the latest are remembered.

    The words do not fit into a button's 64 bytes, so a token stands for them. It is good in its
    chat only: whoever forges one reads no other person's search.
    """

    def __init__(self, size: int = MAX_SEARCHES) -> None:
        self.size = size
        self._kept: OrderedDict[tuple[int, str], str] = OrderedDict()

    def remember(self, chat_id: int, text: str) -> str:
        """A token for the words; 8 characters."""
        token = secrets.token_urlsafe(6)
        self._kept[chat_id, token] = text
        if len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return token

    def recall(self, chat_id: int, token: str) -> str | None:
        """The words, or None: forgotten, from before a restart, or never seen in this chat."""
        if (chat_id, token) in self._kept:
            self._kept.move_to_end((chat_id, token))
        return self._kept.get((chat_id, token))


class Handlers:
    """What the bot does with each kind of update."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.searches = Searches()

    def add_to(self, application: Application) -> None:
        """Register the handlers; the first that fits an update gets it."""
        private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
        application.add_handlers(
            [
                tg.CommandHandler("start", self.greet, private),
                tg.MessageHandler(private & filters.TEXT & ~filters.COMMAND, self.search),
                tg.MessageHandler(private & ~filters.StatusUpdate.ALL, self.explain),
                tg.CallbackQueryHandler(self.turn_page),
            ]
        )
        application.add_error_handler(note_error)

    async def greet(self, update: Update, context: Context) -> None:
        """/start."""
        reply = await self._compose(update.effective_user, replies.greet)
        await send(update, context, reply)

    async def explain(self, update: Update, context: Context) -> None:
        """/help, unknown commands, and all that is no text."""
        reply = await self._compose(update.effective_user, replies.explain)
        await send(update, context, reply)

    async def search(self, update: Update, context: Context) -> None:
        """Any text is a search."""
        message = update.effective_message
        if message is None or message.text is None:
            return
        token = self.searches.remember(message.chat_id, message.text)
        make = partial(replies.search, message.text, 1, token)
        reply = await self._compose(update.effective_user, make)
        await send(update, context, reply)

    async def turn_page(self, update: Update, context: Context) -> None:
        """A page button: the message becomes the other page. Its data is not to be trusted."""
        query = update.callback_query
        if query is None:
            return
        pressed = PAGE_DATA.fullmatch(query.data or "")
        message = query.message
        text = None
        if pressed and isinstance(message, Message):
            text = self.searches.recall(message.chat.id, pressed[2])
        if pressed is None or text is None:
            reply = await self._compose(query.from_user, replies.forgotten)
            await deliver(context, lambda: query.answer(reply.text, show_alert=True))
            return
        page, token = int(pressed[1]), pressed[2]
        make = partial(replies.search, text, page, token)
        reply = await self._compose(query.from_user, make)
        await deliver(context, lambda: query.edit_message_text(reply.text, **_options(reply)))
        await deliver(context, query.answer)

    async def _compose(self, user: User | None, make: Callable[[], Reply]) -> Reply:
        language = user.language_code if user else None
        return await asyncio.to_thread(replies.compose, self.app, language, make)


def _options(reply: Reply) -> dict[str, Any]:
    rows = [[InlineKeyboardButton(b.text, callback_data=b.data) for b in r] for r in reply.buttons]
    preview = LinkPreviewOptions(
        is_disabled=not reply.media, url=reply.media or None, prefer_small_media=bool(reply.media)
    )
    return {
        "parse_mode": ParseMode.HTML,
        "reply_markup": InlineKeyboardMarkup(rows) if rows else None,
        "link_preview_options": preview,
    }


async def send(update: Update, context: Context, reply: Reply) -> None:
    """Answer the message of `update`."""
    message = update.effective_message
    if message is not None:
        await deliver(context, lambda: message.reply_text(reply.text, **_options(reply)))


async def deliver(context: Context, call: Callable[[], Awaitable[object]]) -> None:
    """Call Telegram; wait when it says so, and leave people alone who have blocked the bot."""
    for _attempt in range(TRIES):
        try:
            await call()
        except RetryAfter as error:
            if not await _wait(context.application, error):
                break
        except Forbidden as error:
            log.info("not delivered, the chat is closed to the bot: %s", error.message)
            return
        except BadRequest as error:
            if not error.message.lower().startswith(HARMLESS):
                raise
            return
        else:
            return
    log.warning("not delivered: Telegram asks to wait for longer than an answer is worth")


async def _wait(application: Application, error: RetryAfter) -> bool:
    """Sleep as long as Telegram demands; False when that is too long or the bot is to stop."""
    wait = error.retry_after
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    if seconds > MAX_WAIT_S:
        return False
    end = asyncio.get_running_loop().time() + seconds
    while application.running and (left := end - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(left, 0.5))
    return application.running


async def note_error(update: object, context: Context) -> None:
    """Write down what no handler has dealt with: a line for the network, a traceback for us."""
    error = context.error
    if isinstance(error, Conflict):
        log.error("another process polls with this token: stop one of the two")
    elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        log.warning("Telegram does not answer: %s", error.message)
    else:
        log.error("an update was not answered", exc_info=error)
