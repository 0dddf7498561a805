"""Answers of the assistant as they grow: one message for each, edited until the answer is whole.

Which chats wait for which answers stands in the database, so the next process goes on where this
one ends. Edits count against the limits of Telegram, so they are fewer the more answers grow.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask
from flask_babel import force_locale
from telegram.error import BadRequest, TelegramError

from bot.answers import show_growing
from bot.delivery import Pace
from bot.replies import Reply, signed
from bot.screens.assistant import show_answer
from bot.sending import Sender, in_app
from edu.accounts.models import User
from edu.assistant.looks import note_looks
from edu.assistant.queue import OPEN
from edu.assistant.service import get_answer, get_question
from edu.errors import NotFound
from edu.extensions import db
from edu.telegram_answers import service
from edu.telegram_answers.service import Watched
from edu.telegram_chats.models import TelegramChat
from edu.telegram_links.service import person_of

log = logging.getLogger(__name__)

LOOK_S, IDLE_S = 0.7, 5.0
EDITS, EDIT_EVERY_S = 12, 1.0  # of growing answers: a second to all, seconds between two in a chat
PLACE_EVERY_S = 5.0  # a place in the queue is shown anew
TYPING_EVERY_S = 4.5  # Telegram shows it for five
REST_S = 15.0  # after Telegram or the database did not take something
GENTLE_STOP_S = 5.0
GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a message shall show. `moved_on`: the person reads another screen below it.

    `talks`: no other screen than the assistant's is open.
    """

    reply: Reply
    hash: str
    state: str
    whole: bool
    moved_on: bool
    talks: bool


class Watching:
    """Follows all answers that chats wait for."""

    def __init__(self, app: Flask, sender: Sender) -> None:
        self.app, self.sender = app, sender
        self.pace = Pace(EDITS, EDIT_EVERY_S)
        self.tasks: dict[int, asyncio.Task[None]] = {}  # by question
        self._drawn: dict[int, str] = {}  # the state that is shown
        self._not_before: dict[int, float] = {}
        self._typed: dict[int, float] = {}  # by chat
        self._typing = set[asyncio.Task[None]]()

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.sender.followed.clear()
            pause = LOOK_S
            try:
                pause = LOOK_S if await self.look() else IDLE_S
            except Exception:  # a database that is away for a moment
                log.exception("answers that grow were not looked at")
            with suppress(TimeoutError):
                await asyncio.wait_for(self.sender.followed.wait(), pause)

    async def stop(self) -> None:
        """Let go on what is on its way to Telegram: else it would be sent a second time."""
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=GENTLE_STOP_S)
        for task in (*self.tasks.values(), *self._typing):
            task.cancel()

    async def look(self) -> bool:
        """Begin to show what is new; whether anybody waits for an answer."""
        watched = await asyncio.to_thread(in_app, self.app, service.list_watched)
        now = time.monotonic()
        for each in watched:
            if self._is_due(each, now):
                task = asyncio.create_task(self._follow(each))
                self.tasks[each.question_id] = task
        self._type(watched, now)
        self._forget({each.question_id for each in watched})
        return bool(watched)

    def _is_due(self, each: Watched, now: float) -> bool:
        number = each.question_id
        if number in self.tasks or self._drawn.get(number) == each.state:
            return False
        if each.waits and number in self._drawn:  # its place in the queue only
            return now >= self._not_before.get(number, now)
        return each.ended or now >= self._not_before.get(number, now) or not self._rests(number)

    def _rests(self, number: int) -> bool:
        return number in self._not_before

    def _forget(self, known: set[int]) -> None:
        for kept in (self._drawn, self._not_before):
            for number in set(kept) - known - set(self.tasks):
                kept.pop(number, None)  # type: ignore[attr-defined]

    def _type(self, watched: Sequence[Watched], now: float) -> None:
        """Show that somebody writes, where an answer is on its way."""
        for chat_id in {each.chat_id for each in watched if not each.ended}:
            if now - self._typed.get(chat_id, -TYPING_EVERY_S) >= TYPING_EVERY_S:
                self._typed[chat_id] = now
                task = asyncio.create_task(self._type_in(chat_id))
                self._typing.add(task)
                task.add_done_callback(self._typing.discard)
        if len(self._typed) > 10_000:
            self._typed.clear()

    async def _type_in(self, chat_id: int) -> None:
        with suppress(TelegramError):  # a nicety
            await self.sender.typing(chat_id)
