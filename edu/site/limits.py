"""How requests are counted in this process, and what answers say of it.

The window moves with the clock: whichever 60 seconds one looks at, they hold at most the number
that a limit allows. The library's own memory never lets go of a key that it has seen, and looks
through all of them every few milliseconds; keys hold addresses that strangers type.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from typing import Any

from flask import Response
from limits.storage import MovingWindowSupport, Storage
from redis import RedisError

from edu.extensions import limiter

log = logging.getLogger(__name__)
SWEEP_EVERY_S = 60.0


class WindowStorage(Storage, MovingWindowSupport):
    """The moments of the last requests by key, in memory, for one process."""

    STORAGE_SCHEME = ["window"]  # noqa: RUF012  # as the library's base class declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = threading.Lock()
        self._hits: dict[str, tuple[int, deque[float]]] = {}
        self._sweep_at = 0.0

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests now, unless there would be more than `limit` in the window."""
        with self._lock:
            now = time.time()
            self._sweep(now)
            _span, hits = self._hits.setdefault(key, (expiry, deque()))
            _forget(hits, now - expiry)
            if len(hits) + amount > limit:
                return False
            hits.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The moment of the oldest request that counts, and how many count."""
        with self._lock:
            now = time.time()
            _span, hits = self._hits.get(key, (expiry, deque[float]()))
            _forget(hits, now - expiry)
            return (hits[0], len(hits)) if hits else (now, 0)

    def _sweep(self, now: float) -> None:
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_EVERY_S
        for key, (span, hits) in list(self._hits.items()):
            _forget(hits, now - span)
            if not hits:
                del self._hits[key]

    # What other strategies than the moving window would ask for.

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong here: nothing."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count and tell the sum."""
        self.acquire_entry(key, 2**31, expiry, amount)
        return self.get(key)

    def get(self, key: str) -> int:
        """How many requests were counted."""
        with self._lock:
            return len(self._hits[key][1]) if key in self._hits else 0

    def get_expiry(self, key: str) -> float:
        """When the last of them stops to count."""
        with self._lock:
            span, hits = self._hits.get(key, (0, deque[float]()))
            return hits[-1] + span if hits else time.time()

    def check(self) -> bool:
        """Memory always answers."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        with self._lock:
            count = len(self._hits)
            self._hits.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget one key."""
        with self._lock:
            self._hits.pop(key, None)


def _forget(hits: deque[float], until: float) -> None:
    while hits and hits[0] <= until:
        hits.popleft()


def limit_headers(response: Response) -> Response:
    """Say how many requests are left, in how many seconds one more is; and when to come back."""
    limit = limiter.current_limit
    if limit is None:
        return response
    try:
        window: Any = limit.window
    except RedisError as error:  # it went away since the request was counted
        log.warning("limits: nothing can be said of what is left: %s", error)
        return response
    seconds = max(1, math.ceil(window.reset_time - time.time()))
    response.headers["RateLimit-Limit"] = str(limit.limit.amount)
    response.headers["RateLimit-Remaining"] = str(max(0, window.remaining))
    response.headers["RateLimit-Reset"] = str(seconds)
    if response.status_code == 429:
        response.headers.setdefault("Retry-After", str(seconds))
    return response
