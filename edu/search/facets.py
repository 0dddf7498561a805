"""What documents can be narrowed by, held in columns: filters and the counts beside them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import accumulate
from operator import eq, le
from typing import Any, NamedTuple

from edu.search.base import Facet, IndexDocument, Row, SearchFilters
from edu.search.folding import unix_seconds

STARS = range(1, 6)
FILTER_SETS = 64  # remembered answers to filters
TALLIES = 32  # remembered counts over everything
_END = 2**32

Moments = tuple[datetime, ...]


class Card(NamedTuple):
    """What a document can be narrowed by beside the numbers of its row."""

    category: tuple[int, ...]
    type: str
    kind: str
    language: str
    semester: int | None
    year: int | None
    tag: tuple[str, ...]

    @classmethod
    def of(cls, document: IndexDocument) -> Card:
        """Return the card of a document."""
        return cls(
            tuple(dict.fromkeys(document.category_ids)),
            document.type,
            document.kind,
            document.language,
            document.semester,
            document.year,
            tuple(dict.fromkeys(document.tags)),
        )


class Facets:
    """Filters and counts over documents that never change: one for all threads.

    What is worked out once is kept; that two threads may do it at once is harmless.
    """

    def __init__(self, rows: Sequence[Row], cards: Sequence[Card], alive: frozenset[int]) -> None:
        self.rows, self.alive = rows, alive
        self._cards = cards
        self._columns: dict[str, list[Any]] = {}
        self._passing: dict[SearchFilters, frozenset[int]] = {}
        self._whole: dict[tuple[Facet, Moments], dict[Any, int]] = {}
        self._numbers: dict[int, int] = {}

    def passing(self, filters: SearchFilters) -> frozenset[int]:
        """Return the documents that pass the filters, maybe none."""
        known = self._passing.get(filters)
        if known is None:
            if len(self._passing) >= FILTER_SETS:
                self._passing.clear()
            known = self._passing[filters] = self._pass(filters)
        return known

    def tally(self, facet: Facet, documents: frozenset[int], moments: Moments) -> dict[Any, int]:
        """Return how many of these documents each choice takes in; choices of none are absent."""
        if documents is not self.alive:
            return self._tally(facet, documents, moments)
        key = (facet, moments)
        known = self._whole.get(key)
        if known is None:
            if len(self._whole) >= TALLIES:  # moments move on with the clock
                self._whole.clear()
            known = self._whole[key] = self._tally(facet, documents, moments)
        return dict(known)

    def _column(self, name: str) -> list[Any]:
        """Return one value for each document, equal ones being the same object."""
        column = self._columns.get(name)
        if column is None:
            of: Sequence[Any] = self.rows if name in Row._fields else self._cards
            same: dict[Any, Any] = {}
            column = [same.setdefault(value, value) for value in (getattr(x, name) for x in of)]
            self._columns[name] = column
        return column

    def _pass(self, filters: SearchFilters) -> frozenset[int]:
        passing = self.alive
        if filters.material_id is not None:
            passing = frozenset({self._number_of(filters.material_id)} & passing)
        for name, wanted in _wanted(filters):
            column = self._column(name)
            allowed = {value for value in set(column) if wanted(value)}
            passing = frozenset(n for n in passing if column[n] in allowed)
        return passing

    def _number_of(self, material_id: int) -> int:
        """Return the document of a material, -1 without one."""
        if not self._numbers:
            self._numbers = {self.rows[number].id: number for number in self.alive}
        return self._numbers.get(material_id, -1)

    def _tally(self, facet: Facet, documents: frozenset[int], moments: Moments) -> dict[Any, int]:
        if facet == "uploaded":
            return self._tally_moments(documents, moments)
        column = self._column(facet)
        found = Counter(map(column.__getitem__, documents))
        if facet in ("category", "tag"):
            return _spread(found)
        if facet == "rating":
            return _tally_stars(found)
        return {value: count for value, count in found.items() if value not in (None, "")}

    def _tally_moments(self, documents: frozenset[int], moments: Moments) -> dict[Any, int]:
        if not moments:
            return {}
        created = sorted(map(self._column("created").__getitem__, documents))
        since = (len(created) - bisect_left(created, unix_seconds(moment)) for moment in moments)
        return {place: count for place, count in enumerate(since) if count}


def _wanted(filters: SearchFilters) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """Yield the name of each column that is asked about, and what its value has to meet."""
    for name in ("type", "kind", "language", "year"):
        if (value := getattr(filters, name)) is not None:
            yield name, partial(eq, value)
    if filters.category_id is not None:
        yield "category", lambda ids: filters.category_id in ids
    if filters.semesters is not None:
        yield "semester", frozenset(filters.semesters).__contains__
    if filters.tags:
        yield "tag", frozenset(filters.tags).issubset
    if filters.rating_gte is not None:
        yield "rating", partial(le, round(filters.rating_gte * 100))
    after, before = filters.uploaded_after, filters.uploaded_before
    if after is not None or before is not None:
        low = unix_seconds(after) if after else 0
        high = unix_seconds(before) if before else _END
        yield "created", lambda created: low <= created <= high


def _spread(found: Mapping[tuple[Any, ...], int]) -> dict[Any, int]:
    """Return for each member how many have a tuple with it."""
    totals: dict[Any, int] = {}
    for members, count in found.items():
        for member in members:
            totals[member] = totals.get(member, 0) + count
    return totals


def _tally_stars(found: Mapping[int, int]) -> dict[Any, int]:
    """Return how many have so many whole stars and more."""
    exactly = Counter[int]()
    for rating, count in found.items():
        exactly[rating // 100] += count
    at_least = accumulate(exactly[stars] for stars in reversed(STARS))
    return {stars: count for stars, count in zip(reversed(STARS), at_least, strict=True) if count}
