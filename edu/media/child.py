"""One request inside its own process: limits on, reach cut, work done, one answer written."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from edu.hardening import prctl
from edu.media import hls, limits, pipeline, preview, reach
from edu.media.errors import FileRefused
from edu.media.workdir import RESULT_NAME

_PR_SET_PDEATHSIG = 1
_REPORT_EVERY_S = 0.1

TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "process": pipeline.process,
    "preview": preview.make_preview,
    "page": pipeline.draw_page,
    "stream": hls.make,
    "captions": pipeline.read_captions,
}


def run_child(request: dict[str, Any], answers: int) -> NoReturn:
    """Serve one request and leave; messages go to the pipe `answers` as JSON lines.

    The first is `{"missing": [names]}` where the machine lacks parts of the confinement. The last
    is `{"ok": result file}`, `{"refused": code, "details": {…}}`, or
    `{"failed": text}` for a fault of the machine. None means that the child died.
    """
    status = 1
    try:
        _detach(answers)
        limits.apply(limits.Limits(**request["limits"]), own_users=reach.own_users)
        _confine(request, answers)
        _send(answers, _answer(request, answers))
        status = 0
    finally:
        os._exit(status)  # no clean-up of what belongs to the parent process


def _detach(answers: int) -> None:
    """Own process group, default signals, no way to the parent's pipes, dies with the parent."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.set_inheritable(answers, False)
    if sys.platform == "linux":
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _confine(request: dict[str, Any], answers: int) -> None:
    missing = reach.confine(Path(request["source"]), Path(request["workdir"]), _font(request))
    if missing:
        _send(answers, {"missing": missing})


def _font(request: dict[str, Any]) -> Path | None:
    return Path(request["font"]) if request["font"] else None


def _answer(request: dict[str, Any], answers: int) -> dict[str, Any]:
    try:
        return {"ok": _work(request, answers)}
    except FileRefused as refusal:
        return {"refused": refusal.code, "details": refusal.details}
    except MemoryError:
        return {"refused": "limits", "details": {"detail": "memory"}}
    except OSError as error:
        return _from_os_error(error)
    except Exception as error:  # whatever a parser raises on this file is the file's fault
        trace = "".join(traceback.format_exception(error))[-2000:]
        return {"refused": "broken", "details": {"detail": type(error).__name__}, "trace": trace}


def _from_os_error(error: OSError) -> dict[str, Any]:
    import errno

    if error.errno == errno.EFBIG:
        return {"refused": "limits", "details": {"detail": "output"}}
    if error.errno in (errno.ENOMEM, errno.EAGAIN):
        return {"refused": "limits", "details": {"detail": "memory"}}
    return {"failed": f"{type(error).__name__}: {error}"}


def _work(request: dict[str, Any], answers: int) -> str:
    workdir = Path(request["workdir"])
    task = TASKS[request["task"]]
    data = task(
        Path(request["source"]), request["name"], workdir, _font(request), _reporter(answers)
    )
    with (workdir / RESULT_NAME).open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False)
    return RESULT_NAME


def _reporter(answers: int) -> pipeline.Report:
    last = ("", -1)
    sent_at = 0.0

    def report(step: str, percent: int) -> None:
        nonlocal last, sent_at
        now = time.monotonic()
        if step == last[0] and (percent == last[1] or now - sent_at < _REPORT_EVERY_S):
            return
        last, sent_at = (step, percent), now
        _send(answers, {"step": step, "percent": percent})

    return report


def _send(answers: int, message: dict[str, Any]) -> None:
    # Shorter than PIPE_BUF or not: nobody else writes to this pipe, so lines stay whole.
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(answers, data) :]


def peak_mb(usage: resource.struct_rusage) -> float:
    """The largest resident set in MB; Linux counts kilobytes, macOS bytes."""
    return round(usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
