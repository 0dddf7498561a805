"""Real servers for the tests, started on loopback in a folder of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing(name: str, hint: str) -> NoReturn:
    """Skip for want of a program, unless EDU_REQUIRE says that it has to be there."""
    if name in os.environ.get("EDU_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required and missing ({hint})")
    pytest.skip(f"{name} is missing ({hint})")


def free_port() -> int:
    """A port of the loopback address that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Wait until something listens; fails when the process ends first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


def find_chromium() -> str:
    """The browser's program, or a skip."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    missing("chromium", "install the package chromium")


@contextmanager
def stopping(
    process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """End the process with the block."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def run_redis(folder: Path) -> Iterator[str]:
    """A Redis server of our own; yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis", "install the package redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    with stopping(subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL)) as process:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"


def _postgres_programs() -> Path | None:
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name.split(".")[0])
    )
    if versions:
        return versions[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def run_postgres() -> Iterator[str]:
    """A PostgreSQL server of our own; yields the URL of its maintenance database."""
    programs = _postgres_programs()
    if programs is None:
        missing("postgres", "install the package postgresql")
    # The server refuses to run as root; the package brings a user for it, who cannot enter the
    # folders of pytest: those are closed to others anew with every run that starts.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="edu-postgres-") as own:
        if user:
            shutil.chown(own, user)
        with _postgres_in(Path(own) / "data", programs, user) as url:
            yield url


@contextmanager
def _postgres_in(data: Path, programs: Path, user: str | None) -> Iterator[str]:
    port = free_port()
    common: dict[str, Any] = {"user": pwd.getpwnam(user).pw_uid if user else None, "cwd": "/"}
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "edu", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        **common,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    hasty = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    command = [str(programs / "postgres"), "-D", str(data), *options.split(), *hasty.split()]
    with data.with_name("server.log").open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(command, stderr=log, **common)
    # SIGINT is the server's fast shutdown; SIGTERM would wait for whoever is still connected.
    url = f"postgresql://edu@127.0.0.1:{port}/postgres"
    with stopping(process, signal.SIGINT):
        wait_for_port(port, process)
        _wait_for_answer(url)
        yield url


def _wait_for_answer(url: str, seconds: float = 30) -> None:
    # The port is open a moment before the server takes anybody in.
    end = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
