"""Where files are parsed: child processes with limits, behind one call.

Each thread that calls `Sandbox.run` at the same time gets a zygote of its own (see zygote.py),
so two workers really work in parallel. Idle zygotes are kept for the next call.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused, SandboxError
from edu.media.limits import Limits
from edu.media.workdir import read_result

__all__ = ["Limits", "OnProgress", "Result", "Sandbox"]

OnProgress = Callable[[str, int], None]

_EDU = Path(__file__).resolve().parents[1]
# The zygote gets the package `edu` without running its __init__: no web application, no settings
# and no secrets in the memory of a process that parses strangers' files, and a quick start.
_BOOT = (
    "import sys, types; edu = types.ModuleType('edu'); edu.__path__ = [sys.argv[1]];"
    "sys.modules['edu'] = edu; from edu.media.zygote import main; main()"
)
# For the same reason these are all that it sees of the environment.
_PASSED_ON = (
    *("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONWARNINGS", "FFMPEG_BINARY", "IMAGEIO_FFMPEG_EXE"),
)
# One thread each for numeric libraries: a fork copies no threads, and each of them reserves
# address space, which is limited here.
_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
# A library of the video reader would fill the environment from the application's settings file.
_SET = _THREADS | {"PYTHON_DOTENV_DISABLED": "1"}
_KEEP_ALIVE_S = 1.5
# The zygote keeps the wall limit; this much later the caller stops believing in the zygote.
_GRACE_S = 15.0
_ATTEMPTS = 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What a task returned; the child's peak memory in MB and its wall time in seconds."""

    data: dict[str, Any]
    peak_mb: float
    seconds: float


class _ZygoteDiedError(Exception):
    pass


class Sandbox:
    """Runs tasks on files in limited child processes. Thread-safe; close it when done.

    `font`: a TrueType file for drawn thumbnails, see `thumbnails.docx_thumbnail`.
    """

    def __init__(self, limits: Limits | None = None, font: Path | None = None) -> None:
        self.limits = limits or Limits()
        self.font = font
        self._idle: list[_Zygote] = []
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self,
        task: str,
        source: Path,
        workdir: Path,
        name: str,
        on_progress: OnProgress,
        *,
        limits: Limits | None = None,
    ) -> Result:
        """Run a task of `child.TASKS` on one file and wait for it, within its own limits if given.

        `on_progress(step, percent)` is called in this thread with each change and, while there is
        none, every 1.5 s; if it raises, the child is killed and the exception passes through.
        Raises FileRefused, SandboxError. A zygote that died is replaced, the run tried again once.
        """
        request = {
            "task": task,
            "source": str(source.absolute()),
            "workdir": str(workdir.absolute()),
            "name": name,
            "font": str(self.font.absolute()) if self.font else "",
            "limits": asdict(limits or self.limits),
        }
        answer = self._ask(request, on_progress)
        return _to_result(answer, workdir, name)

    def close(self) -> None:
        """Let idle zygotes go; those at work go when their run ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for zygote in idle:
            zygote.stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, Any], on_progress: OnProgress) -> dict[str, Any]:
        patience_s = float(request["limits"]["wall_s"]) + _GRACE_S
        for _attempt in range(_ATTEMPTS):
            zygote = self._take()
            try:
                answer = zygote.ask(request, on_progress, patience_s)
            except _ZygoteDiedError:
                zygote.stop()
                continue
            except BaseException:
                zygote.stop()
                raise
            self._give_back(zygote)
            return answer
        raise SandboxError("the process that reads files died twice")

    def _take(self) -> _Zygote:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed")
            while self._idle:
                zygote = self._idle.pop()
                if zygote.alive():
                    return zygote
                zygote.stop()
        return _Zygote()

    def _give_back(self, zygote: _Zygote) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(zygote)
                return
        zygote.stop()


class _Zygote:
    """One process of zygote.py, serving one request at a time."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C in a terminal is for the caller, which then closes stdin.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, str(_EDU)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env={key: os.environ[key] for key in _PASSED_ON if key in os.environ} | _SET,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise SandboxError("the process that reads files has no pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self, request: dict[str, Any], on_progress: OnProgress, patience_s: float
    ) -> dict[str, Any]:
        try:
            self._stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise _ZygoteDiedError from error
        last = ("inspect", 0)
        for message in self._messages(time.monotonic() + patience_s):
            if message.get("final"):
                return message
            if "missing" in message:
                _warn_once(tuple(message["missing"]))
                continue
            last = (message["step"], message["percent"]) if message else last
            on_progress(*last)
        raise _ZygoteDiedError

    def stop(self) -> None:
        """Close its stdin, upon which it kills its child and leaves; kill it if it does not."""
        self._stdin.close()
        self._stdout.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _messages(self, deadline: float) -> Iterator[dict[str, Any]]:
        """Yield messages; an empty one for each silence of `_KEEP_ALIVE_S`."""
        pipe, buffer = self._stdout.fileno(), b""
        while time.monotonic() < deadline:
            if not select.select([pipe], [], [], _KEEP_ALIVE_S)[0]:
                yield {}
                continue
            data = os.read(pipe, 1 << 16)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            yield from map(json.loads, lines)
        raise FileRefused("limits", detail="time")


@functools.cache
def _warn_once(missing: tuple[str, ...]) -> None:
    _log.warning(
        "This machine lacks parts of the sandbox for uploaded files: %s. They are parsed with "
        "what it has; run the service as a user of its own.",
        ", ".join(missing),
    )


def _to_result(answer: dict[str, Any], workdir: Path, name: str) -> Result:
    if "refused" in answer:
        if "trace" in answer:
            _log.warning("%s: the parser failed\n%s", name, answer["trace"])
        raise FileRefused(answer["refused"], **answer["details"])
    if "ok" not in answer:
        raise SandboxError(str(answer.get("failed", "no answer")))
    return Result(read_result(workdir), answer["peak_mb"], answer["seconds"])
