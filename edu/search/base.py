"""What every search engine of the library offers, in plain data of no engine or database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Sort = Literal["relevance", "rating", "date", "views"]


class IndexUnavailable(Exception):  # a state to act on, named as one
    """The index is missing, damaged or written by another version: rebuild it."""


class IndexBusy(IndexUnavailable):
    """Another process is writing for longer than a caller should wait: try again later."""


@dataclass(frozen=True, slots=True)
class PassageText:
    """One place that a hit can open at: a PDF page or a DOCX section (number from 1)."""

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
    category_ids: list[int]  # the category itself and every ancestor
    category_names: list[str]  # their names and aliases
    type: str
    kind: str  # "pdf", "docx" or "video"
    rating: float  # mean of 0-5 stars, 0 without votes
    votes: int
    views: int
    created: datetime
    passages: list[PassageText]


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """Conditions on a hit; None asks for nothing. A category takes in what lies below it."""

    category_id: int | None = None
    type: str | None = None
    kind: str | None = None
    rating_gte: float | None = None
    uploaded_after: datetime | None = None
    uploaded_before: datetime | None = None
    material_id: int | None = None  # this one only, and only if it holds every word


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One page of one search. `page` counts from 1."""

    text: str
    filters: SearchFilters = field(default_factory=SearchFilters)
    sort: Sort = "relevance"
    page: int = 1
    per_page: int = 20


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


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of hits, the size of the whole result, and the stems to highlight."""

    hits: list[Hit]
    total: int
    terms: frozenset[str]


class SearchIndex(Protocol):
    """An engine. Every method raises IndexUnavailable when the index cannot be read."""

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of results; never raises because of what the text holds."""

    def update(self, upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
        """Put documents in (replacing those with the same id) and take ids out. Idempotent."""

    def rebuild(self, documents: Iterable[IndexDocument]) -> None:
        """Write a whole new index beside the live one, then swap it in; readers go on."""

    def ids(self) -> set[int]:
        """Return the ids of all documents that are indexed now."""

    def check(self) -> None:
        """Raise IndexUnavailable unless the index can be opened and read."""

    def generation(self) -> int:
        """Return a number that grows with every change of the index."""

    def optimize(self) -> None:
        """Merge what small updates left behind; cheap when there is nothing to merge."""

    def close(self) -> None:
        """Close what this thread has open; the next call reads from the disk anew."""
