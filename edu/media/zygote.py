"""A small process that has every parser loaded and forks a fresh child for each file.

Started by `sandbox.Sandbox`, without the rest of the application. It reads one JSON request a line
from stdin and writes JSON lines to stdout: progress, then one answer. A fork costs milliseconds,
a new Python with its imports most of a second. The zygote itself never touches a file's content.
When stdin ends, because the caller closed it or was killed, the running child is killed too.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edu.media import reach
from edu.media.child import peak_mb, run_child
from edu.media.family import bury_descendants, kill_group
from edu.media.replies import NonsenseError, split_lines
from edu.media.workdir import used_bytes

_STDIN, _STDOUT = 0, 1
# Also looked at between messages: has the caller died while something else holds its pipe?
_LOOK_AROUND_S = 1.0
_LAST_BREATH_S = 2.0
# How often the bytes in the child's folder are counted.
_COUNT_EVERY_S = 0.25
# A crash while this much of the allowed memory was in use is taken for a lack of memory: pdfium
# and ffmpeg abort rather than report it.
_NEAR_LIMIT = 0.7
_MB = 1024 * 1024


class _CallerGoneError(Exception):
    pass


@dataclass
class _Child:
    pid: int
    pipe: int
    deadline: float
    request: dict[str, Any]
    buffer: bytes = b""
    answer: dict[str, Any] | None = None
    # The limit that the zygote itself saw broken: "time" or "output".
    broken_limit: str = ""
    has_spoken: bool = False
    may_use: int = 0
    counted_at: float = field(default_factory=time.monotonic)


def main() -> None:
    """Serve requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reach.isolate()
    _preload()
    caller = os.getppid()
    pending = b""
    try:
        while line_and_rest := _read_request(pending, caller):
            line, pending = line_and_rest
            _write(_serve(json.loads(line), caller))
    except (_CallerGoneError, BrokenPipeError):
        return


def _preload() -> None:
    import docx
    import mammoth
    import nh3
    import pdfminer.high_level
    import PIL.WebPImagePlugin
    import pysubs2.formats.webvtt
    from imageio_ffmpeg import get_ffmpeg_exe

    # It tries the program out, once here instead of once for each video.
    with contextlib.suppress(RuntimeError):
        get_ffmpeg_exe()
    # A first document makes the libraries read their templates and tables here, once.
    docx.Document()
    PIL.Image.init()
    del mammoth, nh3, pdfminer, pysubs2
    gc.collect()
    gc.freeze()  # children would copy every page that the collector marks


def _read_request(pending: bytes, caller: int) -> tuple[bytes, bytes] | None:
    while b"\n" not in pending:
        if os.getppid() != caller:
            return None
        if select.select([_STDIN], [], [], _LOOK_AROUND_S)[0]:
            data = os.read(_STDIN, 1 << 16)
            if not data:
                return None
            pending += data
    line, _, rest = pending.partition(b"\n")
    return line, rest


def _serve(request: dict[str, Any], caller: int) -> dict[str, Any]:
    started = time.monotonic()
    child = _fork(request)
    try:
        _follow(child, caller)
    except (_CallerGoneError, BrokenPipeError):
        _reap(child, kill=True)
        raise
    status, usage = _reap(child, kill=bool(child.broken_limit))
    _count_output(child)
    if child.broken_limit:
        child.answer = None
    answer = child.answer or _post_mortem(child, status, peak_mb(usage))
    return answer | {
        "final": True,
        "peak_mb": peak_mb(usage),
        "seconds": round(time.monotonic() - started, 3),
    }


def _fork(request: dict[str, Any]) -> _Child:
    folder, limit = Path(request["workdir"]), float(request["limits"]["output_mb"]) * _MB
    may_use = used_bytes(folder, sys.maxsize) + int(limit)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        run_child(request, writing)
    os.close(writing)
    deadline = time.monotonic() + float(request["limits"]["wall_s"])
    return _Child(pid, reading, deadline, request, may_use=may_use)


def _follow(child: _Child, caller: int) -> None:
    """Pass the child's progress on until it closes its pipe or its time is over."""
    while True:
        left = child.deadline - time.monotonic()
        if left <= 0:
            child.broken_limit = "time"
        elif time.monotonic() - child.counted_at >= _COUNT_EVERY_S:
            _count_output(child)
        if child.broken_limit:
            return
        ready = select.select([_STDIN, child.pipe], [], [], min(left, _COUNT_EVERY_S))[0]
        # Nothing is ever sent while a request runs, so a readable stdin means its end.
        if _STDIN in ready or os.getppid() != caller:
            raise _CallerGoneError
        if child.pipe in ready and not _receive(child):
            return


def _receive(child: _Child) -> bool:
    data = os.read(child.pipe, 1 << 16)
    try:
        messages, child.buffer = split_lines(child.buffer + data)
    except NonsenseError:
        kill_group(child.pid)
        child.answer = {"refused": "broken", "details": {"detail": "messages"}}
        return False
    for message in messages:
        # What the machine lacks is said first, before the file is opened; later it is not believed.
        if "step" in message or ("missing" in message and not child.has_spoken):
            _write(message)
        elif "missing" not in message:
            child.answer = message
        child.has_spoken = True
    return bool(data)


def _count_output(child: _Child) -> None:
    """The kernel bounds each file; the sum of them is bounded here."""
    child.counted_at = time.monotonic()
    if used_bytes(Path(child.request["workdir"]), child.may_use) > child.may_use:
        child.broken_limit = child.broken_limit or "output"


def _reap(child: _Child, *, kill: bool) -> tuple[int, Any]:
    """Wait for the child, kill all that it started, return status and resource usage."""
    os.close(child.pipe)
    give_up = time.monotonic() + (0 if kill else _LAST_BREATH_S)
    pid = 0
    while not pid and time.monotonic() < give_up:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if not pid:
            time.sleep(0.002)
    kill_group(child.pid)
    if not pid:
        _, status, usage = os.wait4(child.pid, 0)
    bury_descendants()
    return status, usage


def _post_mortem(child: _Child, status: int, peak: float) -> dict[str, Any]:
    """An answer in place of a child that gave none."""
    if child.broken_limit:
        return {"refused": "limits", "details": {"detail": child.broken_limit}}
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number in (signal.SIGXCPU, signal.SIGKILL):  # the latter: hard limit, or the system's own
        return {"refused": "limits", "details": {"detail": "cpu"}}
    if number == signal.SIGXFSZ:
        return {"refused": "limits", "details": {"detail": "output"}}
    if peak > _NEAR_LIMIT * float(child.request["limits"]["memory_mb"]):
        return {"refused": "limits", "details": {"detail": "memory"}}
    return {"refused": "broken", "details": {"detail": f"signal {number}, status {status}"}}


def _write(message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(_STDOUT, data) :]
