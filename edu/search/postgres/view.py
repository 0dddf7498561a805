"""One state of the index in PostgreSQL, as ranking.py reads it: a base.View over one transaction.

Documents are numbered by their ids. What is read of one state is shared by all threads that read
the same one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime
from math import log
from typing import Any

from edu.search.base import Facet, Row, SearchFilters
from edu.search.folding import PassageMap
from edu.search.postgres.asking import (
    ask_holding,
    ask_passing,
    ask_tags,
    ask_tallies,
    id_list,
)
from edu.search.postgres.packing import MAP_BUCKET, ROW
from edu.search.postgres.scoring import Occurrences, Scoring
from edu.search.postgres.sets import Connection, State

HELD_NUMBERS = 400_000  # document numbers remembered with what they answered, about 30 MB
MANY_ROWS = 500  # rows asked for at once, beyond which all are read and remembered
MAPS_AHEAD = 60  # passage maps that are read with the one that is asked for


class Shared:
    """What was read of one state, for all threads. It never changes, but grows."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.rows: dict[int, Row] = {}
        self._answers: dict[Any, Any] = {}
        self._held = 0

    def recall(self, key: Any) -> Any:
        """Return what was kept under this key, or None."""
        return self._answers.get(key)

    def keep(self, key: Any, answer: Any, weight: int) -> Any:
        """Keep the answer, letting go of all others when they have become too many."""
        if self._held > HELD_NUMBERS:
            self._answers, self._held = {}, 0
        self._answers[key] = answer
        self._held += weight + 1
        return answer


class PostgresView:
    """The documents of one state."""

    def __init__(self, connection: Connection, state: State, shared: Shared) -> None:
        self._connection, self._state, self._shared = connection, state, shared
        self._tables = state.tables
        self._occurrences = Occurrences(connection, state.tables)
        self._maps: dict[int, PassageMap] = {}

    def read_ahead(self, stems: Iterable[str]) -> None:
        """Ask for the documents of all these stems at once."""
        self._holding(list(dict.fromkeys(stems)))

    def row(self, number: int) -> Row:
        """Return the row of a document."""
        known = self._occurrences.rows.get(number) or self._shared.rows.get(number)
        return known or dict(self.rows([number]))[number]

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Yield (number, row) of these documents, in any order."""
        wanted = list(numbers)
        if len(wanted) > MANY_ROWS and not self._shared.rows:
            self._shared.rows = dict(self._read_rows("true", []))
        if self._shared.rows:
            rows = self._shared.rows
            return ((number, rows[number]) for number in wanted)
        return self._read_rows("id = ANY(%s::integer[])", [id_list(wanted)])

    def _read_rows(self, where: str, values: list[str]) -> Iterator[tuple[int, Row]]:
        found = self._connection.execute(
            f"SELECT string_agg(packed, '') FROM {self._tables.documents} WHERE {where}",  # noqa: S608  # our own names
            values,
            binary=True,
        ).fetchone()
        unpacked = map(Row._make, ROW.iter_unpack(found[0] or b"" if found else b""))
        return ((row.id, row) for row in unpacked)

    def idf(self, stem: str) -> float:
        """Return how much a word tells, 0 for one that no document holds."""
        return self._rarity(len(self.documents_with(stem)))

    def _rarity(self, holding: int) -> float:
        rest = max(self._state.documents - holding, 0)
        return log(1 + (rest + 0.5) / (holding + 0.5)) if holding else 0.0

    def documents_with(self, stem: str) -> frozenset[int]:
        """Return the documents that hold the stem."""
        return self._holding([stem])[stem]

    def _holding(self, lexemes: list[str]) -> dict[str, frozenset[int]]:
        # No document holds the stem of a stop word, and no tsquery can ask for it.
        found = {word: self._shared.recall(word) if word else frozenset() for word in lexemes}
        unknown = [lexeme for lexeme, numbers in found.items() if numbers is None]
        if unknown:
            for lexeme, numbers in ask_holding(self._connection, self._tables.texts, unknown):
                found[lexeme] = self._shared.keep(lexeme, numbers, len(numbers))
        return found

    def documents_passing(self, filters: SearchFilters) -> frozenset[int]:
        """Return the documents that pass the filters, maybe none."""
        known: frozenset[int] | None = self._shared.recall(filters)
        if known is None:
            known = ask_passing(self._connection, self._tables.documents, filters)
            self._shared.keep(filters, known, len(known))
        return known

    def best(
        self, stems: Iterable[str], among: frozenset[int], limit: int, boost: float, every: bool
    ) -> list[tuple[int, float]]:
        """Return (document, score) of at most `limit` of these documents, best first.

        See Scoring; beyond its first few hundred the order follows from coarse steps.
        """
        words = list(dict.fromkeys(stems))
        if not words or not among:
            return []
        scoring = Scoring(self._state, self._holding, self._rarity, boost)
        return scoring.best(words, among, limit, every, self._occurrences)

    def positions(self, stem: str, numbers: Iterable[int]) -> dict[int, array[int]]:
        """Return the ascending positions in each of these documents that holds the stem."""
        wanted = list(numbers)
        self._occurrences.read([stem], wanted)
        found = self._occurrences.of(stem)
        return {number: found[number].positions for number in wanted if number in found}

    def passages(self, number: int) -> PassageMap:
        """Return where the passages of a document lie."""
        if number not in self._maps:
            ahead = (n for n in self._occurrences.last if n not in self._maps)
            self._read_maps([number, *(n for n, _ in zip(ahead, range(MAPS_AHEAD), strict=False))])
        return self._maps[number]

    def _read_maps(self, numbers: list[int]) -> None:
        found = self._connection.execute(
            f"SELECT document, packed FROM {self._tables.occurrences} "  # noqa: S608  # our own names
            "WHERE document = ANY(%s::integer[]) AND bucket = %s",
            [id_list(numbers), MAP_BUCKET],
            binary=True,
        )
        self._maps |= {number: PassageMap.unpack(packed) for number, packed in found}

    def tally(
        self, facet: Facet, documents: frozenset[int], moments: tuple[datetime, ...]
    ) -> dict[Any, int]:
        """Return how many of these documents each choice of a facet takes in."""
        if not documents:
            return {}
        # What is nearly everything is told by what is missing from it.
        whole = self.documents_passing(SearchFilters())
        rest = whole - documents
        if documents is whole or len(rest) >= len(documents):
            return dict(self._tally(facet, documents, moments))
        counts = dict(self._tally(facet, whole, moments))
        missing = self._tally(facet, rest, moments) if rest else {}
        left = {choice: count - missing.get(choice, 0) for choice, count in counts.items()}
        return {choice: count for choice, count in left.items() if count}

    def _tally(
        self, facet: Facet, documents: frozenset[int], moments: tuple[datetime, ...]
    ) -> dict[Any, int]:
        key = (facet, documents) if facet == "tag" else (documents, moments)
        known: dict[Facet, dict[Any, int]] | None = self._shared.recall(key)
        if known is None:
            known = self._ask_tally(facet, documents, moments)
            self._shared.keep(key, known, len(documents))
        return known[facet]

    def _ask_tally(
        self, facet: Facet, documents: frozenset[int], moments: tuple[datetime, ...]
    ) -> dict[Facet, dict[Any, int]]:
        table = self._tables.documents
        ids = None if len(documents) == self._state.documents else documents
        if facet == "tag":
            return {facet: ask_tags(self._connection, table, ids)}
        return ask_tallies(self._connection, table, ids, moments)
