"""Plain engines, each as its own manual would have it, to hold ours against."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from whoosh import fields, index
from whoosh.analysis import LanguageAnalyzer, StemmingAnalyzer
from whoosh.qparser import MultifieldParser, OrGroup
from whoosh.scoring import BM25F

from tests.bench.relevance import Text

_WORD = re.compile(r"\w+")


class Baseline(Protocol):
    """An engine with documents in it."""

    name: str

    def find(self, text: str, limit: int) -> list[str]:
        """Ids of the best documents with any of the words, best first."""


class PlainWhoosh:
    """Whoosh with its own stemming analyzer of one language, two fields and BM25F."""

    name = "Whoosh"

    def __init__(self, documents: Iterable[Text], language: str) -> None:
        analyzer = LanguageAnalyzer("ru") if language == "ru" else StemmingAnalyzer()
        text = fields.TEXT(analyzer=analyzer)
        schema = fields.Schema(id=fields.ID(stored=True), title=text, body=text)
        self._folder = tempfile.TemporaryDirectory(prefix="edu-bench-")
        made = index.create_in(self._folder.name, schema)
        writer = made.writer(limitmb=256)
        for document in documents:
            writer.add_document(id=document.id, title=document.title, body=document.text)
        writer.commit()
        self._searcher = made.searcher(weighting=BM25F())
        self._parser = MultifieldParser(["title", "body"], schema, group=OrGroup)

    def find(self, text: str, limit: int) -> list[str]:
        """Ids of the best documents; what the parser's language means is taken as words."""
        query = self._parser.parse(" ".join(_WORD.findall(text)))
        return [hit["id"] for hit in self._searcher.search(query, limit=limit)]


class PlainFts5:
    """SQLite FTS5 with unicode61, bm25 and OR of the words."""

    name = "FTS5"

    def __init__(self, documents: Iterable[Text]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="edu-bench-")
        self._db = sqlite3.connect(Path(self._folder.name) / "fts.db")
        self._db.execute(
            "CREATE VIRTUAL TABLE docs USING fts5(id UNINDEXED, title, body, tokenize='unicode61')"
        )
        rows = ((document.id, document.title, document.text) for document in documents)
        self._db.executemany("INSERT INTO docs VALUES (?, ?, ?)", rows)
        self._db.commit()

    def find(self, text: str, limit: int) -> list[str]:
        """Ids of the best documents."""
        query = " OR ".join(f'"{word}"' for word in _WORD.findall(text))
        found = self._db.execute(
            "SELECT id FROM docs WHERE docs MATCH ? ORDER BY bm25(docs) LIMIT ?", (query, limit)
        )
        return [row[0] for row in found] if query else []
