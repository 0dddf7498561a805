"""How much one person may ask of the bot."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MOST, SECONDS = 30, 10.0


class Flood:
    """The last moments of each chat: at most MOST updates in SECONDS are answered."""

    def __init__(
        self,
        most: int = MOST,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.seconds, self.clock = most, seconds, clock
        self._asked: dict[int, deque[float]] = {}
        self._told: dict[int, float] = {}

    def refuses(self, chat_id: int) -> bool:
        """Whether this update is one too many; else it counts."""
        now = self.clock()
        asked = self._asked.setdefault(chat_id, deque())
        while asked and asked[0] <= now - self.seconds:
            asked.popleft()
        if len(asked) >= self.most:
            return True
        asked.append(now)
        if len(self._asked) > 10_000:
            self._asked = {c: d for c, d in self._asked.items() if d[-1] > now - self.seconds}
        return False

    def should_tell(self, chat_id: int) -> bool:
        """Once in that time a person is told why there is no answer."""
        now = self.clock()
        if now - self._told.get(chat_id, -self.seconds) < self.seconds:
            return False
        if len(self._told) > 10_000:
            self._told.clear()
        self._told[chat_id] = now
        return True
