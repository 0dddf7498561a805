"""The real product on a free port: gunicorn, the worker and the commands as processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import close_all_sessions

from edu import create_app
from edu.accounts import service as accounts
from edu.accounts.models import Role
from edu.config import ROOT, load_settings
from edu.demo.tree import subject_tree
from edu.extensions import db
from edu.site.cli import upgrade_database
from edu.tree.service import ensure_tree
from tests import services

PASSWORD = "correct horse battery"
BIN = Path(sys.executable).parent
# Of the tests' own environment the product sees only what finds programs and libraries.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")
TAIL_LINES = 40


class Product:
    """An installation in a folder of its own; what it has started ends with `stop`."""

    def __init__(self, folder: Path, **env: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data = folder, folder / "data"
        self.port = services.free_port()
        self.env = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        self.env["PATH"] = f"{BIN}{os.pathsep}{self.env.get('PATH', '')}"
        self.env |= {"HOST": "127.0.0.1", "PORT": str(self.port), "EDU_DATA": str(self.data)}
        self.env |= {"PYTHONUNBUFFERED": "1", "FLASK_APP": "wsgi", **env}
        self.running: list[subprocess.Popen[bytes]] = []
        self._app: Flask | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def app(self) -> Flask:
        """The same installation in this process, to look into and to prepare things."""
        if self._app is None:
            own = {key: self.env[key] for key in self.env if key not in PASSED_ON}
            self._app = create_app(load_settings(own))
        return self._app

    def prepare(self) -> None:
        """Migrate; subjects of the demo library; Alice, Moderator Maria and Charlie."""
        with self.app.app_context():
            upgrade_database()
            ensure_tree(subject_tree())
            roles = {"alice": Role.USER, "maria": Role.MODERATOR, "charlie": Role.USER}
            for name, role in roles.items():
                accounts.create_user(f"{name}@example.org", PASSWORD, name.title(), role=role)
            db.session.commit()

    def spawn(self, log: str, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in the project folder with its output in `log`."""
        with (self.folder / f"{log}.log").open("ab") as stream:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                **options,
            )
        self.running.append(process)
        return process

    def start_web(self) -> subprocess.Popen[bytes]:
        """gunicorn, when it answers."""
        process = self.spawn("web", str(BIN / "gunicorn"), "wsgi:app")
        services.wait_for_port(self.port, process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """The worker; it may need a second until it looks into the queue."""
        return self.spawn("worker", sys.executable, "-m", "jobs")

    def start_assistant(self) -> subprocess.Popen[bytes]:
        """The assistant's worker, where a model has to answer."""
        return self.spawn("assistant", sys.executable, "-m", "jobs", "assistant")

    def spawn_flask(self, *arguments: str, log: str = "flask") -> subprocess.Popen[bytes]:
        """A `flask` command that goes on in the background."""
        return self.spawn(log, str(BIN / "flask"), *arguments)

    def flask(self, *arguments: str, seconds: float = 90) -> tuple[int, str]:
        """Run a `flask` command; its exit status and all that it said."""
        done = subprocess.run(
            [str(BIN / "flask"), *arguments],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        return done.returncode, done.stdout.decode()

    def read_log(self, name: str) -> str:
        """All that a process has said so far."""
        path = self.folder / f"{name}.log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def tails(self) -> str:
        """The last lines of every log."""
        parts = []
        for path in sorted(self.folder.glob("*.log")):
            lines = path.read_text("utf-8", errors="replace").splitlines()[-TAIL_LINES:]
            parts.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(parts)

    def ask(self, question: Callable[[], Any]) -> Any:
        """An answer out of a fresh look into the database."""
        with self.app.app_context():
            return question()

    def stop(self) -> None:
        """End what still runs, the youngest first."""
        for process in reversed(self.running):
            with services.stopping(process):
                pass
        if self._app is not None:
            close_all_sessions()
            with self._app.app_context():
                db.engine.dispose()


@contextmanager
def make_product(folder: Path, **env: str) -> Iterator[Product]:
    """A product that is stopped with the block."""
    product = Product(folder, **env)
    try:
        yield product
    finally:
        product.stop()


def show_logs(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the products' last words into the report of a failed test."""
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Product):
                report.sections.append((f"logs of {value.url}", value.tails()))


def wait_until(
    condition: Callable[[], object], seconds: float, what: str, step: float = 0.05
) -> None:
    """Wait for a condition. Raises TimeoutError that says what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(step)


def answers(url: str) -> bool:
    """Whether the address answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """The ids of all processes below this one, in whatever session they are."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # A process may end while one looks.
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found, fresh = set[int](), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def is_listening(port: int) -> bool:
    """Whether somebody takes connections; a killed process may do so until its last thread ends."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def kill_hard(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, without any chance to tidy up."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)
