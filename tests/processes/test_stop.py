"""SIGTERM in the middle of a file: it is given back, and the next worker brings it to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from jobs.__main__ import GENTLE_STOP_S
from tests.media.samples import stream, write_pdf
from tests.processes.samples import count_states, index_is_exact
from tests.product import Product, descendants, is_alive, wait_until

pytestmark = pytest.mark.processes
PAGES = 2500  # some seconds of work
# `python -m jobs` with less patience, so that the file outlasts the stop.
HASTY = "import sys, jobs.__main__ as jobs; jobs.GENTLE_STOP_S = 0.2; sys.exit(jobs.main())"


def write_book(path: Path, pages: int) -> Path:
    """A PDF of many pages full of words."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for page in range(pages):
        lines = [
            b"BT /F1 9 Tf 40 %d Td (Theorem %d.%d converges) Tj ET" % (800 - 12 * n, page, n)
            for n in range(50)
        ]
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * page)
        )
        objects.append(stream(b"\n".join(lines)))
    return write_pdf(path, objects)


def read_row() -> tuple[str, str, int, str]:
    """State, step, attempts and claim of the only material."""
    m = db.session.scalars(select(Material)).one()
    return m.status, m.step, m.attempts, m.claim


def send_book(product: Product, folder: Path) -> None:
    folder.mkdir()
    write_book(folder / "book.pdf", PAGES)
    status, said = product.flask("materials", "import", str(folder), "--no-wait")
    assert status == 0, said


def stop_worker(worker: subprocess.Popen[bytes]) -> None:
    """SIGTERM; the worker and all that it has started end."""
    children = descendants(worker.pid)
    worker.terminate()
    assert worker.wait(10) == 0
    wait_until(lambda: not any(map(is_alive, children)), 10, "no process is left")


def test_a_stop_in_mid_file_costs_no_attempt(product: Product, tmp_path: Path) -> None:
    send_book(product, tmp_path / "course")
    # More often than a file may be tried.
    for _stop in range(4):
        worker = product.spawn("hasty", sys.executable, "-c", HASTY)
        wait_until(lambda: product.ask(read_row)[1] == "text", 30, "the book is being read")
        assert product.ask(read_row)[2] == 1
        stop_worker(worker)
        assert product.ask(read_row) == (MaterialStatus.PROCESSING, "queued", 0, "")
    assert "Traceback" not in product.read_log("hasty")

    product.start_worker()
    wait_until(lambda: product.ask(count_states)["processing"] == 0, 60, "the book is done")
    assert product.ask(read_row) == (MaterialStatus.ACTIVE, "", 1, "")
    wait_until(lambda: product.ask(index_is_exact), 20, "the index has it once")


def test_a_patient_stop_lets_a_short_file_finish(product: Product, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    write_book(folder / "notes.pdf", PAGES // 5)
    assert product.flask("materials", "import", str(folder), "--no-wait")[0] == 0
    worker = product.start_worker()
    wait_until(lambda: product.ask(read_row)[2] == 1, 30, "the file is in hand")
    worker.terminate()
    assert worker.wait(GENTLE_STOP_S + 10) == 0
    assert product.ask(read_row) == (MaterialStatus.ACTIVE, "", 1, "")
