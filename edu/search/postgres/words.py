"""The stems of the index in the memory of a process, for words that were mistyped."""

from __future__ import annotations

import threading

from edu.search.base import SimilarWord
from edu.search.postgres.sets import Connection, State
from edu.search.vocabulary import Vocabulary, likeliest


class WordList:
    """Every stem of one set of tables. What is new is read when somebody asks, the rest once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = -1
        self._known = 0  # the last number that was read
        self._words = Vocabulary()

    def find(
        self, connection: Connection, state: State, stem: str, edits: int, limit: int
    ) -> list[SimilarWord]:
        """Return stems that are near, the nearest first, then those that most documents hold."""
        near = self._read_new(connection, state).near(stem, edits)
        counts = connection.execute(
            f"SELECT stem, documents FROM {state.tables.words} "  # noqa: S608  # our own names
            "WHERE stem = ANY(%s) AND documents > 0",
            [likeliest(stem, near)],
        )
        found = [SimilarWord(other, near[other], documents) for other, documents in counts]
        return sorted(found, key=lambda word: (word.edits, -word.documents, word.stem))[:limit]

    def _read_new(self, connection: Connection, state: State) -> Vocabulary:
        with self._lock:
            if self._set != state.number:
                self._set, self._known, self._words = state.number, 0, Vocabulary()
            rows = connection.execute(
                f"SELECT number, stem FROM {state.tables.words} WHERE number > %s",  # noqa: S608  # our own names
                [self._known],
            ).fetchall()
            if rows:
                self._known = max(number for number, _ in rows)
                self._words.take_up(str(self._known), lambda: (stem.encode() for _, stem in rows))
            return self._words
