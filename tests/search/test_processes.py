"""One writer and many readers, over threads and processes, some of them killed."""

import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from edu.search.base import IndexBusy, SearchRequest
from edu.search.postgres.index import PostgresIndex
from edu.search.whoosh.index import WhooshIndex
from tests.search.killed import MATERIALS
from tests.search.rebuilds import rebuild
from tests.search.samples import ask, document, found
from tests.search.writers import PAGE

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.processes,
    # Whoosh, opening a segment that a merge removes meanwhile, leaves the first files to the
    # collector; the reader tries again.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()  # so that the files left open are noticed here and not in a later test


@contextmanager
def writer(act: str, index_root: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an act of tests.search.writers in a process of its own."""
    with run_module("tests.search.writers", act, str(index_root)) as process:
        yield process


@contextmanager
def run_module(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a process of its own; kill -9 it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def first_line(process: subprocess.Popen[str]) -> str:
    """Wait until the process has begun its work, and return what it says."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the process ended before its work began"
    return line


@pytest.fixture
def root(tmp_path: Path) -> Path:
    index = WhooshIndex.open_or_create(tmp_path / "index")
    rebuild(index, (document(n, PAGE) for n in range(1, 60)))
    index.close()
    return tmp_path / "index"


def test_a_reader_sees_the_update_of_another_process(root: Path) -> None:
    index = WhooshIndex(root)
    assert found(index, "тензор") == []
    with writer("update_once", root) as process:
        process.wait(30)
    assert found(index, "тензор") == [77]
    index.close()


def test_a_thread_sees_the_update_of_another(root: Path) -> None:
    index = WhooshIndex(root)
    assert found(index, "тензор") == []
    thread = threading.Thread(target=index.update, args=([document(77, "тензор")], []))
    thread.start()
    thread.join()
    assert found(index, "тензор") == [77]
    index.close()


def test_readers_go_on_while_another_process_writes_and_merges(root: Path) -> None:
    index = WhooshIndex(root)
    with writer("churn", root) as process:
        first_line(process)
        deadline = time.monotonic() + 3
        with ThreadPoolExecutor(4) as pool:
            totals = pool.map(lambda _: read_until(index, deadline), range(4))
            assert set().union(*totals) == {59}


def read_until(index: WhooshIndex, deadline: float) -> set[int]:
    totals = set()
    while time.monotonic() < deadline:
        answer = ask(index, "ряды Фурье")
        assert all(hit.places and hit.places[0].matched == 2 for hit in answer.hits)
        totals.add(answer.total)
    index.close()
    return totals


def test_a_reader_that_slept_through_merges_finds_what_is_there_now(root: Path) -> None:
    sleeper = WhooshIndex(root)
    assert ask(sleeper, "ряд").total == 59
    other = WhooshIndex(root)
    for number in range(60, 66):
        other.update([document(number, PAGE)], [number - 59])
    other.optimize()
    assert ask(sleeper, "ряд").total == 59
    assert 65 in sleeper.ids()
    sleeper.close()
    other.close()


def test_searches_during_rebuilds_never_fail_or_come_back_empty(root: Path) -> None:
    index = WhooshIndex(root)
    done = threading.Event()
    totals: set[int] = set()

    def search() -> None:
        while not done.is_set():
            totals.add(ask(index, "ряды Фурье").total)
        index.close()

    with ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(search) for _ in range(3)]
        try:
            for _ in range(6):
                rebuild(index, (document(n, PAGE) for n in range(1, 60)))
        finally:
            done.set()
        for finished in searches:
            finished.result()
    assert totals == {59}
    assert len([path for path in root.iterdir() if path.is_dir()]) == 2


def test_a_failed_rebuild_leaves_the_live_index_alone(root: Path) -> None:
    def broken() -> Iterator[object]:
        yield document(1, PAGE)
        raise RuntimeError("the database went away")

    index = WhooshIndex(root)
    with pytest.raises(RuntimeError):
        rebuild(index, broken())  # type: ignore[arg-type]  # only its first item is read
    assert ask(index, "ряд").total == 59
    index.close()


def test_a_rebuild_that_was_killed_goes_on_with_what_it_had(root: Path) -> None:
    index = WhooshIndex(root)
    with writer("begin_rebuild", root) as process:
        done = [int(first_line(process)) for _ in range(3)]
    assert ask(index, "ряды Фурье").total == 59
    with index.rebuilding() as making:
        held = making.revisions()
        assert len(held) in (done[-1], done[-1] + 10)  # one more may have been put in meanwhile
        assert held == dict.fromkeys(range(1, len(held) + 1), 3)
        making.add([document(1, "тензор", revision=4)], [2])
        making.finish()
    assert index.revisions() == {n: 4 if n == 1 else 3 for n in held if n != 2}
    assert found(index, "тензор") == [1]
    index.close()


def test_a_rebuild_keeps_nobody_from_writing_but_another_rebuild(root: Path) -> None:
    index = WhooshIndex(root, lock_timeout=0.2)
    with writer("begin_rebuild", root) as process:
        first_line(process)
        index.update([document(77, "тензор")], [])
        assert found(index, "тензор") == [77]
        with pytest.raises(IndexBusy), index.rebuilding():
            pass
    index.close()


def test_writers_killed_at_ten_moments_leave_what_check_finds_no_fault_with(
    tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "edu.db")
    with run_module("tests.search.killed", str(tmp_path)) as process:
        assert first_line(process) == "ready\n"
        index, totals = WhooshIndex(tmp_path / "index"), set()
        while process.poll() is None:
            totals.add(ask(index, "ряды Фурье").total)
        index.close()
        assert process.stdout is not None
        said = process.stdout.read()
        assert (process.returncode, totals) == (0, {MATERIALS}), said


def test_writers_killed_at_ten_moments_leave_the_same_in_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    with run_module("tests.search.killed", str(tmp_path), postgres_url) as process:
        assert first_line(process) == "ready\n"
        index, totals = PostgresIndex(postgres_url), set()
        while process.poll() is None:
            totals.add(ask(index, "ряды Фурье").total)
        index.disconnect()
        assert process.stdout is not None
        said = process.stdout.read()
        assert (process.returncode, totals) == (0, {MATERIALS}), said


def test_writers_wait_for_each_other_and_say_when_it_takes_too_long(root: Path) -> None:
    index = WhooshIndex(root, lock_timeout=0.2)
    with writer("hold_lock", root) as process:
        assert first_line(process) == "held\n"
        with pytest.raises(IndexBusy):
            index.update([document(1)], [])
        assert index.search(SearchRequest.of("ряд")).total == 59
    index.update([document(1)], [])
    index.close()


def test_threads_that_write_at_once_lose_nothing(root: Path) -> None:
    index = WhooshIndex(root)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: index.update([document(n, "тензор")], []), range(100, 112)))
    assert ask(index, "тензор").total == 12
    index.close()
