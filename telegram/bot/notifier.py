"""Notifications on their way to chats, each once, beside the answers to who writes."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.delivery import PER_CHAT_S, Beat, Delivery, seconds_to_wait
from bot.exchange import Exchange, watched_requests
from bot.outgoing import Draft, make_draft
from bot.sending import MAX_TEXT, NO_PREVIEW, inline
from bot.texts import cut_html
from edu.claims import ClaimLost, new_claim
from edu.config import Settings
from edu.extensions import db, utcnow
from edu.site.database import prompt_commit
from edu.telegram_chats.service import block_chat
from edu.telegram_outbox import service as outbox

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_S = 1.0
RELEASE_S = 60.0
SHARE = 0.8  # of the messages that Telegram allows in a second
AT_ONCE, THREADS = 12, 3
BATCH = 100
ANSWER_S = 20.0  # how long Telegram's answer is waited for
MAX_REST_S = 60.0  # of everybody, when one chat is told to wait
AWAY_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # between looks for a Telegram that cannot be reached
STOP_S = 10.0


class Notifier:
    """Sends what waits in the outbox.

    Some of the messages that Telegram allows in a second it leaves to answers: nobody waits for a
    notification.
    """

    def __init__(self, app: Flask, config: Settings, delivery: Delivery) -> None:
        self.app, self.delivery = app, delivery
        self.beat = Beat(config.telegram_rate * SHARE)
        self.claim = new_claim()
        # Connections of its own, and threads: those of the answers stay free.
        self.requests = watched_requests(AT_ONCE, ANSWER_S)
        self.bot = Bot(
            config.telegram_token,
            f"{config.telegram_api_url}/bot",
            request=self.requests,
            get_updates_request=self.requests,
        )
        self._threads = ThreadPoolExecutor(THREADS, "notifier")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._busy: set[int] = set()  # chats that have a message on its way, or had just now
        self._tasks: set[asyncio.Task[None]] = set()
        self._rest_until = self._release_at = 0.0
        self._away = 0  # calls in a row that did not reach Telegram

    async def keep(self) -> None:
        """Send what is due for as long as the process runs."""
        await self.requests.initialize()
        while True:
            found = False
            try:
                found = await self._look()
            except Exception:  # a database that is away for a moment
                log.exception("notifications: the outbox was not read")
            if not found:
                await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Wait for the answers to what is on its way."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in self._tasks:
            task.cancel()
        await self.requests.shutdown()
        self._threads.shutdown(wait=False)

    async def _look(self) -> bool:
        """Start sending what is due, a few at once; False when there was nothing."""
        if time.monotonic() >= self._release_at:
            await self._call(self._release)
            self._release_at = time.monotonic() + RELEASE_S
        due = await self._call(outbox.list_due, BATCH, list(self._busy))
        for message_id, chat_id in due:
            await self._places.acquire()
            await self._rest()
            self._busy.add(chat_id)
            task = asyncio.create_task(self._send(message_id, chat_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(due)

    def _release(self) -> None:
        if released := outbox.release_dead(self.claim):
            log.warning("notifications: %d count as sent, their sender is gone", released)

    async def _rest(self) -> None:
        """Wait while Telegram has told the bot to, or cannot be reached."""
        while (left := max(self._rest_until, self.delivery.rest_until) - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.5))

    def _rest_for(self, seconds: float) -> None:
        self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    async def _call(self, call: Callable[..., T], *args: object) -> T:
        """Call in a thread, in an app context of its own, and commit."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._in_app, call, *args
        )

    def _in_app(self, call: Callable[..., T], *args: object) -> T:
        with self.app.app_context():
            result = call(*args)
            db.session.commit()
            return result

    # One message

    async def _send(self, message_id: int, chat_id: int) -> None:
        try:
            await self._try(message_id, chat_id)
        except SQLAlchemyError:
            log.exception("notifications: message %d was not worked on", message_id)
            self._rest_for(POLL_S)
        except Exception as error:  # a fault of ours: one message that cannot be made
            log.exception("notifications: message %d could not be made", message_id)
            with suppress(SQLAlchemyError):
                await self._call(outbox.fail, message_id, repr(error))
        finally:
            self._places.release()
            asyncio.get_running_loop().call_later(PER_CHAT_S, self._busy.discard, chat_id)

    async def _try(self, message_id: int, chat_id: int) -> None:
        draft = await self._call(make_draft, message_id)
        if draft is None:
            return
        await self.beat.wait()
        await self.delivery.pace.wait(chat_id)
        if max(self._rest_until, self.delivery.rest_until) > time.monotonic():
            return  # told to wait meanwhile: it is found again
        await self._hand_over(draft)

    async def _hand_over(self, draft: Draft) -> None:
        exchange = Exchange(lambda: self._note_handed(draft))
        try:
            sent: Message = await exchange.make(lambda: self._call_telegram(draft))
        except TelegramError as error:
            await self._settle(draft, exchange, error)
        else:
            self._away = 0
            if not exchange.handed:  # the library tells no more of its bytes: late, but never twice
                log.error("notifications: message %d went without a note of it", draft.id)
                await self._note_handed(draft)
            await self._call(outbox.mark_sent, draft.id, self.claim, sent.message_id)

    async def _call_telegram(self, draft: Draft) -> Message:
        return await self.bot.send_message(
            draft.chat_id,
            cut_html(draft.reply.text, MAX_TEXT),
            parse_mode=ParseMode.HTML,
            reply_markup=inline(draft.reply),
            link_preview_options=NO_PREVIEW,
        )

    async def _note_handed(self, draft: Draft) -> None:
        """Commit that it goes out. A process that dies between this and the body loses it.

        So a thread does what may have to wait, and the commit itself is made here, where the bytes
        go out next: from there it takes a tenth of the time.
        """
        loop, over = asyncio.get_running_loop(), threading.Event()
        ready: asyncio.Future[Callable[[], None]] = loop.create_future()

        def note() -> None:
            with self.app.app_context():
                try:
                    outbox.mark_handed(draft.id, self.claim, draft.told)
                    with prompt_commit() as commit:
                        loop.call_soon_threadsafe(_finish, ready, commit)
                        over.wait()
                except Exception as error:  # handed to who waits for it
                    db.session.rollback()
                    loop.call_soon_threadsafe(_fail, ready, error)

        self._threads.submit(note)
        try:
            commit = await ready
            commit()
        finally:
            over.set()

    async def _settle(self, draft: Draft, exchange: Exchange, error: TelegramError) -> None:
        """What becomes of a message that Telegram has not accepted, or nobody knows whether."""
        message_id, what = draft.id, error.message
        if not exchange.handed:
            self._note_away(error)
        elif isinstance(error, RetryAfter):
            await self._wait_for_flood(draft, seconds_to_wait(error))
        elif isinstance(error, Forbidden):
            log.info("notifications: a chat is closed to the bot: %s", what)
            await self._call(self._close, draft)
        elif isinstance(error, BadRequest):
            log.error("notifications: message %d was refused: %s", message_id, what)
            await self._call(outbox.fail, message_id, what)
        elif isinstance(error, InvalidToken):
            self._rest_for(MAX_REST_S)
            await self._put_back(draft, "Telegram does not accept the token", MAX_REST_S)
        elif exchange.is_refused:
            log.warning("notifications: Telegram is in trouble: %s", what)
            self._rest_for(AWAY_S[0])
            await self._call(outbox.put_back, message_id, self.claim, what)
        else:
            log.warning("notifications: message %d counts as sent: %s", message_id, what)
            await self._call(outbox.mark_sent, message_id, self.claim, None)

    def _note_away(self, error: TelegramError) -> None:
        """No byte of the message has arrived: it waits as it did."""
        if isinstance(error.__cause__, ClaimLost):
            return  # more has come into it, or another process was first
        if not self._away:
            log.warning("notifications: Telegram is not reached: %s", error.message)
        self._rest_for(AWAY_S[min(self._away, len(AWAY_S) - 1)])
        self._away += 1

    async def _wait_for_flood(self, draft: Draft, seconds: float) -> None:
        """The chat waits as told, and so do all: it may be the bot that sends too much."""
        log.info("notifications: Telegram asks to wait for %.0f s", seconds)
        self._rest_for(min(seconds, MAX_REST_S))
        await self._put_back(draft, "Telegram has asked to wait", seconds)
        until = utcnow() + timedelta(seconds=seconds)
        await self._call(outbox.postpone_chat, draft.chat_id, until)

    async def _put_back(self, draft: Draft, why: str, seconds: float) -> None:
        wait = timedelta(seconds=seconds)

        def put_back() -> None:
            outbox.put_back(draft.id, self.claim, why, wait, counts=False)

        await self._call(put_back)

    def _close(self, draft: Draft) -> None:
        block_chat(draft.chat_id)
        outbox.drop(draft.id, "the person has blocked the bot")
        outbox.drop_chat(draft.chat_id, "the person has blocked the bot")


def _finish(waited: asyncio.Future[T], result: T) -> None:
    if not waited.done():
        waited.set_result(result)


def _fail(waited: asyncio.Future[T], error: Exception) -> None:
    if not waited.done():
        waited.set_exception(error)
