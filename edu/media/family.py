"""The end of a child, and of everything that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_PATIENCE_S = 2.0
_PROC = Path("/proc")


def kill_group(pid: int) -> None:
    """Kill the process group of a child, and the child."""
    # The child may not have made its group yet, hence the second call.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def bury_descendants() -> None:
    """Kill and reap all children of this process, of which none may be wanted any more.

    As the subreaper it is the parent of all that left their group and lost their parent, and of
    their children in turn. What is not dead after two seconds is left to the next call.
    """
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not reaped:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.0005)


def _children() -> list[int]:
    try:
        return [
            int(pid) for pid in (_PROC / f"self/task/{os.getpid()}/children").read_text().split()
        ]
    except OSError:  # a kernel built without this list
        return [pid for pid in _processes() if _parent(pid) == os.getpid()]


def _processes() -> list[int]:
    return [int(entry.name) for entry in _PROC.glob("[0-9]*")]


def _parent(pid: int) -> int:
    try:
        return int((_PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
