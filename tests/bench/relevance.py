"""The relevance sets of the real-data folder, and the yardstick that comes with them."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edu.config import ROOT

DEPTH = 10
Grades = dict[str, dict[str, int]]  # query id -> document id -> grade
Run = dict[str, list[str]]  # query id -> document ids, best first

# Name, library, file of queries, aim for nDCG@10.
_SETS = (
    ("known items, exact", "corpus", "known_items/queries.exact.tsv", 0.96),
    ("known items, genitive", "corpus", "known_items/queries.genitive.tsv", 0.94),
    ("known items, typo", "corpus", "known_items/queries.typo.tsv", 0.90),
    ("known items, layout", "corpus", "known_items/queries.layout.tsv", 0.90),
    ("requests", "corpus", "requests/queries.tsv", 0.88),
    ("xquad_en", "xquad_en", "xquad_en/queries.tsv", 0.96),
    ("cranfield", "cranfield", "cranfield/queries.tsv", 0.39),
)
PAGE_AIM = 0.85


@dataclass(frozen=True, slots=True)
class Text:
    """A document of a library as plain engines take it."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries with graded answers; `grades` holds those of these queries only."""

    name: str
    library: str
    queries: dict[str, str]
    grades: Grades
    aim: float


def read_sets(relevance: Path) -> Iterator[QuerySet]:
    """Yield all sets, those of one library together."""
    for name, library, path, aim in _SETS:
        lines = (relevance / path).read_text("utf-8").splitlines()
        queries = dict(line.split("\t", 1) for line in lines if line)
        grades = _yardstick().load_qrels(str(relevance / path.split("/")[0] / "qrels.tsv"))
        graded = {query: grades[query] for query in queries if query in grades}
        yield QuerySet(name, library, queries, graded, aim)


def read_texts(relevance: Path, library: str) -> list[Text]:
    """The documents of a library that is a corpus.jsonl."""
    with (relevance / library / "corpus.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Text(row["_id"], row["title"], row["text"]) for row in rows]


def read_pages(relevance: Path) -> list[tuple[str, str, int]]:
    """(query id, document id, page) of the known items."""
    lines = (relevance / "known_items" / "pages.tsv").read_text("utf-8").splitlines()
    parts = (line.split("\t") for line in lines if line)
    return [(query, document, int(page)) for query, document, page in parts]


def evaluate(grades: Grades, run: Run) -> dict[str, float]:
    """recall, ndcg, mrr, success1 and success over the first DEPTH answers."""
    scores: dict[str, float] = _yardstick().evaluate(grades, run, DEPTH)
    return scores


@cache
def _yardstick() -> Any:
    folder = Path(os.environ.get("EDU_TOOLS") or ROOT.parent / "shared" / "tools")
    spec = importlib.util.spec_from_file_location("eval_ir", folder / "eval_ir.py")
    if spec is None or spec.loader is None or not (folder / "eval_ir.py").is_file():
        raise SystemExit(f"{folder / 'eval_ir.py'} is missing (EDU_TOOLS names its folder)")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
