"""From an update to an answer: composed in a thread, then shown."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import telegram.ext as tg
from flask import Flask
from flask_babel import force_locale
from flask_babel import gettext as _
from telegram import (
    ChatMember,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    Update,
    User,
)
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, Conflict, NetworkError
from telegram.ext import filters

from bot import inline, replies, routes
from bot.delivery import Delivery, Pace
from bot.flood import Flood
from bot.inbox import is_again
from bot.pictures import bot_id
from bot.receiving import Receiver, read_given
from bot.replies import Make, Reply, Writer
from bot.screens import giving
from bot.sending import Sender, in_app
from bot.texts import cut, fits_button
from bot.turns import Turns
from edu.extensions import settings
from edu.telegram_chats.service import block_chat, open_chat

log = logging.getLogger(__name__)
Application: TypeAlias = "tg.Application[Any, Any, Any, Any, Any, Any]"
Context: TypeAlias = "tg.CallbackContext[Any, Any, Any, Any]"

# What somebody may want to give, whether or not the library takes it.
SOUNDS = filters.AUDIO | filters.VOICE | filters.VIDEO_NOTE
FILES = filters.Document.ALL | filters.VIDEO | filters.PHOTO | SOUNDS
MAX_ALERT = 200
INLINE_CACHE_S = 30
MOST_CONFLICTS = 3  # Telegram refuses a poll or two after a restart as well


class Handlers:
    """What the bot does with each kind of update."""

    def __init__(self, app: Flask, application: Application) -> None:
        self.app, self.application = app, application
        self.delivery = Delivery(lambda: application.running, self._block, make_pace(app))
        self.sender = Sender(app, application.bot, self.delivery)
        self.flood, self.turns = Flood(), Turns(lambda: application.running)
        self.receiver = Receiver(self.sender, self.turns, self._compose)
        self.conflicts = 0

    def register(self) -> None:
        """Add the handlers; the first that fits an update gets it."""
        private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
        # A result of its own that somebody has chosen in this chat is no answer to anything.
        with self.app.app_context():
            private &= ~filters.ViaBot(bot_id())
        self.application.add_handlers(
            [
                tg.MessageHandler(private & filters.COMMAND, self.command),
                tg.MessageHandler(private & filters.TEXT, self.text),
                tg.MessageHandler(private & FILES, self.file),
                tg.MessageHandler(private & ~filters.StatusUpdate.ALL, self.other),
                tg.CallbackQueryHandler(self.press),
                tg.InlineQueryHandler(self.inline),
                tg.ChatMemberHandler(self.member, tg.ChatMemberHandler.MY_CHAT_MEMBER),
            ]
        )
        self.application.add_error_handler(self.note_error)

    # Messages

    async def command(self, update: Update, context: Context) -> None:
        """`/name arguments`."""
        message = update.effective_message
        if message is not None:
            await self._answer(message, partial(routes.command, message.text or ""))

    async def text(self, update: Update, context: Context) -> None:
        """Words of the menu, an answer, or a search."""
        message = update.effective_message
        if message is not None:
            await self._answer(message, partial(routes.text, message.text or ""))

    async def file(self, update: Update, context: Context) -> None:
        """A file that somebody gives."""
        message = update.effective_message
        if message is not None:
            given = await self.receiver.measure(read_given(message))
            make = partial(giving.receive, given) if given else giving.refuse_other
            await self._answer(message, make)

    async def other(self, update: Update, context: Context) -> None:
        """All that is no text."""
        if update.effective_message is not None:
            await self._answer(update.effective_message, routes.other)

    async def _answer(self, message: Message, make: Make) -> None:
        writer = _writer(message.chat_id, message.from_user)
        if self._is_too_much(writer.chat_id):
            if self.flood.should_tell(writer.chat_id):
                await self.sender.show(writer.chat_id, await self._too_fast(writer))
            return
        async with self.turns.of(writer.chat_id):
            reply = await self._compose(writer, make)
            shown = await self.sender.show(writer.chat_id, reply)
            wanted = await self.receiver.begin(writer.chat_id, reply, shown)
        if wanted:
            await self.receiver.fetch(writer, wanted)

    # Buttons

    async def press(self, update: Update, context: Context) -> None:
        """A button: the message becomes the next screen. Its data is not to be trusted."""
        query = update.callback_query
        if query is None or (query.message and query.message.chat.type != ChatType.PRIVATE):
            return  # no message of a group has buttons of ours
        chat_id = query.message.chat.id if query.message else query.from_user.id
        pressed = query.message.message_id if query.message else 0
        writer = replace(_writer(chat_id, query.from_user), message_id=pressed)
        answer = query.answer
        if self._is_too_much(chat_id):
            if self.flood.should_tell(chat_id):
                told = _alert(await self._too_fast(writer))
                await self.delivery.call(chat_id, lambda: answer(told, show_alert=True))
            return
        async with self.turns.of(chat_id):
            reply = await self._compose(writer, partial(routes.press, query.data or ""))
            # First, so that the button stops to turn while the screen is on its way.
            said = _alert(reply) if reply.alert else ""
            popup = reply.failed
            await self.delivery.call(
                chat_id, lambda: answer(said or None, show_alert=popup or None)
            )
            shown = None
            if not reply.failed:
                shown = await self._show_pressed(chat_id, reply, query.message)
            wanted = await self.receiver.begin(chat_id, reply, shown)
        if wanted:
            await self.receiver.fetch(writer, wanted)

    async def _show_pressed(
        self, chat_id: int, reply: Reply, message: MaybeInaccessibleMessage | None
    ) -> Message | None:
        pressed = message if isinstance(message, Message) else None
        return await self.sender.show(chat_id, reply, pressed)

    async def _compose(self, writer: Writer, make: Make) -> Reply:
        return await asyncio.to_thread(replies.compose, self.app, writer, make)

    def _is_too_much(self, chat_id: int) -> bool:
        # What a process before this one has let in has been counted.
        return not is_again() and (self.turns.is_full(chat_id) or self.flood.refuses(chat_id))

    async def _too_fast(self, writer: Writer) -> Reply:
        return await asyncio.to_thread(self._refuse_haste, writer)

    def _refuse_haste(self, writer: Writer) -> Reply:
        with self.app.app_context():
            locale = replies.choose_language(writer.language_code)
            with force_locale(locale):
                return replies.refuse(str(_("That was too fast. Please wait a few seconds.")))

    # Elsewhere

    async def inline(self, update: Update, context: Context) -> None:
        """`@bot words` in any chat."""
        query = update.inline_query
        if query is None or self._is_too_much(query.from_user.id):
            return
        user, asked = query.from_user, query
        found = await asyncio.to_thread(
            inline.answer, self.app, user.language_code, query.query, query.offset
        )
        await self.delivery.call(user.id, lambda: _answer_inline(asked, found))

    async def member(self, update: Update, context: Context) -> None:
        """Somebody has blocked the bot, or lets it in again."""
        change = update.my_chat_member
        if change is None or change.chat.type != "private":
            return
        if change.new_chat_member.status == ChatMember.BANNED:
            await self._block(change.chat.id)
        else:
            await asyncio.to_thread(in_app, self.app, _open, change.chat.id)

    async def _block(self, chat_id: int) -> None:
        await asyncio.to_thread(in_app, self.app, block_chat, chat_id)

    async def note_error(self, update: object, context: Context) -> None:
        """Write down what no handler has dealt with, and say so where somebody waits."""
        error = context.error
        if isinstance(error, Conflict):
            self._note_conflict()
        elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
            log.warning("Telegram does not answer: %s", error.message)
        else:
            number = secrets.token_hex(4)
            log.error("update failed as %s", number, exc_info=error)

    def _note_conflict(self) -> None:
        self.conflicts += 1
        log.error("another process polls with this token: stop one of the two")
        if self.conflicts >= MOST_CONFLICTS:
            log.error("this one ends")
            self.application.bot_data["conflict"] = True
            self.application.stop_running()


def make_pace(app: Flask) -> Pace:
    """As fast as the settings allow."""
    with app.app_context():
        return Pace(settings().telegram_rate)


def _open(chat_id: int) -> None:
    open_chat(chat_id)


def _writer(chat_id: int, user: User | None) -> Writer:
    if user is None:
        return Writer(chat_id)
    return Writer(chat_id, user.language_code, user.full_name)


def _alert(reply: Reply) -> str:
    return cut(reply.alert, MAX_ALERT)[0]


async def _answer_inline(query: InlineQuery, found: inline.Results) -> bool:
    articles = [
        InlineQueryResultArticle(
            each.id,
            each.title,
            InputTextMessageContent(
                each.text,
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            ),
            description=each.description,
            url=each.address if fits_button(each.address) else None,
        )
        for each in found.items
    ]
    return await query.answer(
        articles, cache_time=INLINE_CACHE_S, is_personal=False, next_offset=found.next_offset
    )
