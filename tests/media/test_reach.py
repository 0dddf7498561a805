"""A parser that was taken over reaches its own file and folder, and dies with its run."""

from __future__ import annotations

import json
import logging
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edu.hardening import forbid_inspection
from edu.media import landlock, process, sandbox
from edu.media.errors import FileRefused
from edu.media.sandbox import Limits, Sandbox
from edu.media.workdir import read_result, used_bytes
from tests.media import samples

ROOT = Path(__file__).resolve().parents[2]
BOOT = (
    "import sys, types; edu = types.ModuleType('edu'); edu.__path__ = [sys.argv[1]];"
    "sys.modules['edu'] = edu; sys.path.append({root!r});"
    "from tests.media.probe import install; install();"
    "from edu.media.zygote import main; main()"
)
LINUX = sys.platform == "linux"
needs_linux = pytest.mark.skipif(not LINUX, reason="the confinement is the Linux kernel's")
needs_filter = pytest.mark.skipif(
    not LINUX or platform.machine() not in ("x86_64", "aarch64"),
    reason="the filter of system calls is written for x86_64 and aarch64",
)
needs_landlock = pytest.mark.skipif(landlock.version() < 1, reason="this kernel has no Landlock")
needs_scopes = pytest.mark.skipif(landlock.version() < 6, reason="Landlock here has no scopes")
# Numbers of system calls that no kernel has, and a container that denies namespaces.
OLD_KERNEL = (
    "from edu.media import landlock, reach, seccomp; landlock._CREATE_RULESET = 9999;"
    "seccomp._SECCOMP = (9999, 9999); reach._unshare = lambda flags: False;"
    "from edu.media.zygote import main"
)
BURIAL = """
import os, subprocess, sys
from edu.hardening import prctl
from edu.media.family import bury_descendants
prctl(36, 1)
nap = "import time; print(1, flush=True); time.sleep(600)"
start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {nap!r}])"
for session in (False, True):
    command = [sys.executable, "-c", start]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=session)
    child.stdout.readline()
    child.wait()
bury_descendants()
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("all dead")
"""


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose children know the probe's tasks."""
    monkeypatch.setattr(sandbox, "_BOOT", BOOT.format(root=str(ROOT)))
    with Sandbox(Limits(wall_s=20, output_mb=4)) as box:
        yield box


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "file"
    path.parent.mkdir()
    path.write_bytes(b"hostile")
    (path.parent / "secret_key").write_bytes(b"secret")
    return path


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture
def outcome(box: Sandbox, source: Path, workdir: Path) -> Iterator[dict[str, str]]:
    """What became of each of the probe's attempts, with real targets for all of them."""
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(source.parent / "socket"))
        local.listen()
        targets = {
            "secret": str(source.parent / "secret_key"),
            "pid": bystander.pid,
            "port": server.getsockname()[1],
            "socket": str(source.parent / "socket"),
        }
        try:
            yield box.run("probe", source, workdir, json.dumps(targets), lambda *_: None).data
        finally:
            bystander.kill()
            bystander.wait()


def refusal(box: Sandbox, task: str, source: Path, workdir: Path, name: str = "") -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        box.run(task, source, workdir, name, lambda *_: None)
    return caught.value


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@needs_landlock
def test_child_reads_and_writes_only_its_own(
    outcome: dict[str, str], source: Path, workdir: Path
) -> None:
    assert not outcome["read source"]
    assert not outcome["write own"]
    for attempt in ("read secret", "read environment", "list", "write", "append to source", "link"):
        assert outcome[attempt] == "PermissionError", attempt
    assert sorted(path.name for path in source.parent.iterdir()) == ["file", "secret_key", "socket"]
    assert not (workdir / "link").is_symlink()


@needs_filter
def test_child_has_no_way_to_others(outcome: dict[str, str]) -> None:
    for attempt in ("connect", "connect to a path", "datagram"):
        assert outcome[attempt] == "PermissionError", attempt
    assert outcome["leave the group"] == "PermissionError"
    assert outcome["become root elsewhere"] == "PermissionError"


@needs_scopes
def test_child_cannot_signal_others(outcome: dict[str, str]) -> None:
    assert outcome["signal"] == "PermissionError"


@needs_linux
@pytest.mark.parametrize("name", ["", "wait"])
def test_what_a_child_started_dies_with_it(
    box: Sandbox, source: Path, workdir: Path, name: str
) -> None:
    box.limits = Limits(wall_s=1.5)
    if name:
        refused = refusal(box, "escape", source, workdir, name)
        assert (refused.code, refused.details) == ("limits", {"detail": "time"})
    else:
        box.run("escape", source, workdir, name, lambda *_: None)
    assert not is_alive(int((workdir / "pid").read_text()))


@needs_linux
def test_processes_that_left_their_group_are_buried() -> None:
    command = [sys.executable, "-c", BURIAL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "all dead\n"


def test_sum_of_the_written_files_is_limited(box: Sandbox, source: Path, workdir: Path) -> None:
    started = time.monotonic()
    refused = refusal(box, "fill", source, workdir)
    assert (refused.code, refused.details) == ("limits", {"detail": "output"})
    # Room for the other tests that run beside it.
    assert time.monotonic() - started < 20
    assert used_bytes(workdir, 1 << 40) < 300 << 20


def test_size_of_a_folder_counts_every_entry(tmp_path: Path) -> None:
    assert used_bytes(tmp_path, 1 << 20) == 0
    assert used_bytes(tmp_path / "gone", 1 << 20) == 0
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(bytes(10_000))
    assert used_bytes(tmp_path, 1 << 20) >= 4096 + 4096 + 10_000
    assert used_bytes(tmp_path, 0) > 0


@pytest.mark.parametrize(
    "line",
    [
        *("nonsense", "[" * 60_000, "x" * 200_000, "[]", '{"ok": 1}', '{"missing": [1]}'),
        *('{"step": 1, "percent": 2}', '{"refused": "broken", "details": {"code": "x"}}'),
    ],
)
def test_nonsense_is_the_files_fault(box: Sandbox, source: Path, workdir: Path, line: str) -> None:
    refused = refusal(box, "lie", source, workdir, line)
    assert (refused.code, refused.details) == ("broken", {"detail": "messages"})
    assert box._idle[0].alive()


@pytest.mark.parametrize("link", [False, True])
def test_thumbnail_comes_from_nowhere_else(
    box: Sandbox, source: Path, workdir: Path, link: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = source.parent / "secret_key"
    if link:
        (workdir / "thumbnail.webp").symlink_to(secret)
    run = box.run
    monkeypatch.setattr(box, "run", lambda _, *rest: run("link", *rest))
    with pytest.raises(FileRefused) as caught:
        process.process_file(box, source, str(secret), workdir, lambda *_: None)
    assert caught.value.code == "broken"


def test_result_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "result.json").symlink_to(tmp_path / "secret")
    with pytest.raises(FileRefused):
        read_result(tmp_path)


@needs_linux
def test_machine_that_lacks_parts_works_and_is_told_once(
    source: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    boot = BOOT.format(root=str(ROOT)).replace("from edu.media.zygote import main", OLD_KERNEL)
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    sandbox._warn_once.cache_clear()
    with caplog.at_level(logging.WARNING), Sandbox(Limits(wall_s=20)) as box:
        for _ in range(2):
            box.run("escape", source, workdir, "", lambda *_: None)
            # Without the filter it did leave its group.
            assert not is_alive(int((workdir / "pid").read_text()))
            (workdir / "pid").unlink()
    [record] = caplog.records
    assert "namespaces, landlock, system call filter." in record.getMessage()
    sandbox._warn_once.cache_clear()


def test_settings_file_of_the_application_stays_unread(
    box: Sandbox, tmp_path: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=not for parsers\n")
    monkeypatch.chdir(tmp_path)
    video = samples.write_mp4(tmp_path / "a.mp4")
    found = process.process_file(box, video, video.name, workdir, lambda *_: None)
    assert found.duration == pytest.approx(2, abs=0.1)


@needs_linux
def test_process_can_forbid_inspection() -> None:
    pid = os.fork()
    if pid == 0:
        hidden = forbid_inspection() and Path("/proc/self/environ").stat().st_uid == 0
        os._exit(0 if hidden else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
