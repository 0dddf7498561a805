"""So many at once in this process, and no more."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Lane:
    """Places for work that takes long; whoever finds none leaves it in the database."""

    def __init__(self) -> None:
        self._lock, self._busy = threading.Lock(), 0

    @contextlib.contextmanager
    def enter(self, places: int) -> Iterator[bool]:
        """Yield whether there was a place; it is free again with the end of the block."""
        with self._lock:
            entered = self._busy < places
            self._busy += entered
        try:
            yield entered
        finally:
            with self._lock:
                self._busy -= entered
