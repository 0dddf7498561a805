"""Search as people ask for it, and the keeping of the index."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Table, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from edu.catalog.models import Category
from edu.errors import Unavailable
from edu.extensions import db, search_index, settings
from edu.materials.models import Material, MaterialStatus, Passage
from edu.materials.service import load_active
from edu.search.base import (
    Hit,
    IndexBusy,
    IndexDocument,
    IndexUnavailable,
    PassageText,
    SearchAnswer,
    SearchFilters,
    SearchRequest,
    Sort,
)
from edu.search.snippets import make_snippet

log = logging.getLogger(__name__)
BATCH = 50
MAX_QUERY = 300
MAX_PAGE = 500
SORTS: tuple[Sort, ...] = ("relevance", "rating", "date", "views")
SNIPPET_WIDTH = 240


# Asking ---------------------------------------------------------------------------------------


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
    request = SearchRequest(wanted.text, _filters(wanted), wanted.sort, wanted.page, per_page)
    answer = _ask_index(request)
    return Found(_with_places(answer), answer.total, wanted.page, per_page, sorted(answer.terms))


def finds(wanted: SearchInput, material_id: int) -> bool:
    """Whether the indexed material passes the filters and holds every word of this search.

    Raises Unavailable when the index cannot be read.
    """
    filters = replace(_filters(wanted), material_id=material_id)
    # Any order but relevance, which would be worked out in vain.
    return _ask_index(SearchRequest(wanted.text, filters, "date", per_page=1)).total > 0


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


# Keeping --------------------------------------------------------------------------------------

# What the index has is `indexed_revision`; 0 means that it has nothing of the material.
_IS_ACTIVE = Material.status == MaterialStatus.ACTIVE
_PENDING = or_(
    and_(_IS_ACTIVE, Material.revision != Material.indexed_revision),
    and_(Material.status != MaterialStatus.ACTIVE, Material.indexed_revision != 0),
)


def has_pending() -> bool:
    """Whether the database is ahead of the index."""
    return db.session.scalar(select(Material.id).where(_PENDING).limit(1)) is not None


def count_pending() -> int:
    """How many materials the index has yet to learn of, or to forget."""
    return db.session.scalar(select(func.count()).where(_PENDING)) or 0


def index_pending() -> bool:
    """Bring one batch of changes into the index; False when another writer is at it.

    What is noted is the revision that was read, so a change in between stays pending.
    """
    materials = list(db.session.scalars(_for_index(_PENDING).limit(BATCH)))
    revisions = {m.id: m.revision if m.status == MaterialStatus.ACTIVE else 0 for m in materials}
    documents = [to_document(m) for m in materials if m.status == MaterialStatus.ACTIVE]
    deletes = [m.id for m in materials if m.status != MaterialStatus.ACTIVE]
    db.session.rollback()  # no transaction is kept open while the index is written
    try:
        search_index().update(documents, deletes)
    except IndexBusy:
        return False
    except IndexUnavailable:
        log.exception("search: the index cannot be written and is built anew")
        rebuild_index()
        return True
    _note_revisions(revisions)
    return True


def _note_revisions(revisions: dict[int, int]) -> None:
    if not revisions:
        return
    table = cast("Table", Material.__table__)
    noted = table.update().where(table.c.id == bindparam("of_id"))
    rows = [{"of_id": key, "was": revision} for key, revision in revisions.items()]
    db.session.execute(noted.values(indexed_revision=bindparam("was")), rows)
    db.session.expire_all()


def heal_index() -> bool:
    """Build the index anew when it cannot be read or has lost documents; True if it had to be.

    Call it while nobody else writes: between an index commit and its note the two differ.
    """
    # Also what has left the published and has not been taken out yet.
    noted = select(func.count()).where(Material.indexed_revision != 0)
    # What this thread has open would hide that the files are gone.
    search_index().close()
    try:
        found, expected = len(search_index().ids()), db.session.scalar(noted) or 0
    except IndexUnavailable as error:
        log.warning("search: the index is built anew: %s", error)
    else:
        if found == expected:
            return False
        log.warning("search: %d documents instead of %d, built anew", found, expected)
    try:
        rebuild_index()
    except IndexBusy:
        return False
    return True


def _for_index(condition: Any) -> Any:
    return (
        select(Material)
        .where(condition)
        .order_by(Material.id)
        .options(
            joinedload(Material.file),
            joinedload(Material.category).selectinload(Category.aliases),
            selectinload(Material.tags),
            selectinload(Material.passages),
        )
        .execution_options(populate_existing=True)
    )


def to_document(material: Material) -> IndexDocument:
    """What the index keeps of a material."""
    trail = material.category.trail
    names = [c.name for c in trail] + [a.alias for c in trail for a in c.aliases]
    return IndexDocument(
        id=material.id,
        title=material.title,
        description=material.description,
        tags=[tag.name for tag in material.tags],
        category_ids=[category.id for category in trail],
        category_names=names,
        type=material.type,
        kind=material.file.kind,
        rating=round(material.rating_mean, 1),  # as shown, so that filters agree with the page
        votes=material.rating_votes,
        views=material.views,
        created=material.published_at or material.created_at,
        passages=[PassageText(p.number, p.heading, p.text) for p in material.passages],
    )


def rebuild_index() -> int:
    """Build the index anew beside the live one and swap it in; counts the documents."""
    revisions: dict[int, int] = {}

    def documents() -> Iterator[IndexDocument]:
        ids = list(db.session.scalars(select(Material.id).where(_IS_ACTIVE).order_by(Material.id)))
        for start in range(0, len(ids), BATCH):
            part = Material.id.in_(ids[start : start + BATCH])
            for material in db.session.scalars(_for_index(and_(part, _IS_ACTIVE))):
                revisions[material.id] = material.revision
                yield to_document(material)
            db.session.expunge_all()  # a large library does not fit into memory at once

    search_index().rebuild(documents())
    # Whoever changed meanwhile has another revision by now, and so stays pending.
    db.session.execute(cast("Table", Material.__table__).update().values(indexed_revision=0))
    _note_revisions(revisions)
    return len(revisions)


def optimize_index() -> None:
    """Make the index compact; another writer at work is a reason to leave it for later."""
    try:
        search_index().optimize()
    except IndexBusy:
        log.info("search: another process writes, the index is not merged now")


@dataclass(frozen=True, slots=True)
class IndexDifference:
    """Ids that the index lacks, and ids that it should not have."""

    missing: list[int]
    surplus: list[int]


def compare_index() -> IndexDifference:
    """Hold the index against the database. Raises IndexUnavailable."""
    indexed = search_index().ids()
    active = set(db.session.scalars(select(Material.id).where(_IS_ACTIVE)))
    return IndexDifference(sorted(active - indexed), sorted(indexed - active))
