"""Signal handlers kept from libraries that set their own."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

KEPT = (signal.SIGINT, signal.SIGTERM)
_ROOM = 1024  # for a struct sigaction of any C library


@contextmanager
def keep_signals() -> Iterator[None]:
    """Put the handlers of KEPT back as they were, from whatever thread.

    llama.cpp's server takes them over, and its own end the model and not the process: a worker
    would hang on the way out. `signal.signal` works in the main thread only.
    """
    if os.name != "posix":
        yield
        return
    sigaction = ctypes.CDLL(None).sigaction
    before = {number: ctypes.create_string_buffer(_ROOM) for number in KEPT}
    for number, action in before.items():
        sigaction(int(number), None, action)
    try:
        yield
    finally:
        for number, action in before.items():
            sigaction(int(number), action, None)
