"""Real course files as index documents, and a yardstick for rankings."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import log2
from pathlib import Path

import docx
import pypdfium2

from edu.catalog.service import SubjectSpec, fold
from edu.demo.tree import subject_tree
from edu.search.base import IndexDocument, PassageText
from edu.search.understanding.understand import NameGroup

_HYPHEN = re.compile("\ufffe[\r\n]*")  # how PDFium marks a word broken at the end of a line
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def read_corpus(data: Path) -> list[IndexDocument]:
    """Return all files of the corpus; ids are the digits of their names (c001 -> 1)."""
    rows = _manifest(data)
    subjects = sorted({row["subject"] for row in rows})
    return [_document(data / "corpus" / row["file"], row, subjects) for row in rows]


def read_names(data: Path) -> list[NameGroup]:
    """Return the names of the demo library's subjects, and of those that only the corpus has."""
    names = [group for subject in subject_tree() for group in _names_below(subject)]
    subjects = sorted({row["subject"] for row in _manifest(data)})
    return names + [(name,) for name in subjects if _names_of(name) == [name]]


def _manifest(data: Path) -> list[dict[str, str]]:
    with (data / "corpus" / "MANIFEST.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _names_below(subject: SubjectSpec) -> Iterator[NameGroup]:
    yield (subject.name, *subject.aliases)
    for topic in subject.children:
        yield from _names_below(topic)


def _names_of(name: str) -> list[str]:
    """Return the names of a subject that is called so in the demo tree, else this name."""
    for subject in subject_tree():
        if fold(name) in map(fold, (subject.name, *subject.aliases)):
            return [subject.name, *subject.aliases]
    return [name]


def _document(path: Path, row: dict[str, str], subjects: list[str]) -> IndexDocument:
    passages = _pdf_pages(path) if path.suffix == ".pdf" else _docx_sections(path)
    return IndexDocument(
        id=int(row["id"][1:]),
        title=row["title"],
        description="",
        tags=[],
        category_ids=[subjects.index(row["subject"]) + 1],
        category_names=_names_of(row["subject"]),
        type=row["kind"],
        kind=path.suffix[1:],
        rating=0.0,
        votes=0,
        views=0,
        created=CREATED,
        passages=list(passages),
        semester=int(row["semester"]) if row["semester"] else None,
    )


def read_texts(path: Path) -> dict[str, IndexDocument]:
    """Return name -> document of a collection of plain texts (corpus.jsonl), numbered from 1."""
    lines = path.read_text("utf-8").splitlines()
    texts = {text["_id"]: text for text in map(json.loads, lines)}
    return {name: _text(number, text) for number, (name, text) in enumerate(texts.items(), 1)}


def _text(number: int, text: dict[str, str]) -> IndexDocument:
    return IndexDocument(
        id=number,
        title=text["title"],
        description="",
        tags=[],
        category_ids=[1],
        category_names=[],
        type="lecture",
        kind="pdf",
        rating=0.0,
        votes=0,
        views=0,
        created=CREATED,
        passages=[PassageText(1, "", text["text"])],
        language="en",
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


def read_grades(path: Path, ids: dict[str, int] | None = None) -> dict[str, dict[int, int]]:
    """Return query id -> document id -> grade; `ids` are those of named documents."""
    grades: dict[str, dict[int, int]] = {}
    for line in path.read_text("utf-8").splitlines():
        query, _, name, grade = line.split("\t")
        document = ids[name] if ids else int(name.lstrip("c"))
        grades.setdefault(query, {})[document] = int(grade)
    return grades


def ndcg(ranked: list[int], grades: dict[int, int], depth: int = 10) -> float:
    """Return nDCG with linear gains over the first `depth` documents."""
    gained = sum(grades.get(d, 0) / log2(i + 2) for i, d in enumerate(ranked[:depth]))
    ideal = sorted(grades.values(), reverse=True)[:depth]
    return gained / sum(g / log2(i + 2) for i, g in enumerate(ideal))
