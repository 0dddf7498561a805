"""Updates on their way from Telegram to the handlers, by way of the database.

Telegram forgets updates with the next getUpdates, while handlers are still at work on them. So they
are kept before that, and what a process leaves behind is what the next one begins with.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import NetworkError
from telegram.ext import BaseUpdateProcessor, ExtBot

from bot.inbox import Handling, in_hand
from bot.pictures import bot_id
from bot.sending import in_app
from edu.extensions import utcnow
from edu.telegram_inbox import service
from edu.telegram_inbox.service import Unfinished

log = logging.getLogger(__name__)
T = TypeVar("T")
FLUSH_S = 0.1  # between two writes of what is done
QUIET_S = 24 * 3600.0  # after so long without updates their ids may begin anew
INLINE_LIFE = timedelta(seconds=30)  # Telegram takes no answer after that


class Inbox:
    """Updates in hand, and what has become of them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.bot_id = bot_id()
        # A thread of its own: what has come and what is done waits behind no screen.
        self._writer = ThreadPoolExecutor(1, "inbox")
        self._begun: dict[int, Handling] = {}
        self._done: list[int] = []
        self._left: list[int] = []
        self._news = asyncio.Event()

    async def _write(self, call: Callable[..., T], *args: Any) -> T:
        work = partial(in_app, self.app, call, self.bot_id, *args)
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def keep(self, updates: Sequence[Update]) -> list[Update]:
        """Keep what has come; those that have not been here before. Raises NetworkError."""
        payloads = {each.update_id: each.to_json() for each in updates}
        try:
            new = await self._write(service.keep_updates, payloads)
        except SQLAlchemyError as error:
            log.exception("updates were not kept: Telegram is asked for them again")
            raise NetworkError("the database does not take updates") from error
        return [each for each in updates if each.update_id in new]

    async def load(self, bot: ExtBot[Any]) -> list[Update]:
        """What the process before has left behind."""
        kept = await self._write(service.take_unfinished)
        updates = [update for each in kept if (update := self._revive(each, bot)) is not None]
        if kept:
            log.info("%d updates were left behind, %d are taken up", len(kept), len(updates))
        return updates

    def _revive(self, kept: Unfinished, bot: ExtBot[Any]) -> Update | None:
        try:
            update = Update.de_json(json.loads(kept.payload), bot)
        except Exception:  # whatever an older library has written: it must not stop every start
            log.exception("update %d cannot be read", kept.update_id)
            self._done.append(kept.update_id)
            return None
        if update.inline_query is not None and utcnow() - kept.received_at > INLINE_LIFE:
            self._done.append(kept.update_id)
            return None
        self._begun[kept.update_id] = Handling(
            self.bot_id, kept.update_id, dict(kept.replies), again=True, suspect=kept.suspect
        )
        return update

    def begin(self, update: Update) -> Handling:
        """The update is in hand now."""
        known = self._begun.pop(update.update_id, None)
        return known or Handling(self.bot_id, update.update_id)

    def end(self, handling: Handling) -> None:
        """It is answered, or left for the next process."""
        (self._left if handling.left else self._done).append(handling.update_id)
        self._news.set()

    async def suspect(self, handling: Handling) -> None:
        """Count the attempt before it is made."""
        await self._write(service.count_attempt, handling.update_id)

    async def write_down(self) -> None:
        """Write what is done as it comes, many at a time, until cancelled."""
        while True:
            await self._news.wait()
            await self.flush()
            await asyncio.sleep(FLUSH_S)

    async def flush(self) -> None:
        """Write what is done now."""
        self._news.clear()
        done, left = self._done, self._left
        self._done, self._left = [], []
        if not done and not left:
            return
        try:
            await self._write(service.finish_updates, done, left)
        except asyncio.CancelledError:  # perhaps before it has begun: the last flush writes them
            self._done += done
            self._left += left
            raise
        except SQLAlchemyError:  # a database that is away for a moment: they are written later
            log.exception("what is done was not written down")
            self._done += done
            self._left += left
            self._news.set()


class InboxBot(ExtBot[Any]):
    """The library's bot, whose updates are kept before Telegram forgets them."""

    def __init__(self, inbox: Inbox, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inbox = inbox
        self._next: int | None = None
        self._last = 0.0

    async def get_updates(
        self, offset: int | None = None, *args: Any, **kwargs: Any
    ) -> tuple[Update, ...]:
        """New updates, kept. The offset is our own: the updater's knows nothing of repetitions."""
        if self._next is not None and time.monotonic() - self._last > QUIET_S:
            self._next = None  # all up to it is confirmed, and new ids may be lower
        updates = await super().get_updates(self._next, *args, **kwargs)
        if not updates:
            return ()
        new = await self._inbox.keep(updates)
        self._next, self._last = updates[-1].update_id + 1, time.monotonic()
        return tuple(new)


class Processor(BaseUpdateProcessor):
    """Hands updates to the handlers, and notes what has become of them.

    Those with which a process may have ended go one at a time, each counted before.
    """

    def __init__(self, most: int, inbox: Inbox, running: Callable[[], bool]) -> None:
        super().__init__(most)
        self.inbox, self.running, self._alone = inbox, running, asyncio.Lock()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Let the handlers deal with it."""
        if not isinstance(update, Update):
            await coroutine
            return
        handling = self.inbox.begin(update)
        if handling.suspect:
            async with self._alone:
                await self.inbox.suspect(handling)
                await self._handle(handling, coroutine)
        else:
            await self._handle(handling, coroutine)
        self.inbox.end(handling)

    async def _handle(self, handling: Handling, coroutine: Awaitable[Any]) -> None:
        if not self.running():
            handling.left = True
            if isinstance(coroutine, Coroutine):
                coroutine.close()
            return
        token = in_hand.set(handling)
        try:
            await coroutine
        finally:
            in_hand.reset(token)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to let go of."""
