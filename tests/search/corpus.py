"""Real course files as index documents, and a yardstick for rankings."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import log2
from pathlib import Path

import docx
import pypdfium2

from edu.search.base import IndexDocument, PassageText

_HYPHEN = re.compile("\ufffe[\r\n]*")  # how PDFium marks a word broken at the end of a line
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def read_corpus(data: Path) -> list[IndexDocument]:
    """Return all files of the corpus; ids are the digits of their names (c001 -> 1)."""
    with (data / "corpus" / "MANIFEST.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    subjects = sorted({row["subject"] for row in rows})
    return [_document(data / "corpus" / row["file"], row, subjects) for row in rows]


def _document(path: Path, row: dict[str, str], subjects: list[str]) -> IndexDocument:
    passages = _pdf_pages(path) if path.suffix == ".pdf" else _docx_sections(path)
    return IndexDocument(
        id=int(row["id"][1:]),
        title=row["title"],
        description="",
        tags=[],
        category_ids=[subjects.index(row["subject"]) + 1],
        category_names=[row["subject"]],
        type=row["kind"],
        kind=path.suffix[1:],
        rating=0.0,
        votes=0,
        views=0,
        created=CREATED,
        passages=list(passages),
    )


def _pdf_pages(path: Path) -> Iterator[PassageText]:
    pdf = pypdfium2.PdfDocument(path)
    for number, page in enumerate(pdf, 1):
        text = page.get_textpage()
        yield PassageText(number, "", _HYPHEN.sub("", text.get_text_range()))
        text.close()
        page.close()
    pdf.close()


def _docx_sections(path: Path) -> Iterator[PassageText]:
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    yield PassageText(1, "", text)


def read_queries(path: Path) -> dict[str, str]:
    """Return query id -> text."""
    return dict(line.split("\t", 1) for line in path.read_text("utf-8").splitlines() if line)


def read_grades(path: Path) -> dict[str, dict[int, int]]:
    """Return query id -> document id -> grade."""
    grades: dict[str, dict[int, int]] = {}
    for line in path.read_text("utf-8").splitlines():
        query, _, document, grade = line.split("\t")
        grades.setdefault(query, {})[int(document.lstrip("c"))] = int(grade)
    return grades


def ndcg(ranked: list[int], grades: dict[int, int], depth: int = 10) -> float:
    """Return nDCG with linear gains over the first `depth` documents."""
    gained = sum(grades.get(d, 0) / log2(i + 2) for i, d in enumerate(ranked[:depth]))
    ideal = sorted(grades.values(), reverse=True)[:depth]
    return gained / sum(g / log2(i + 2) for i, g in enumerate(ideal))
