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
from bot.screens.answer import show_answer
from bot.sending import Sender, in_app
from edu.accounts.models import User
from edu.assistant.looks import note_looks
from edu.assistant.models import Question
from edu.assistant.queue import OPEN, is_left_alone
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
REST_S, MAX_REST_S = 15.0, 600.0  # after Telegram or the database did not take something
GENTLE_STOP_S = 5.0
DRAWN_AT_ONCE = 2
GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a message shall say; `hash` tells it from what it says.

    `talks`: the assistant's is the screen that is open. `moved_on`: another one is, below.
    """

    reply: Reply
    hash: str
    whole: bool
    talks: bool
    moved_on: bool


@dataclass(slots=True)
class Following:
    """An answer that is followed: the state that is shown, and when it may be shown anew."""

    state: str = ""
    not_before: float = 0.0
    next_place: float = 0.0
    failures: int = 0
    task: asyncio.Task[None] | None = None

    def rest(self) -> None:
        """Not at once again, and the later the more often it has failed."""
        self.not_before = time.monotonic() + min(REST_S * 2**self.failures, MAX_REST_S)
        self.failures = min(self.failures + 1, 10)


class Watching:
    """Follows all answers that chats wait for."""

    def __init__(self, app: Flask, sender: Sender) -> None:
        self.app, self.sender = app, sender
        self.pace = Pace(EDITS, EDIT_EVERY_S)
        self.drawing = asyncio.Semaphore(DRAWN_AT_ONCE)  # the other threads answer people
        self.following: dict[int, Following] = {}  # by question
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
        """Let end what is on its way to Telegram: else the next process would send it again."""
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=GENTLE_STOP_S)
        for task in (*self._tasks(), *self._typing):
            task.cancel()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [one.task for one in self.following.values() if one.task is not None]

    async def look(self) -> bool:
        """Begin to show what is new; whether anybody waits for an answer."""
        # What is being shown while the rows are read may be told wrongly by them.
        busy = {number for number, one in self.following.items() if one.task is not None}
        watched = await asyncio.to_thread(in_app, self.app, service.list_watched)
        now = time.monotonic()
        for each in watched:
            one = self.following.setdefault(each.question_id, Following())
            if each.question_id not in busy and _is_due(one, each, now):
                one.task = asyncio.create_task(self._follow(one, each))
        self._type(watched, now)
        gone = self.following.keys() - {each.question_id for each in watched}
        for number in gone:
            if self.following[number].task is None:
                del self.following[number]
        return bool(watched)

    async def _follow(self, one: Following, each: Watched) -> None:
        try:
            if each.message_id is not None and not each.ended:
                await self.pace.wait(each.chat_id)
            async with self.drawing:
                drawn = await asyncio.to_thread(self._draw, each)
            if drawn is None or await self._show(each, drawn):
                one.state, one.next_place = each.state, time.monotonic() + PLACE_EVERY_S
                one.failures = 0
            else:
                one.rest()
        except TelegramError as error:
            log.warning("the answer %d was not shown: %s", each.question_id, error.message)
            one.rest()
        except Exception:  # the answer is shown later, and the others now
            log.exception("the answer %d was not shown", each.question_id)
            one.rest()
        finally:
            one.task = None

    # What it shall say

    def _draw(self, each: Watched) -> Drawn | None:
        """None when the person may not read it any more: then the chat waits no longer."""
        with self.app.app_context():
            user = person_of(each.chat_id)
            db.session.commit()  # whatever comes of it: tokens that were renewed stay so
            drawn = _compose(user, each) if user else None
            if drawn is None:
                service.end_watch(each.question_id)
            db.session.commit()
            return drawn

    # Where it is said

    async def _show(self, each: Watched, drawn: Drawn) -> bool:
        """Whether it is shown, and that has been written down."""
        message_id = each.message_id
        if message_id is not None and drawn.whole and drawn.moved_on:
            await self.sender.remove(each.chat_id, message_id)
            message_id = None
        elif message_id is not None and drawn.hash != each.shown:
            try:
                if not await self.sender.redraw(each.chat_id, message_id, drawn.reply):
                    return False
            except BadRequest as error:
                if not error.message.lower().startswith(GONE):
                    raise
                message_id = None  # the person has deleted it, or it has become something else
        if message_id is None:
            message_id = await self.sender.post(each.chat_id, drawn.reply)
            if message_id is None:
                return False
        # At once: a process that ends before this has its message sent a second time.
        await asyncio.to_thread(in_app, self.app, _note, each, drawn, message_id)
        if message_id != each.message_id and drawn.talks:
            await self.sender.drop_screen(each.chat_id)
        return True

    # Typing

    def _type(self, watched: Sequence[Watched], now: float) -> None:
        """Say in each chat that somebody writes, as long as there is more to come."""
        for chat_id in {each.chat_id for each in watched if not (each.ended or each.left_alone)}:
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


def _is_due(one: Following, each: Watched, now: float) -> bool:
    if one.task is not None or one.state == each.state or now < one.not_before:
        return False
    return not each.waits or now >= one.next_place


def _compose(user: User, each: Watched) -> Drawn | None:
    try:
        question = get_question(user, each.question_id)
    except NotFound:  # deleted, or the chat is another person's now
        return None
    chat = db.session.get(TelegramChat, each.chat_id)
    whole = question.status not in OPEN
    with force_locale((chat.locale if chat else "") or question.locale):
        answer = get_answer(user, question.id)
        if whole:
            reply = show_answer(user, answer)
        else:
            reply = show_growing(answer, left_alone=is_left_alone(question))
        reply = signed(each.chat_id, reply)
    awaits = chat.dialogue.get("awaits") if chat else None
    talks = awaits == "assistant:ask"
    screen = chat.screen_id or 0 if chat else 0
    moved_on = not talks and screen > (each.message_id or 0)
    digest = hashlib.sha256(repr((reply.text, reply.buttons)).encode()).hexdigest()
    return Drawn(reply, digest, whole, talks, moved_on)


def _note(each: Watched, drawn: Drawn, message_id: int) -> None:
    if not drawn.whole:
        service.keep_message(each.question_id, message_id, drawn.hash)
        return
    service.end_watch(each.question_id)
    question = db.session.get(Question, each.question_id)
    if question is not None:
        note_looks(question.user, [question])
