"""The order of answers within a chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from telegram.ext import ApplicationHandlerStop

from bot import inbox

MOST_WAITING = 30  # updates of one chat: they take the places of others who wait


class Turns:
    """What one chat asks is answered in order, one thing at a time.

    `running`: once it says no, an update that has waited for its turn is left to the next process.
    """

    def __init__(self, running: Callable[[], bool] = lambda: True) -> None:
        self.running = running
        self._locks: dict[int, tuple[asyncio.Lock, int]] = {}

    def is_full(self, chat_id: int) -> bool:
        """Whether as many updates of the chat wait already as may."""
        return chat_id in self._locks and self._locks[chat_id][1] >= MOST_WAITING

    @asynccontextmanager
    async def of(self, chat_id: int) -> AsyncIterator[None]:
        """Hold the chat's turn; nothing is kept of chats that wait for nothing."""
        lock, users = self._locks.get(chat_id, (asyncio.Lock(), 0))
        self._locks[chat_id] = (lock, users + 1)
        try:
            async with lock:
                if inbox.in_hand.get() is not None and not self.running():
                    inbox.leave()
                    raise ApplicationHandlerStop
                yield
        finally:
            lock, users = self._locks[chat_id]
            self._locks[chat_id] = (lock, users - 1)
            if users == 1:
                del self._locks[chat_id]
