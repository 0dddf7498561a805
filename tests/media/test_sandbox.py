"""A hostile file costs a child process, never the worker; a dead worker leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from edu.media.errors import FileRefused, SandboxError
from edu.media.process import Processed, process_file
from edu.media.sandbox import Limits, Sandbox
from tests.media import samples

ROOT = Path(__file__).resolve().parents[2]
PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not (PROC / "self/stat").exists(), reason="needs /proc")
WORKER = """
import sys
from pathlib import Path
from edu.media.process import process_file
from edu.media.sandbox import Sandbox
source = Path(sys.argv[1])
process_file(Sandbox(), source, source.name, source.parent, lambda *_: print("beat", flush=True))
"""


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    return samples.endless_pdf(tmp_path / "endless.pdf")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return samples.page_pdf(tmp_path / "good.pdf", b"BT /F1 12 Tf 72 720 Td (A good word) Tj ET")


def run(sandbox: Sandbox, path: Path, progress: Callable[[str, int], None]) -> Processed:
    workdir = path.parent / f"work-{path.name}-{threading.get_ident()}"
    workdir.mkdir(exist_ok=True)
    return process_file(sandbox, path, path.name, workdir, progress)


def refusal(limits: Limits, path: Path) -> FileRefused:
    with Sandbox(limits) as sandbox:
        with pytest.raises(FileRefused) as caught:
            run(sandbox, path, lambda *_: None)
        [zygote] = sandbox._idle
        assert zygote.alive()
        assert descendants(zygote.pid) == set()
    return caught.value


def parents() -> dict[int, int]:
    """The parent of each living process; a zombie is no longer living."""
    found = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    tree = parents()
    found = {child for child, parent in tree.items() if parent == pid}
    return found.union(*(descendants(child) for child in found))


def wait_until(condition: Callable[[], object], seconds: float = 6) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_steps_come_in_order_and_percentages_only_grow(good: Path, sandbox: Sandbox) -> None:
    calls: list[tuple[str, int]] = []
    found = run(sandbox, good, lambda step, percent: calls.append((step, percent)))
    assert list(dict.fromkeys(step for step, _ in calls)) == ["inspect", "text", "thumbnail"]
    assert [percent for _, percent in calls] == sorted(percent for _, percent in calls)
    assert found.passages[0].text == "A good word"
    assert found.thumbnail is not None
    assert found.thumbnail.is_file()
    assert 5 < found.peak_mb < 500


@pytest.mark.parametrize(
    ("limits", "detail"),
    [(Limits(wall_s=0.4), "time"), (Limits(cpu_s=1), "cpu")],
)
@needs_proc
def test_endless_file_meets_its_limit(endless: Path, limits: Limits, detail: str) -> None:
    started = time.monotonic()
    refused = refusal(limits, endless)
    assert (refused.code, refused.details) == ("limits", {"detail": detail})
    # Without the limit it would never end; other tests run beside it.
    assert time.monotonic() - started < 20


@needs_proc
def test_memory_and_output_are_limited(tmp_path: Path) -> None:
    large = samples.page_pdf(tmp_path / "large.pdf", b"(%s) Tj " % (b"a" * 100) * 300_000)
    assert refusal(Limits(memory_mb=40), large).code == "limits"
    words = b"BT /F1 1 Tf " + b"1 0 0 1 9 9 Tm (limit) Tj " * 300 + b"ET"
    text = samples.page_pdf(tmp_path / "text.pdf", words)
    refused = refusal(Limits(output_mb=0), text)
    assert (refused.code, refused.details) == ("limits", {"detail": "output"})


def test_silent_child_still_beats(endless: Path) -> None:
    beats = [time.monotonic()]
    with Sandbox(Limits(wall_s=4)) as sandbox, pytest.raises(FileRefused):
        run(sandbox, endless, lambda *_: beats.append(time.monotonic()))
    beats.append(time.monotonic())
    assert max(later - beat for beat, later in pairwise(beats)) < 2.5


@needs_proc
def test_exception_in_progress_kills_the_child(endless: Path, good: Path) -> None:
    class ClaimLostError(Exception):
        pass

    def progress(step: str, percent: int) -> None:
        if step == "text":
            raise ClaimLostError

    with Sandbox() as sandbox:
        before = descendants(os.getpid())
        with pytest.raises(ClaimLostError):
            run(sandbox, endless, progress)
        assert wait_until(lambda: descendants(os.getpid()) <= before)
        assert run(sandbox, good, lambda *_: None).pages == 1


def test_two_threads_work_at_the_same_time(good: Path) -> None:
    meeting = threading.Barrier(2, timeout=20)

    def progress(step: str, percent: int) -> None:
        if (step, percent) == ("inspect", 0) and not met.get(threading.get_ident()):
            met[threading.get_ident()] = True
            meeting.wait()

    met: dict[int, bool] = {}
    with Sandbox() as sandbox, ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(run, sandbox, good, progress) for _ in range(2)]
        assert [result.result().pages for result in runs] == [1, 1]
        assert len(sandbox._idle) == 2


def test_dead_zygote_is_replaced(good: Path) -> None:
    with Sandbox() as sandbox:
        run(sandbox, good, lambda *_: None)
        [zygote] = sandbox._idle
        os.kill(zygote.pid, signal.SIGKILL)
        assert run(sandbox, good, lambda *_: None).pages == 1


def test_zygote_killed_at_work_is_replaced_once(good: Path, endless: Path) -> None:
    victims: list[int] = []

    def progress(step: str, percent: int) -> None:
        for pid in sorted(descendants(os.getpid()) - before):
            if pid not in victims and (PROC / str(pid)).exists():
                victims.append(pid)
                os.kill(pid, signal.SIGKILL)
                return

    before = descendants(os.getpid())
    with Sandbox(Limits(wall_s=3)) as sandbox:
        with pytest.raises((SandboxError, FileRefused)):
            run(sandbox, endless, progress)
        assert run(sandbox, good, lambda *_: None).pages == 1


def test_missing_source_is_the_machines_fault(tmp_path: Path, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError):
        run(sandbox, tmp_path / "gone.pdf", lambda *_: None)


def test_closed_sandbox_takes_no_more(good: Path) -> None:
    sandbox = Sandbox()
    sandbox.close()
    with pytest.raises(SandboxError):
        run(sandbox, good, lambda *_: None)


@needs_proc
def test_parsers_see_no_secrets(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for parsers")
    with Sandbox(replace(Limits(), cpu_s=60)) as sandbox:
        run(sandbox, good, lambda *_: None)
        environment = (PROC / str(sandbox._idle[0].pid) / "environ").read_bytes()
    assert b"not for parsers" not in environment


@needs_proc
def test_killed_worker_leaves_no_process(endless: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(endless)], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"beat\n"
        assert wait_until(lambda: len(descendants(worker.pid)) == 2)
        family = descendants(worker.pid)
    finally:
        worker.kill()
        worker.communicate()
    assert wait_until(lambda: not family & set(parents()))
