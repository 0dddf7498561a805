"""A bound on the time of pure-Python parsing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_S = 0.25


class OutOfTime(BaseException):
    """Raised in the middle of the work; a BaseException, so that no parser swallows it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise OutOfTime inside the block once `seconds` of wall time are over.

    Signals reach the main thread only. In any other thread the block runs unbounded: the
    sandbox's children do their work in the main thread, so the bound holds where it matters.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise OutOfTime

    previous = signal.signal(signal.SIGALRM, interrupt)
    # Again and again: Python drops an exception that comes up inside a destructor.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
