"""What SQLite FTS5 and PostgreSQL's ts_rank need for the same, in plain tables of their own.

Twenty hits with title and snippet and their total, as the page needs them; no counts of choices.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import psycopg

from tests.bench.queries import Asked

HITS = 20


class Line(NamedTuple):
    """A material as a row of a plain table."""

    id: int
    title: str
    body: str
    subject: int
    type: str
    rating: float


class PlainTable(Protocol):
    """An engine with the library's texts."""

    name: str

    def ask(self, asked: Asked) -> int:
        """Fetch the hits with snippets; returns the total."""


class Fts5Table:
    """SQLite FTS5: unicode61, bm25, all words."""

    name = "FTS5"

    def __init__(self, folder: Path, lines: Iterable[Line]) -> None:
        (folder / "fts").mkdir()
        self._db = sqlite3.connect(folder / "fts" / "fts.db")
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize='unicode61');"
            "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(docs, row);"
            "CREATE TABLE facts (id INTEGER PRIMARY KEY, subject INTEGER, type TEXT, rating REAL);"
        )
        for line in lines:
            self._db.execute("INSERT INTO docs(rowid, title, body) VALUES (?, ?, ?)", line[:3])
            self._db.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", (line[0], *line[3:]))
        self._db.commit()

    def documents_with(self) -> dict[str, int]:
        """Word as written -> how many documents have it."""
        return dict(self._db.execute("SELECT term, doc FROM vocabulary"))

    def ask(self, asked: Asked) -> int:
        """Fetch the hits with snippets; returns the total."""
        where, values = _conditions(asked, "?")
        values = [" ".join(f'"{word}"' for word in asked.text.split()), *values]
        source = f" FROM docs JOIN facts ON facts.id = docs.rowid WHERE docs MATCH ?{where}"
        columns = "docs.rowid, title, snippet(docs, 1, '<', '>', '…', 40)"
        order = f" ORDER BY bm25(docs, 5.0, 1.0) LIMIT {HITS}"
        self._db.execute(f"SELECT {columns}{source}{order}", values).fetchall()
        return int(self._db.execute(f"SELECT count(*){source}", values).fetchone()[0])


class TsRankTable:
    """PostgreSQL: a stored tsvector of the Russian configuration under GIN, ts_rank, all words."""

    name = "ts_rank"

    def __init__(self, url: str, lines: Iterable[Line]) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute(
            "CREATE TABLE plain_docs (id integer PRIMARY KEY, title text, body text,"
            " subject integer, type text, rating real, words tsvector)"
        )
        copy = "COPY plain_docs (id, title, body, subject, type, rating) FROM STDIN"
        with self._db.cursor() as cursor, cursor.copy(copy) as sink:
            for line in lines:
                sink.write_row(line)
        self._db.execute(
            "UPDATE plain_docs SET words = setweight(to_tsvector('russian', title), 'A')"
            " || to_tsvector('russian', body)"
        )
        self._db.execute("CREATE INDEX ON plain_docs USING gin (words)")
        self._db.execute("VACUUM ANALYZE plain_docs")

    def size(self) -> float:
        """MB of the table with its index."""
        row = self._db.execute("SELECT pg_total_relation_size('plain_docs')").fetchone()
        return row[0] / 2**20 if row else 0.0

    def ask(self, asked: Asked) -> int:
        """Fetch the hits with snippets; returns the total."""
        where, values = _conditions(asked, "%s")
        values = [asked.text, *values]
        source = f" FROM plain_docs, plainto_tsquery('russian', %s) q WHERE words @@ q{where}"
        best = f"SELECT id, title, body, q{source} ORDER BY ts_rank(words, q) DESC LIMIT {HITS}"
        columns = "id, title, ts_headline('russian', body, q)"
        self._run(f"SELECT {columns} FROM ({best}) best", values)  # noqa: S608  # parts of our own
        return int(self._run(f"SELECT count(*){source}", values)[0][0])

    def _run(self, statement: str, values: list[object]) -> list[tuple[int, ...]]:
        return self._db.execute(statement.encode(), values).fetchall()


def _conditions(asked: Asked, mark: str) -> tuple[str, list[object]]:
    conditions, values = "", list[object]()
    for name, condition, value in _wanted(asked):
        if name in asked.filters:
            conditions += f" AND {condition} {mark}"
            values.append(value)
    return conditions, values


def _wanted(asked: Asked) -> Iterator[tuple[str, str, object]]:
    yield "category", "subject =", asked.subject_id
    yield "type", "type =", asked.filters.get("type")
    yield "rating_gte", "rating >=", 3
