"""Files on their way to Telegram: sent once, and named ever after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import IO

from flask import Flask
from flask_babel import gettext as _
from telegram import Bot, InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.delivery import Delivery
from bot.pictures import bot_id, read_picture
from bot.replies import Document, Picture, Reply
from bot.texts import escape
from edu.extensions import db, storage
from edu.storage.base import StorageUnavailable
from edu.telegram_chats.service import forget_file, keep_file

AT_ONCE = 3  # files
ACTION_EVERY_S = 4.0  # Telegram shows an action for five seconds
UPLOAD_S = 300.0
# Telegram's words for a name that it has forgotten, or never gave this bot.
FORGOTTEN = ("wrong file identifier", "wrong remote file", "wrong padding", "can't use file")


def is_forgotten(error: BadRequest) -> bool:
    """Whether Telegram does not know the file by this name."""
    return any(words in error.message.lower() for words in FORGOTTEN)


class Files:
    """Sends pictures and documents, and keeps Telegram's names for them."""

    def __init__(self, app: Flask, bot: Bot, delivery: Delivery) -> None:
        self.app, self.bot, self.delivery = app, bot, delivery
        self._places = asyncio.Semaphore(AT_ONCE)

    async def with_picture(
        self,
        chat_id: int,
        picture: Picture,
        send: Callable[[str | bytes], Awaitable[Message | bool]],
        *,
        new: bool,
    ) -> Message | bool | None:
        """Send it by Telegram's name, or else its bytes, whose name is kept then."""
        try:
            content = picture.file_id or picture.content
            sent = await self.delivery.call(chat_id, lambda: send(content), new=new)
        except BadRequest as error:
            if not (picture.file_id and is_forgotten(error)):
                raise
            content = await asyncio.to_thread(self._read_again, picture.key)
            sent = await self.delivery.call(chat_id, lambda: send(content), new=new)
        if isinstance(sent, Message) and sent.photo and isinstance(content, bytes):
            await self._keep(picture.key, sent.photo[-1].file_id)
        return sent

    def _read_again(self, key: str) -> bytes:
        with self.app.app_context():
            forget_file(bot_id(), key)
            db.session.commit()
            return read_picture(key)

    async def send_document(
        self, chat_id: int, reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> None:
        """Send the file of a reply, its text as caption."""
        document = reply.document
        if document is None:
            return
        if document.file_id:
            try:
                await self._send(chat_id, document.file_id, reply, markup)
            except BadRequest as error:
                if not is_forgotten(error):
                    raise
            else:
                return
        await self._upload(chat_id, document, reply, markup)

    async def _upload(
        self, chat_id: int, document: Document, reply: Reply, markup: InlineKeyboardMarkup | None
    ) -> None:
        async with self._places, self.action(chat_id):
            try:
                stream = await asyncio.to_thread(self._open, document.stored)
            except (OSError, StorageUnavailable):
                await self._say_missing(chat_id)
                return
            try:
                # Read while it is sent: nobody needs 50 MB in memory.
                file = InputFile(stream, document.name, read_file_handle=False)
                sent = await self._send(chat_id, file, reply, markup, stream)
            finally:
                stream.close()
        if sent is not None:
            media = sent.document or sent.video or sent.animation
            if media is not None:
                await self._keep(document.key, media.file_id)

    async def _send(
        self,
        chat_id: int,
        file: str | InputFile,
        reply: Reply,
        markup: InlineKeyboardMarkup | None,
        stream: IO[bytes] | None = None,
    ) -> Message | None:
        async def send() -> Message:
            if stream is not None:
                stream.seek(0)  # an attempt before this one may have read it
            return await self.bot.send_document(
                chat_id,
                file,
                caption=reply.text,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                disable_content_type_detection=True,
                write_timeout=UPLOAD_S,
                read_timeout=UPLOAD_S,
            )

        return await self.delivery.call(chat_id, send, new=True)

    def _open(self, key: str) -> IO[bytes]:
        with self.app.app_context():
            return storage().open(key)

    async def _keep(self, key: str, file_id: str) -> None:
        await asyncio.to_thread(self._keep_now, key, file_id)

    def _keep_now(self, key: str, file_id: str) -> None:
        with self.app.app_context():
            keep_file(bot_id(), key, file_id)
            db.session.commit()

    async def _say_missing(self, chat_id: int) -> None:
        with self.app.app_context():
            text = escape(_("The file is not in the storage any more. Tell the moderators."))
        send = self.bot.send_message
        await self.delivery.call(chat_id, lambda: send(chat_id, text), new=True)

    @asynccontextmanager
    async def action(self, chat_id: int) -> AsyncIterator[None]:
        """Show that a file is on its way, for as long as that lasts."""
        showing = asyncio.create_task(self._keep_showing(chat_id))
        await asyncio.sleep(0)
        try:
            yield
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing

    async def _keep_showing(self, chat_id: int) -> None:
        while True:
            with suppress(TelegramError):  # a nicety; the file itself says what is wrong
                await self.bot.send_chat_action(chat_id, ChatAction.UPLOAD_DOCUMENT)
            await asyncio.sleep(ACTION_EVERY_S)
