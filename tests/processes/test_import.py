"""`flask materials import` through a real worker: honest files, hostile files, interruptions."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from edu.extensions import db
from edu.materials.models import Material, Passage, StoredFile
from tests.media.samples import endless_pdf, mojibake_pdf, page_pdf, write_docx, write_zip
from tests.processes.samples import count_states, index_is_exact, make_folder
from tests.product import Product, is_alive, kill_hard, wait_until
from tests.realdata import realdata

pytestmark = pytest.mark.processes
HONEST = 8


def states_by_file() -> dict[str, str]:
    """The state of the material of each file."""
    rows = db.session.execute(select(StoredFile.name, Material.status).join(Material.file))
    return {row[0]: row[1] for row in rows}


def expected_ends(wanted: str) -> set[str]:
    """The ends that the manifest's words allow; a file refused before it is stored has none."""
    refused, accepted = {"refused", "failed"}, {"active"}
    if wanted.startswith(("accept", "escaped")):
        return accepted
    if wanted.startswith("reject") and "or accept" not in wanted:
        return refused
    return accepted | refused


def hostile_folder(folder: Path) -> dict[str, set[str]]:
    """Fill the folder with hostile files; the ends that each may come to."""
    if real := realdata():
        shutil.copytree(real / "hostile", folder, ignore=shutil.ignore_patterns("*.tsv"))
        with (real / "hostile" / "MANIFEST.tsv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        return {row["file"]: expected_ends(row["expected"]) for row in rows}
    folder.mkdir()
    (folder / "empty.pdf").touch()
    (folder / "html.pdf").write_text("<html>это не PDF</html>")
    write_zip(folder / "zip.docx", {"a.txt": b"not a document"})
    whole = write_docx(folder / "whole.docx").read_bytes()
    (folder / "cut.docx").write_bytes(whole[: len(whole) // 2])
    endless_pdf(folder / "endless.pdf")
    mojibake_pdf(folder / "mojibake.pdf")
    (folder / "head.pdf").write_bytes(b"%PDF-1.7\n")
    refused, either = {"refused", "failed"}, {"refused", "failed", "active"}
    return {
        **dict.fromkeys(("empty.pdf", "html.pdf", "zip.docx", "cut.docx", "head.pdf"), refused),
        **{"whole.docx": {"active"}, "endless.pdf": either, "mojibake.pdf": {"active"}},
    }


def test_hostile_files_end_as_expected_and_the_worker_lives(
    product: Product, tmp_path: Path
) -> None:
    worker = product.start_worker()
    folder = make_folder(tmp_path / "course", HONEST)
    allowed = hostile_folder(folder / "hostile")
    pdf = page_pdf(folder / "renamed.mp4", b"BT /F1 12 Tf 72 720 Td (a lecture) Tj ET")
    allowed[pdf.name] = {"refused"}

    status, said = product.flask("materials", "import", str(folder))
    assert status == 1, said
    ends = product.ask(states_by_file)
    refused = dict(re.findall(r"^refused: ([^:]+): (.+)$", said, re.MULTILINE))
    for name, may in allowed.items():
        end = ends.get(name, "refused")
        assert end in may, f"{name}: {end}\n{said}"
        if end != "active":
            assert len(refused[name]) > 10, f"{name}: no reason is given"
    assert product.ask(count_states)["processing"] == 0
    honest = [path.name for path in folder.glob("*.pdf")]
    assert [ends[name] for name in honest] == ["active"] * HONEST
    assert is_alive(worker.pid)
    wait_until(lambda: product.ask(index_is_exact), 60, "the index has each once")

    # Again: nothing new; what was refused is refused with its reason once more.
    status, said = product.flask("materials", "import", str(folder))
    assert status == 1, said
    active = list(ends.values()).count("active")
    assert f"0 sent, {active} already here, {HONEST + len(allowed) - active} refused" in said
    assert product.ask(states_by_file) == ends
    assert is_alive(worker.pid)


def test_an_import_killed_half_way_goes_on_where_it_stopped(
    product: Product, tmp_path: Path
) -> None:
    files = 12
    folder = make_folder(tmp_path / "course", files)
    first = product.spawn_flask("materials", "import", str(folder), log="first")
    wait_until(lambda: product.ask(count_states).total() >= 3, 30, "three files are sent")
    kill_hard(first)
    sent = product.ask(count_states).total()
    assert sent < files, "the import was over before it was killed"

    worker = product.start_worker()
    status, said = product.flask("materials", "import", str(folder))
    assert status == 0, said
    assert f"{files - sent} sent, {sent} already here, 0 refused" in said
    assert product.ask(count_states) == {"active": files}
    hashes = Counter(product.ask(lambda: db.session.scalars(select(StoredFile.sha256)).all()))
    assert set(hashes.values()) == {1}
    pages = select(Passage.material_id, Passage.number)
    assert (
        max(Counter(map(tuple, product.ask(lambda: db.session.execute(pages).all()))).values()) == 1
    )
    wait_until(lambda: product.ask(index_is_exact), 60, "the index has each once")
    assert is_alive(worker.pid)
