"""A gate before work that keeps a processor busy: some pass at once, some stand in line.

Who comes when the line is full is told to come again: else strangers who make this work by the
hundred would hold every processor, connection and thread that others' pages need.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from edu.errors import Unavailable


class Gate:
    """`abreast` pass at the same moment, `in_line` more wait for it."""

    def __init__(self, abreast: int, in_line: int) -> None:
        self._places = Semaphore(abreast + in_line)
        self._passing = Semaphore(abreast)

    @contextmanager
    def pass_through(self) -> Iterator[None]:
        """Wait for one's turn; also a decorator. Raises Unavailable when too many wait already."""
        if not self._places.acquire(blocking=False):
            raise Unavailable
        try:
            with self._passing:
                yield
        finally:
            self._places.release()


# Before views in which strangers have passwords looked at. Whoever waits must not hold a connection
# to the database, of which there are fewer than threads; so it stands around the whole view. The
# line is as long as the threads of a process allow (48, and others need some): a class signs in.
PASSWORDS = Gate(abreast=max(1, (os.cpu_count() or 1) - 1), in_line=38)
