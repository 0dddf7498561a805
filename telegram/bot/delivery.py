"""Sending within the limits of Telegram, to people who still want to hear of the bot."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import httpx
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot import inbox

log = logging.getLogger(__name__)
T = TypeVar("T")

OVERALL = 30  # messages a second to all
# Telegram counts when they arrive, which is not as evenly as they go.
SECOND = PER_CHAT_S = 1.05
TRIES = 3
MAX_WAIT_S = 60.0
AGAIN_S = 0.5
# Answers of Telegram that mean that nothing is left to do: a button pressed twice, or long ago.
HARMLESS = (
    "message is not modified",
    "query is too old",
    "message to delete not found",
    "message can't be deleted",
)


class Pace:
    """When the next new message may go: 30 a second to all chats, one a second to each."""

    def __init__(self, overall: int = OVERALL, per_chat_s: float = PER_CHAT_S) -> None:
        self.per_chat_s = per_chat_s
        self._sent: deque[float] = deque(maxlen=overall)
        self._next: dict[int, float] = {}

    async def wait(self, chat_id: int) -> None:
        """Return when it may be sent; those who wait go in the order of their coming."""
        now = time.monotonic()
        at = max(now, self._next.get(chat_id, 0.0))
        self._next[chat_id] = at + self.per_chat_s
        await asyncio.sleep(at - now)
        now = time.monotonic()
        at = now if len(self._sent) < (self._sent.maxlen or 1) else max(now, self._sent[0] + SECOND)
        self._sent.append(at)
        await asyncio.sleep(at - now)
        if len(self._next) > 10_000:  # of those that are free again nothing is remembered
            self._next = {chat: free for chat, free in self._next.items() if free > now}


class Beat:
    """So many a second, evenly: what comes in bunches and late overlaps with the next bunch."""

    def __init__(self, per_second: float) -> None:
        self.gap = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Return when it is the next one's turn."""
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + self.gap
        await asyncio.sleep(at - now)


def seconds_to_wait(error: RetryAfter) -> float:
    """How long Telegram demands."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _may_have_arrived(error: NetworkError) -> bool:
    """Whether Telegram may have taken the call, though it did not say so: twice is once too often.

    It has not where there was no connection, or where it has answered that it could not (5xx).
    """
    never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    cause = error.__cause__
    return isinstance(cause, httpx.HTTPError) and not isinstance(cause, never_sent)


class Delivery:
    """Calls of the Bot API, made again when Telegram asks to wait or could not be reached.

    `on_blocked` learns of chats that are closed to the bot; `running` says whether to go on.
    """

    def __init__(
        self,
        running: Callable[[], bool],
        on_blocked: Callable[[int], Awaitable[object]],
        pace: Pace | None = None,
    ) -> None:
        self.running, self.on_blocked = running, on_blocked
        self.pace = pace or Pace()
        self.rest_until = 0.0  # on the monotonic clock: Telegram has told the bot to wait

    async def call(
        self, chat_id: int, make: Callable[[], Awaitable[T]], *, new: bool = False
    ) -> T | None:
        """What the call returns; None when it is not to be delivered. `new`: a new message.

        Raises BadRequest for what is wrong with the message itself.
        """
        for attempt in range(1, TRIES + 1):
            if new:
                await self.pace.wait(chat_id)
            try:
                return await make()
            except RetryAfter as error:
                if not await self._rest(error):
                    if not self.running():
                        inbox.leave()
                    break
            except Forbidden as error:
                log.info("not delivered, the chat is closed to the bot: %s", error.message)
                await self.on_blocked(chat_id)
                return None
            except BadRequest as error:
                if not error.message.lower().startswith(HARMLESS):
                    raise
                return None
            except NetworkError as error:
                if attempt == TRIES or (new and _may_have_arrived(error)):
                    raise
                await asyncio.sleep(AGAIN_S * attempt)
        log.warning("not delivered: Telegram asks to wait for longer than an answer is worth")
        return None

    async def _rest(self, error: RetryAfter) -> bool:
        """Sleep as long as Telegram demands; False when that is too long or the bot is to stop."""
        seconds = seconds_to_wait(error)
        if seconds > MAX_WAIT_S:
            return False
        end = time.monotonic() + seconds
        self.rest_until = max(self.rest_until, end)
        while self.running() and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.5))
        return self.running()
