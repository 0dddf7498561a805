"""Search as people ask for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select

from edu.catalog.models import Category
from edu.errors import Unavailable
from edu.extensions import db, search_index, settings
from edu.materials.models import Material, Passage
from edu.materials.service import load_active
from edu.search.base import (
    Hit,
    IndexUnavailable,
    SearchAnswer,
    SearchFilters,
    SearchRequest,
    Sort,
)
from edu.search.snippets import make_snippet

log = logging.getLogger(__name__)
MAX_QUERY = 300
MAX_PAGE = 500
SORTS: tuple[Sort, ...] = ("relevance", "rating", "date", "views")
SNIPPET_WIDTH = 240


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A page or section of a hit, with the sentence around the words: (text, is a match)."""

    number: int
    kind: str
    heading: str
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class FoundMaterial:
    """A hit with what its card shows."""

    material: Material
    places: list[FoundPlace]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results."""

    items: list[FoundMaterial]
    total: int
    page: int
    per_page: int
    terms: list[str]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


@dataclass(frozen=True, slots=True)
class SearchInput:
    """What a person asked for, checked."""

    text: str = ""
    category: Category | None = None
    type: str | None = None
    rating_gte: float | None = None
    uploaded_after: date | None = None
    uploaded_before: date | None = None
    sort: Sort = "relevance"
    page: int = 1
    per_page: int | None = None


def find_materials(wanted: SearchInput) -> Found:
    """Search the published materials. Raises Unavailable when the index cannot be read."""
    per_page = wanted.per_page or settings().per_page
    request = SearchRequest.of(
        wanted.text,
        _filters(wanted),
        sort=wanted.sort,
        page=wanted.page,
        per_page=per_page,
    )
    answer = _ask_index(request)
    return Found(_with_places(answer), answer.total, wanted.page, per_page, sorted(answer.terms))


def finds(wanted: SearchInput, material_id: int) -> bool:
    """Whether the indexed material passes the filters and holds every word of this search.

    Raises Unavailable when the index cannot be read.
    """
    filters = replace(_filters(wanted), material_id=material_id)
    # Any order but relevance, which would be worked out in vain.
    return _ask_index(SearchRequest.of(wanted.text, filters, sort="date", per_page=1)).total > 0


def _ask_index(request: SearchRequest) -> SearchAnswer:
    try:
        return search_index().search(request)
    except IndexUnavailable as error:
        log.exception("search: the index does not answer")
        raise Unavailable(_("Search does not work just now. Try again in a minute.")) from error


def _filters(wanted: SearchInput) -> SearchFilters:
    return SearchFilters(
        category_id=wanted.category.id if wanted.category else None,
        type=wanted.type,
        rating_gte=wanted.rating_gte,
        uploaded_after=_start(wanted.uploaded_after),
        uploaded_before=_start(wanted.uploaded_before, days=1),
    )


def _start(day: date | None, days: int = 0) -> datetime | None:
    """The first moment of a day, or `days` after: «before 3 May» takes in the third of May."""
    if day is None or day > date.max - timedelta(days):
        return None
    return datetime.combine(day + timedelta(days), time(), UTC)


def _with_places(answer: SearchAnswer) -> list[FoundMaterial]:
    # The database has the last word on what is published: the index may be a moment behind.
    materials = load_active(hit.id for hit in answer.hits)
    hits = [hit for hit in answer.hits if hit.id in materials]
    passages = _load_passages(hits)
    return [
        FoundMaterial(
            materials[hit.id],
            [
                FoundPlace(p.number, _place_kind(materials[hit.id]), p.heading, pieces)
                for place in hit.places
                if (p := passages.get((hit.id, place.number)))
                and (pieces := make_snippet(p.text, answer.terms, SNIPPET_WIDTH))
            ],
        )
        for hit in hits
    ]


def _place_kind(material: Material) -> str:
    return "page" if material.file.kind == "pdf" else "section"


def _load_passages(hits: list[Hit]) -> dict[tuple[int, int], Passage]:
    wanted = [
        and_(Passage.material_id == hit.id, Passage.number.in_([p.number for p in hit.places]))
        for hit in hits
        if hit.places
    ]
    if not wanted:
        return {}
    query = select(Passage).where(or_(*wanted))
    return {(p.material_id, p.number): p for p in db.session.scalars(query)}
