"""Folders of files to import: real course files where there are some, made ones elsewhere."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from edu.extensions import db, settings
from edu.materials.models import Material
from edu.search.indexing import compare_index
from edu.search.whoosh.segments import open_index
from edu.search.whoosh.store import IndexStore
from tests.media.samples import page_pdf
from tests.realdata import realdata

# Lectures of a few pages each: enough work to be interrupted, not enough to wait for.
REAL = [
    f"c{number:03}.pdf" for number in (*range(2, 10), *range(11, 16), *range(17, 21), 22, 23, 24)
]


def make_folder(folder: Path, count: int) -> Path:
    """A folder of `count` different PDF files."""
    folder.mkdir(parents=True)
    real = realdata()
    for index in range(count):
        if real and index < len(REAL):
            shutil.copyfile(real / "corpus" / REAL[index], folder / REAL[index])
        else:
            text = b"".join(
                b"BT /F1 9 Tf 40 %d Td (Theorem %d.%d converges) Tj ET "
                % (800 - 12 * line, index, line)
                for line in range(60)
            )
            page_pdf(folder / f"made{index:02}.pdf", text)
    return folder


def count_states() -> Counter[str]:
    """How many materials stand in each state."""
    rows = db.session.execute(select(Material.status, func.count()).group_by(Material.status))
    return Counter({row[0]: row[1] for row in rows})


def index_is_exact() -> bool:
    """Whether the index has every published material, once, and nothing else."""
    difference = compare_index()
    published = count_states()["active"]
    return difference.count == 0 and count_documents() == published


def count_documents() -> int:
    """Documents in the index, twins included, deleted ones not."""
    _number, folder = IndexStore(settings().data_dir / "index").live()
    return int(open_index(folder).doc_count())
