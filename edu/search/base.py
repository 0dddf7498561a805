"""What every search engine of the library offers, in plain data of no engine or database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from edu.search.query import ParsedQuery, parse_query

Sort = Literal["relevance", "rating", "date", "views"]
# What a result can be narrowed by; counts are told for each choice.
Facet = Literal[
    "category", "type", "kind", "language", "semester", "year", "tag", "rating", "uploaded"
]


class IndexUnavailable(Exception):  # a state to act on, named as one
    """The index is missing, damaged or written by another version: rebuild it."""


class IndexBusy(IndexUnavailable):
    """Another process is writing for longer than a caller should wait: try again later."""


@dataclass(frozen=True, slots=True)
class PassageText:
    """One place that a hit can open at: a PDF page, a DOCX section (both from 1), or the second
    of a video at which it begins (from 0).
    """

    number: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """All that the index keeps of one material."""

    id: int
    title: str
    description: str
    tags: list[str]
    category_ids: list[int]  # from the subject down to the category itself, which is the last
    category_names: list[str]  # their names and aliases
    type: str
    kind: str  # "pdf", "docx" or "video"
    rating: float  # mean of 0-5 stars, 0 without votes
    votes: int
    views: int
    created: datetime
    passages: list[PassageText]
    semester: int | None = None  # 1-12
    year: int | None = None  # in which the academic year begins
    language: str = ""  # ISO 639-1, "" where it is unknown
    revision: int = 0  # of the material in the database, told back by revisions()


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """Conditions on a hit, all of which it meets; None asks for nothing. A category takes in what
    lies below it.
    """

    category_id: int | None = None
    type: str | None = None
    kind: str | None = None
    rating_gte: float | None = None
    uploaded_after: datetime | None = None
    uploaded_before: datetime | None = None
    material_id: int | None = None  # this one only, and only if it holds every word
    language: str | None = None
    semesters: tuple[int, ...] | None = None  # any of them
    year: int | None = None
    tags: tuple[str, ...] = ()  # all of them, as material tags are spelt


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to put what was asked. A document scores by its best wording, times `factor`."""

    query: ParsedQuery
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One page of one search. `page` counts from 1.

    `wordings` hold what was asked first, then what means the same; exclusions and phrases of the
    first hold for all. `moments` are those since which uploads are counted; with `counts` the
    answer tells what each choice of each facet would find.
    """

    wordings: tuple[Wording, ...]
    filters: SearchFilters = field(default_factory=SearchFilters)
    sort: Sort = "relevance"
    page: int = 1
    per_page: int = 20
    counts: bool = False
    moments: tuple[datetime, ...] = ()

    @classmethod
    def of(cls, text: str, filters: SearchFilters | None = None, **rest: Any) -> SearchRequest:
        """Return the request for the words as they stand, understood by nobody."""
        return cls((Wording(parse_query(text)),), filters or SearchFilters(), **rest)


@dataclass(frozen=True, slots=True)
class Place:
    """A passage of a hit: its number and how many different query words it holds."""

    number: int
    matched: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A found material: its id, its score (comparable within one answer only), its best places."""

    id: int
    score: float
    places: list[Place]  # at most three, best first; empty when only title or tags matched


# How many would be found with each choice of a facet, the other filters staying as they are.
# Choices that find nothing are absent. Keys: category id (taking in what lies below), type, kind,
# language, semester, year, tag, whole stars ("so many and more"), uploaded: place in `moments`.
Counts = dict[Facet, dict[Any, int]]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of hits, the size of the whole result, and the stems to highlight."""

    hits: list[Hit]
    total: int
    terms: frozenset[str]
    relaxed: bool = False  # whether some hits lack some of the words
    counts: Counts = field(default_factory=dict)


class SimilarWord(NamedTuple):
    """A stem of the index near to another: by how many edits, and in how many documents."""

    stem: str
    edits: int
    documents: int


class Rebuild(Protocol):
    """A new index in the making, beside the live one. What is added is kept when the process dies:
    the next rebuild goes on from there.
    """

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of what is in it already."""

    def add(self, documents: Iterable[IndexDocument], deletes: Iterable[int] = ()) -> None:
        """Put one batch in, replacing what has the same id, and take ids out; durable on return."""

    def finish(self) -> None:
        """Swap it in for the live index, whose readers go on undisturbed."""


class SearchIndex(Protocol):
    """An engine. Every method raises IndexUnavailable when the index cannot be read."""

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of results; never raises because of what the wordings hold."""

    def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]:
        """Return for each tuple of stems how many documents hold all of them."""

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        """Return stems within so many edits (insertion, deletion, substitution, transposition of
        neighbours), the nearest first, then the commonest. Bounded in time by the engine.
        """

    def update(self, upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
        """Put documents in (replacing those with the same id) and take ids out. Idempotent."""

    def rebuilding(self) -> AbstractContextManager[Rebuild]:
        """Hold the only right to rebuild while a new index is made, or an unfinished one goes on;
        updates of the live one go on meanwhile.

        Leaving without finish() keeps what was added for the next time. Raises IndexBusy.
        """

    def ids(self) -> set[int]:
        """Return the ids of all documents that are indexed now."""

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of all documents that are indexed now."""

    def check(self) -> None:
        """Raise IndexUnavailable unless the index can be opened and read."""

    def generation(self) -> int:
        """Return a number that grows with every change of the index."""

    def optimize(self) -> None:
        """Merge what small updates left behind; cheap when there is nothing to merge."""

    def close(self) -> None:
        """Close what this thread has open; the next call reads from the disk anew."""


class Row(NamedTuple):
    """What ranking needs to know of a document beside its words."""

    id: int
    rating: int  # hundredths of a star
    votes: int
    views: int
    created: int  # unix seconds
    title: int  # title_hash() of the title's stems


class View(Protocol):
    """One state of an index, as ranking.py reads it. Documents are numbers of the view's own.

    Every engine implements this and nothing of ranking, so that all give the same answers.
    """

    def row(self, number: int) -> Row:
        """Return the row of a document."""

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Yield (number, row) of these documents, in any order."""

    def idf(self, stem: str) -> float:
        """Return log(1 + (N - n + 1/2) / (n + 1/2)), 0 for a stem that no document holds."""

    def documents_with(self, stem: str) -> frozenset[int]:
        """Return the documents that hold the stem."""

    def documents_passing(self, filters: SearchFilters) -> frozenset[int]:
        """Return the documents that pass the filters, maybe none."""

    def best(
        self, stems: Iterable[str], among: frozenset[int], limit: int, boost: float, every: bool
    ) -> list[tuple[int, float]]:
        """Return (document, score) of at most `limit` of these documents, best first.

        The score is BM25 over the folded text plus, times `boost`, over the title. `every` says
        that all of these documents hold every stem.
        """

    def positions(self, stem: str, numbers: Iterable[int]) -> dict[int, Any]:
        """Return array("I") of the ascending positions in each of these documents that holds it."""

    def passages(self, number: int) -> Any:
        """Return the PassageMap (folding.py) of a document."""

    def tally(
        self, facet: Facet, documents: frozenset[int], moments: tuple[datetime, ...]
    ) -> dict[Any, int]:
        """Return how many of these documents each choice of a facet takes in (see Counts)."""
