"""What a taken-over parser would try, run as a task in the real child; see test_reach.py."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edu.media import child


def install() -> None:
    """Add the tasks of this module to the child's."""
    child.TASKS |= {"probe": probe, "escape": escape, "fill": fill, "lie": lie, "link": link}


def probe(source: Path, name: str, workdir: Path, *_: object) -> dict[str, Any]:
    """Try everything on the targets in `name`, as JSON; tell the error of each, "" for none."""
    targets = json.loads(name)
    attempts: dict[str, Callable[[], object]] = {
        "read source": source.read_bytes,
        "write own": lambda: (workdir / "own").write_bytes(b"x"),
        "read secret": lambda: Path(targets["secret"]).read_bytes(),
        "read environment": lambda: Path(f"/proc/{targets['pid']}/environ").read_bytes(),
        "list": lambda: os.listdir(source.parent),  # noqa: PTH208 - as plain as an attacker's
        "write": lambda: (source.parent / "planted").write_bytes(b"x"),
        "append to source": lambda: source.open("ab").close(),
        "link": lambda: (workdir / "link").symlink_to(targets["secret"]),
        "connect": lambda: socket.create_connection(("127.0.0.1", targets["port"]), 2),
        "connect to a path": lambda: _connect_to_path(targets["socket"]),
        "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "signal": lambda: os.kill(targets["pid"], signal.SIGUSR1),
        "leave the group": os.setsid,
        "become root elsewhere": lambda: _unshare(0x10000000),
    }
    return {what: _outcome(attempt) for what, attempt in attempts.items()}


def escape(source: Path, name: str, workdir: Path, *_: object) -> dict[str, Any]:
    """Fork a process that tries to leave the group; wait on where `name` says so."""
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 64)
        with contextlib.suppress(PermissionError):
            os.setsid()
        (workdir / "pid").write_text(str(os.getpid()))
        time.sleep(600)
    while name == "wait" or not (workdir / "pid").exists():
        time.sleep(0.01)
    return {}


def fill(source: Path, name: str, workdir: Path, *_: object) -> dict[str, Any]:
    """Write files that are small each."""
    for number in range(10_000):
        (workdir / str(number)).write_bytes(bytes(1 << 18))
        time.sleep(0.002)
    return {}


def lie(source: Path, name: str, workdir: Path, *_: object) -> dict[str, Any]:
    """Write nonsense into every pipe."""
    for descriptor in range(3, 30):
        try:
            os.write(descriptor, name.encode() + b"\n")
        except OSError:
            continue
    time.sleep(30)
    return {}


def link(source: Path, name: str, workdir: Path, *_: object) -> dict[str, Any]:
    """Return a thumbnail that lies elsewhere."""
    data: dict[str, Any] = dict.fromkeys(("pages", "duration", "width", "height"))
    data |= {"kind": "pdf", "media_type": "", "text_ok": True, "passages": [], "outline": []}
    return data | {"thumbnail": name}


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return ""


def _connect_to_path(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
