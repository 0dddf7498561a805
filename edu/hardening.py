"""What a process asks of the kernel for its own protection. Linux; elsewhere nothing happens."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_DUMPABLE = 4


def prctl(option: int, value: int) -> None:
    """Call prctl(2) with one argument. Raises OSError, also where there is no such call."""
    if sys.platform != "linux":
        raise OSError("prctl: Linux only")
    libc = ctypes.CDLL(None, use_errno=True)
    rest = (ctypes.c_ulong(0),) * 3
    if libc.prctl(option, ctypes.c_ulong(value), *rest) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def forbid_inspection() -> bool:
    """Hide this process from others of the same user; True where the kernel agreed.

    They can no longer read its memory or its environment or attach a debugger, and it leaves no
    core dump. Forks inherit it, a new program does not: call it in each process after its start.
    """
    try:
        prctl(_PR_SET_DUMPABLE, 0)
    except OSError:
        return False
    return True
