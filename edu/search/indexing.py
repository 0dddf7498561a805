"""The index held to the database: what is pending, rebuilt, compared."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from edu.catalog.models import Category
from edu.extensions import db, search_index
from edu.materials.models import Material, MaterialStatus
from edu.search.base import IndexBusy, IndexDocument, IndexUnavailable, PassageText

log = logging.getLogger(__name__)
BATCH = 50

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
