"""Replies as messages: a screen takes the place of the one before it wherever that can be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from flask import Flask
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest

from bot.delivery import Delivery
from bot.files import Files
from bot.replies import Picture, Reply
from bot.texts import cut_html, split_html
from edu.extensions import db
from edu.telegram_chats.service import replace_screen

T = TypeVar("T")
MAX_TEXT, MAX_CAPTION = 4096, 1024
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def in_app(app: Flask, call: Callable[..., T], *args: Any) -> T:
    """Call a service in an app context of its own, and commit."""
    with app.app_context():
        result = call(*args)
        db.session.commit()
        return result


def markup(reply: Reply) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """The buttons of a reply, or else its words below the field for text."""
    if reply.keyboard and not reply.buttons:
        return ReplyKeyboardMarkup(reply.keyboard, resize_keyboard=True, is_persistent=True)
    return inline(reply)


def inline(reply: Reply) -> InlineKeyboardMarkup | None:
    """The buttons below a message."""
    rows = [
        [
            InlineKeyboardButton(b.text, url=b.url)
            if b.url
            else InlineKeyboardButton(b.text, callback_data=b.data)
            for b in row
        ]
        for row in reply.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None


class Sender:
    """Shows replies in chats."""

    def __init__(self, app: Flask, bot: Bot, delivery: Delivery) -> None:
        self.app, self.bot, self.delivery = app, bot, delivery
        self.files = Files(app, bot, delivery)
        self.followed = asyncio.Event()  # there is an answer that grows

    async def show(
        self, chat_id: int, reply: Reply, pressed: Message | None = None
    ) -> Message | None:
        """Show a reply: in the message whose button was pressed, or in a new one.

        The message that shows it, None when it was not delivered or is a file.
        """
        if reply.follow:
            self.followed.set()
        shown: Message | None = None
        if reply.document is not None:
            await self.files.send_document(chat_id, reply, inline(reply))
        elif pressed is not None and (reply.text or reply.buttons):
            shown = await self._replace(chat_id, reply, pressed)
        elif reply.text:
            shown = await self._post(chat_id, reply)
        if reply.replaces:
            await self.remove(chat_id, reply.replaces)
        if reply.then is not None:
            await self.show(chat_id, reply.then)
        return shown

    async def _replace(self, chat_id: int, reply: Reply, old: Message) -> Message | None:
        """Edit the message; one with a picture cannot become one without, so it is replaced."""
        if not reply.text:
            edit = old.edit_reply_markup
            await self.delivery.call(chat_id, lambda: edit(reply_markup=inline(reply)))
        elif old.photo and reply.picture is None:
            return await self._swap(chat_id, reply, old)
        else:
            try:
                await self._edit(chat_id, reply, old)
            except BadRequest:  # too old to be edited, or deleted, or of another kind
                return await self._swap(chat_id, reply, old)
        return old

    async def _swap(self, chat_id: int, reply: Reply, old: Message) -> Message | None:
        await self.remove(chat_id, old.message_id)
        return await self._post(chat_id, reply, gone=old.message_id)

    async def _edit(self, chat_id: int, reply: Reply, old: Message) -> None:
        if reply.picture is not None:
            await self._edit_picture(chat_id, reply, reply.picture, old)
            return
        first, *rest = split_html(reply.text, MAX_TEXT)
        options: dict[str, Any] = {
            "parse_mode": ParseMode.HTML,
            "reply_markup": None if rest else inline(reply),
            "link_preview_options": NO_PREVIEW,
        }
        await self.delivery.call(chat_id, lambda: old.edit_text(first, **options))
        if rest:
            await self._send_parts(chat_id, rest, reply)

    async def _edit_picture(
        self, chat_id: int, reply: Reply, picture: Picture, old: Message
    ) -> None:
        async def edit(content: str | bytes) -> Message | bool:
            media = InputMediaPhoto(
                content, cut_html(reply.text, MAX_CAPTION), parse_mode=ParseMode.HTML
            )
            return await old.edit_media(media, reply_markup=inline(reply))

        await self.files.with_picture(chat_id, picture, edit, new=False)

    async def post(self, chat_id: int, reply: Reply) -> int | None:
        """Send a new message beside the present screen; its id, None when it was not delivered."""
        sent = await self._send_parts(chat_id, split_html(reply.text, MAX_TEXT), reply)
        return sent.message_id if sent is not None else None

    async def redraw(self, chat_id: int, message_id: int, reply: Reply) -> bool:
        """Change a message; False when that was not delivered. Raises BadRequest."""

        async def edit() -> bool:
            try:
                await self.bot.edit_message_text(
                    cut_html(reply.text, MAX_TEXT),
                    chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=inline(reply),
                    link_preview_options=NO_PREVIEW,
                )
            except BadRequest as error:
                if not error.message.lower().startswith("message is not modified"):
                    raise
            return True

        return bool(await self.delivery.call(chat_id, edit))

    async def drop_screen(self, chat_id: int) -> None:
        """Delete the present screen: what comes now stays in the chat."""
        earlier = await asyncio.to_thread(in_app, self.app, replace_screen, chat_id, None)
        if earlier is not None:
            await self.remove(chat_id, earlier)

    async def _post(self, chat_id: int, reply: Reply, gone: int | None = None) -> Message | None:
        """Send a new message; the screen before it goes, unless it was to stay."""
        if reply.picture is not None:
            sent = await self._send_picture(chat_id, reply, reply.picture)
        else:
            sent = await self._send_parts(chat_id, split_html(reply.text, MAX_TEXT), reply)
        if sent is None:
            return None
        present = None if reply.stays else sent.message_id
        earlier = await asyncio.to_thread(in_app, self.app, replace_screen, chat_id, present)
        if earlier not in (None, gone, sent.message_id):
            await self.remove(chat_id, earlier or 0)
        return sent

    async def _send_parts(self, chat_id: int, parts: list[str], reply: Reply) -> Message | None:
        """Send the text in as many messages as it needs, the buttons below the last."""
        sent: Message | None = None
        for place, part in enumerate(parts, 1):
            options: dict[str, Any] = {
                "parse_mode": ParseMode.HTML,
                "reply_markup": markup(reply) if place == len(parts) else None,
                "link_preview_options": NO_PREVIEW,
            }

            async def send(part: str = part, options: dict[str, Any] = options) -> Message:
                return await self.bot.send_message(chat_id, part, **options)

            sent = await self.delivery.call(chat_id, send, new=True)
        return sent

    async def _send_picture(self, chat_id: int, reply: Reply, picture: Picture) -> Message | None:
        async def send(content: str | bytes) -> Message:
            return await self.bot.send_photo(
                chat_id,
                content,
                caption=cut_html(reply.text, MAX_CAPTION),
                parse_mode=ParseMode.HTML,
                reply_markup=inline(reply),
            )

        sent = await self.files.with_picture(chat_id, picture, send, new=True)
        return sent if isinstance(sent, Message) else None

    async def remove(self, chat_id: int, message_id: int) -> None:
        """Delete a message, if that can still be done."""
        with suppress(BadRequest):  # older than two days: it stays, and its buttons answer
            delete = self.bot.delete_message
            await self.delivery.call(chat_id, lambda: delete(chat_id, message_id))

    async def typing(self, chat_id: int) -> None:
        """Say that an answer is being made."""
        action = self.bot.send_chat_action
        await self.delivery.call(chat_id, lambda: action(chat_id, ChatAction.TYPING))
