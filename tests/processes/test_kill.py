"""SIGKILL at the worst moments: nothing is lost, nothing is there twice, nothing stays behind."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import func, select

from edu.extensions import db
from edu.materials.models import Material, StoredFile
from jobs.materials import process_material, reconcile
from jobs.queue import Queue
from jobs.search import update_index
from tests.processes.samples import count_states, index_is_exact, make_folder
from tests.product import (
    PASSWORD,
    Product,
    answers,
    descendants,
    is_alive,
    is_listening,
    kill_hard,
    wait_until,
)

pytestmark = pytest.mark.processes
FILES = 20
DAY_S = 24 * 3600


def kill_worker_after(product: Product, worker: subprocess.Popen[bytes], finished: int) -> None:
    """SIGKILL in the middle of the work; its children have to notice by themselves."""
    wait_until(
        lambda: product.ask(count_states)["active"] >= finished, 60, f"{finished} files are done"
    )
    children = descendants(worker.pid)
    kill_hard(worker)
    assert children, "the worker was idle: nothing was interrupted"
    wait_until(lambda: not any(map(is_alive, children)), 10, "the worker's children are gone")
    assert product.ask(count_states)["processing"] > 0


def test_a_worker_killed_twice_while_it_processes_loses_nothing(
    product: Product, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "course", FILES)
    status, said = product.flask("materials", "import", str(folder), "--no-wait")
    assert status == 0, said
    kill_worker_after(product, product.start_worker(), 3)
    kill_worker_after(product, product.start_worker(), 9)
    worker = product.start_worker()
    wait_until(lambda: product.ask(count_states)["processing"] == 0, 90, "all files are done")
    assert product.ask(count_states) == {"active": FILES}
    wait_until(lambda: product.ask(index_is_exact), 60, "the index has each once")
    attempts = select(func.max(Material.attempts))
    assert product.ask(lambda: db.session.scalar(attempts)) > 1
    children = descendants(worker.pid)
    worker.terminate()
    assert worker.wait(30) == 0
    wait_until(lambda: not any(map(is_alive, children)), 10, "no process is left")
    assert product.flask("search", "check")[0] == 0


class Visitor:
    """A signed-in browser without a window."""

    def __init__(self, product: Product, name: str) -> None:
        self.product = product
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        form = {"email": f"{name}@example.org", "password": PASSWORD, "csrf_token": self.token()}
        data = urllib.parse.urlencode(form).encode()
        self.opener.open(f"{product.url}/login", data, timeout=20).close()

    def token(self, path: str = "/login") -> str:
        """The token that forms of this session carry."""
        with self.opener.open(self.product.url + path, timeout=20) as answer:
            found = re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())
        assert found
        return found[1]

    def begin_upload(self, announced: int, sent: int) -> socket.socket:
        """Send the beginning of an upload of `announced` bytes and keep the connection."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        head = (
            '--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            f"{self.token('/upload')}\r\n"
            '--cut\r\nContent-Disposition: form-data; name="file"; filename="big.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n%PDF-1.7\n"
        ).encode()
        request = (
            f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1:{self.product.port}\r\n"
            f"Cookie: {cookies}\r\nContent-Type: multipart/form-data; boundary=cut\r\n"
            f"Content-Length: {len(head) + announced}\r\n\r\n"
        ).encode()
        connection = socket.create_connection(("127.0.0.1", self.product.port), 10)
        connection.sendall(request + head + os.urandom(sent))
        return connection


def count_rows() -> tuple[int, int]:
    """Materials and stored files."""
    counts = [db.session.scalar(select(func.count(c))) or 0 for c in (Material.id, StoredFile.id)]
    return counts[0], counts[1]


def test_a_server_killed_during_an_upload_leaves_no_half_file(product: Product) -> None:
    web = product.start_web()
    alice, incoming = Visitor(product, "alice"), product.data / "incoming"
    connection = alice.begin_upload(announced=30_000_000, sent=6_000_000)
    wait_until(
        lambda: any(path.stat().st_size > 1_000_000 for path in incoming.glob("*")),
        20,
        "the server writes the upload",
    )
    below = descendants(web.pid)
    kill_hard(web)
    for pid in filter(is_alive, below):
        os.kill(pid, signal.SIGKILL)
    connection.close()
    (leftover,) = incoming.iterdir()

    assert product.ask(count_rows) == (0, 0)
    assert not [path for path in (product.data / "storage").rglob("*") if path.is_file()]
    wait_until(lambda: not is_listening(product.port), 10, "the port is free again")
    product.start_web()
    assert answers(f"{product.url}/readyz")

    # The reconciler takes away what is too old to belong to anybody.
    work = product.data / "work"
    old, fresh = work / "m1-old", work / "m2-fresh"
    for path in (old, fresh):
        path.mkdir(parents=True)
        (path / "page.txt").write_text("половина")
    for path in (leftover, old):
        os.utime(path, (time.time() - 2 * DAY_S,) * 2)
    (incoming / "upload-young").write_bytes(b"somebody is sending this")
    product.start_worker()
    wait_until(lambda: not leftover.exists() and not old.exists(), 30, "leftovers are removed")
    assert fresh.exists()
    assert [path.name for path in incoming.iterdir()] == ["upload-young"]


def test_a_lost_message_is_noticed_beside_those_that_wait(product: Product, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "course", 3)
    assert product.flask("materials", "import", str(folder), "--no-wait")[0] == 0
    with product.app.app_context():
        queue: Queue = product.app.extensions["edu.queue"]
        first, *others = db.session.scalars(select(Material.id).order_by(Material.id))
        queue.huey.storage.flush_queue()
        process_material.enqueue(first)
        for _message in range(5):
            update_index.enqueue()
        reconcile()
        messages = [task.args for task in queue.huey.pending()]
        expected = [["process_material", [number]] for number in (first, *others)]
        assert sorted(args for args in messages if args[0] == "process_material") == expected
