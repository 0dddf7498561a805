"""A long conversion in a real worker: nobody waits for it, and nothing that dies stops it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from edu.accounts.service import find_user
from edu.extensions import db, storage
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.storage.base import stream_key
from edu.streams.models import Stream
from jobs.materials import process_material
from tests.media.samples import page_pdf, write_slides
from tests.processes.samples import count_states
from tests.product import Product, descendants, is_alive, kill_hard, wait_until
from tests.samples import make_material

pytestmark = pytest.mark.processes
SECONDS = 60
SOON_S = 5.0
SIZE = "640x360"


def progress() -> tuple[str, int, int]:
    """Status, percent and attempts of the one stream there is."""
    row = db.session.execute(select(Stream.status, Stream.percent, Stream.attempts)).one()
    return row.status, row.percent, row.attempts


def send(product: Product, path: Path, kind: str) -> None:
    """Give the worker a file of Maria's, whose uploads are published at once."""

    def upload() -> None:
        maria = find_user("maria@example.org")
        assert maria is not None
        state = MaterialStatus.PROCESSING
        made = make_material(maria.id, state, content=path.read_bytes(), kind=kind)
        process_material.enqueue(made.id)

    product.ask(upload)


def hold_conversion(worker: subprocess.Popen[bytes]) -> None:
    """Wait for the conversion and stand it still, so that it lasts however fast the machine is."""

    def is_held() -> bool:
        for child in descendants(worker.pid):
            with contextlib.suppress(OSError):
                if b"-hls_time" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGSTOP)
                    return True
        return False

    wait_until(is_held, 40, "the conversion is under way")


def kill_with_children(worker: subprocess.Popen[bytes]) -> None:
    children = descendants(worker.pid)
    kill_hard(worker)
    assert children, "the worker was idle: nothing was interrupted"
    wait_until(lambda: not any(map(is_alive, children)), 10, "the worker's children are gone")


def test_a_pdf_passes_a_video_that_is_converted_and_a_killed_worker_loses_neither(
    product: Product, tmp_path: Path
) -> None:
    worker = product.start_worker()
    send(product, write_slides(tmp_path / "lecture.mp4", SECONDS, SIZE), "video")
    hold_conversion(worker)
    assert product.ask(progress)[::2] == ("making", 1)

    send(product, page_pdf(tmp_path / "notes.pdf", b"BT /F1 9 Tf (series) Tj ET"), "pdf")
    wait_until(lambda: product.ask(count_states)["active"] == 2, SOON_S, "the PDF is processed")
    assert product.ask(progress)[0] == "making", "the PDF waited for the conversion"

    kill_with_children(worker)
    product.start_worker()
    wait_until(lambda: product.ask(progress)[0] == "ready", 90, "the stream is ready")
    assert product.ask(progress) == ("ready", 100, 2)
    assert product.ask(count_states) == {"active": 2}

    def pieces() -> list[str]:
        file = db.session.scalars(select(StoredFile).join(Stream)).one()
        prefix = stream_key(file.sha256, "360/")
        return [found.key for found in storage().list_keys(prefix) if found.key.endswith(".m4s")]

    assert len(product.ask(pieces)) == SECONDS / 6
    assert product.ask(lambda: db.session.scalars(select(Material.attempts)).all()) == [1, 1]


def test_a_worker_that_is_stopped_gives_the_conversion_back(
    product: Product, tmp_path: Path
) -> None:
    worker = product.start_worker()
    send(product, write_slides(tmp_path / "lecture.mp4", SECONDS, SIZE), "video")
    hold_conversion(worker)
    children = descendants(worker.pid)
    worker.send_signal(2)
    assert worker.wait(30) == 0
    assert product.ask(progress) == ("waiting", 0, 0)
    wait_until(lambda: not any(map(is_alive, children)), 10, "no process is left")
