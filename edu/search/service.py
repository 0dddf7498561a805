"""Search as people ask for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from flask_babel import gettext as _

from edu.catalog.models import Category
from edu.catalog.service import list_name_groups
from edu.errors import Unavailable
from edu.extensions import search_index, settings, utcnow
from edu.materials.service import MAX_MARKS
from edu.search.base import (
    Counts,
    IndexUnavailable,
    SearchAnswer,
    SearchFilters,
    SearchRequest,
    Sort,
)
from edu.search.hits import FoundMaterial, show_hits
from edu.search.ranking import DEEPEST
from edu.search.understanding.slang import add_common_names
from edu.search.understanding.understand import Change, NameGroup, Understood, understand

log = logging.getLogger(__name__)
Within = Literal["week", "month", "year"]
MAX_QUERY = 300
MAX_PAGE = 500
MAX_TAGS = 15  # a material has no more
MAX_LITERAL = 8
SORTS: tuple[Sort, ...] = ("relevance", "rating", "date", "views")
WITHIN: dict[Within, int] = {"week": 7, "month": 30, "year": 365}  # days
# Which filter a change of understanding sets.
NARROWING = {"type": "type", "kind": "kind", "semester": "semester", "course": "semester"}
NARROWING["year"] = "year"
# In this order understood filters are given up where they leave nothing: a time is the likeliest
# to be unknown of a material. After MOST_SINGLE of them alone, all are.
GIVEN_UP = ("semester", "course", "year", "kind", "type")
MOST_SINGLE = 2


@dataclass(frozen=True, slots=True)
class SearchInput:
    """What a person asked for, checked. A filter that is given wins over one that is understood."""

    text: str = ""
    category: Category | None = None
    type: str | None = None
    rating_gte: float | None = None
    uploaded_after: date | None = None
    uploaded_before: date | None = None
    sort: Sort = "relevance"
    page: int = 1
    per_page: int | None = None
    kind: str | None = None
    language: str | None = None
    semester: int | None = None
    year: int | None = None
    tags: tuple[str, ...] = ()
    within: Within | None = None
    exact: bool = False  # nothing is understood
    literal: tuple[str, ...] = ()  # words to be taken as typed


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results, and how the search was understood.

    `as_text` holds words that would have been filters, but left nothing.
    """

    items: list[FoundMaterial]
    total: int
    page: int
    per_page: int
    terms: list[str]
    understood: Understood
    filters: SearchFilters  # given and understood
    as_text: tuple[str, ...] = ()
    counts: Counts | None = None
    relaxed: bool = False

    @property
    def pages(self) -> int:
        """How many pages can be asked for, at least one."""
        pages = -(-min(self.total, DEEPEST) // self.per_page)
        return min(max(1, pages), MAX_PAGE)

    @property
    def marks(self) -> str:
        """The stems to mark in a material, as its address takes them."""
        text = " ".join(self.terms)
        return text if len(text) <= MAX_MARKS else text[:MAX_MARKS].rpartition(" ")[0]


def find_materials(wanted: SearchInput, *, counts: bool = False) -> Found:
    """Search the published materials; with `counts` of what each choice of a filter would find.

    Raises Unavailable when the index cannot be read.
    """
    per_page = wanted.per_page or settings().per_page
    page = SearchRequest(
        (),
        sort=wanted.sort,
        page=wanted.page,
        per_page=per_page,
        counts=counts,
        moments=tuple(_days_ago(days) for days in WITHIN.values()),
    )
    with index_at_hand():
        understood, answer, as_text = _ask(wanted, page)
    return Found(
        show_hits(answer),
        answer.total,
        wanted.page,
        per_page,
        sorted(answer.terms),
        understood,
        effective_filters(wanted, understood),
        as_text,
        answer.counts if counts else None,
        answer.relaxed,
    )


def _ask(
    wanted: SearchInput, page: SearchRequest
) -> tuple[Understood, SearchAnswer, tuple[str, ...]]:
    """Ask; where filters that were understood leave nothing, the words of one that does so, or of
    all, are text, without which the rest may be found.
    """
    names = add_common_names(list_name_groups())
    understood = _understand(wanted, names)
    answer = _answer(wanted, understood, page)
    changes = [] if answer.total else narrowing_changes(wanted, understood)
    if not changes or not _found_without_filters(wanted, understood):
        return understood, answer, ()
    for words in _given_up(changes):
        literally = _understand(wanted, names, words)
        second = _answer(wanted, literally, page)
        if second.total:
            return literally, second, words
    return understood, answer, ()


def _given_up(changes: list[Change]) -> list[tuple[str, ...]]:
    """Return the words to take as text, those to try first at the beginning."""
    ordered = sorted(changes, key=lambda change: GIVEN_UP.index(change.kind))
    words = tuple(dict.fromkeys(change.said for change in ordered))
    single = [(word,) for word in words[:MOST_SINGLE]] if len(words) > 1 else []
    return [*single, words]


def _understand(
    wanted: SearchInput, names: Sequence[NameGroup], words: tuple[str, ...] = ()
) -> Understood:
    literal = frozenset((*wanted.literal, *words))
    return understand(wanted.text, search_index(), names, literal=literal, exact=wanted.exact)


def _answer(wanted: SearchInput, understood: Understood, page: SearchRequest) -> SearchAnswer:
    filters = effective_filters(wanted, understood)
    wordings = (*understood.wordings, *understood.unfiltered)
    return search_index().search(replace(page, wordings=wordings, filters=filters))


def _found_without_filters(wanted: SearchInput, understood: Understood) -> bool:
    filters = effective_filters(wanted, Understood(understood.text, understood.wordings))
    request = SearchRequest(understood.wordings, filters, sort="date", per_page=1)
    return search_index().search(request).total > 0


def narrowing_changes(wanted: SearchInput, understood: Understood) -> list[Change]:
    """The changes that made words of the search filters, but for those that given ones replace."""
    return [
        change
        for change in understood.changes
        if change.kind in NARROWING and not getattr(wanted, NARROWING[change.kind])
    ]


def finds(wanted: SearchInput, material_id: int, names: Sequence[NameGroup]) -> bool:
    """Whether the indexed material passes the filters, given and understood, and holds every word.

    Here words stay filters also where they leave nothing: who follows «лекции 4 семестра» waits
    for those. `names` are those of the catalogue. Raises Unavailable when the index cannot be read.
    """
    with index_at_hand():
        understood = _understand(wanted, names)
        filters = replace(effective_filters(wanted, understood), material_id=material_id)
        # Any order but relevance, which would be worked out in vain.
        request = SearchRequest(understood.wordings, filters, sort="date", per_page=1)
        return search_index().search(request).total > 0


@contextmanager
def index_at_hand() -> Iterator[None]:
    """Turn an index that cannot be read into a sentence for people."""
    try:
        yield
    except IndexUnavailable as error:
        log.error("search: the index does not answer: %s", error)
        raise Unavailable(_("Search does not work just now. Try again in a minute.")) from error


def effective_filters(wanted: SearchInput, understood: Understood) -> SearchFilters:
    """The filters that were given, and those understood for what was not."""
    since = _start(wanted.uploaded_after)
    if wanted.within:
        since = _days_ago(WITHIN[wanted.within])
    return SearchFilters(
        category_id=wanted.category.id if wanted.category else None,
        type=wanted.type or understood.type,
        kind=wanted.kind or understood.kind,
        rating_gte=wanted.rating_gte,
        uploaded_after=since,
        uploaded_before=_start(wanted.uploaded_before, days=1),
        language=wanted.language,
        semesters=(wanted.semester,) if wanted.semester else understood.semesters,
        year=wanted.year or understood.year,
        tags=wanted.tags,
    )


def _days_ago(days: int) -> datetime:
    # From the beginning of a day: a count and the result that it promises are of one moment.
    return datetime.combine(utcnow().date() - timedelta(days), time(), UTC)


def _start(day: date | None, days: int = 0) -> datetime | None:
    """The first moment of a day, or `days` after: «before 3 May» takes in the third of May."""
    if day is None or day > date.max - timedelta(days):
        return None
    return datetime.combine(day + timedelta(days), time(), UTC)
