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
from edu.search.base import IndexBusy, IndexDocument, IndexUnavailable, PassageText, Rebuild
from edu.search.completion import rebuild_completions, refresh_completions

log = logging.getLogger(__name__)
BATCH = 50
REBUILD_BATCH = 500  # materials that a stopped rebuild may have to read again,
REBUILD_PARTS = 8  # or such a part of all: many small parts of an index would have to be merged
ROUNDS = 5  # in which a rebuild follows what changes meanwhile; the rest is pending
REPAIRED = 200  # materials that are brought up to date one batch after another; more are rebuilt

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
        return _rebuild_unless_busy()
    _note_revisions(revisions)
    published = [m for m, noted in zip(materials, revisions.values(), strict=True) if noted]
    refresh_completions(published, deletes)
    return True


def _rebuild_unless_busy() -> bool:
    try:
        rebuild_index()
    except IndexBusy:
        return False
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
    """Follow what the index really has, whatever is noted; True if the two differed.

    Little is made pending again; an index that cannot be read, or has lost much, is built anew.
    """
    # What this thread has open would hide that the files are gone.
    search_index().close()
    try:
        search_index().check()
        differing = _find_differing()
        if len(differing) <= REPAIRED:
            _follow_index(differing)
            _follow_completions(differing)
            return bool(differing)
        log.warning("search: the index is built anew, for it differs in %d", len(differing))
    except IndexBusy:
        return False
    except IndexUnavailable as error:
        log.warning("search: the index is built anew: %s", error)
    return _rebuild_unless_busy()


def _find_differing() -> dict[int, int | None]:
    """Return id -> revision in the index (0 for none) where another is noted; None where the
    database does not know the material at all.
    """
    # The index first: what changes in between is then pending, and at worst indexed twice.
    indexed = search_index().revisions()
    rows = db.session.execute(select(Material.id, Material.indexed_revision))
    noted = {row.id: row.indexed_revision for row in rows}
    differing: dict[int, int | None] = dict.fromkeys(indexed.keys() - noted.keys())
    for material_id, revision in noted.items():
        if revision != indexed.get(material_id, 0):
            differing[material_id] = indexed.get(material_id, 0)
    return differing


def _follow_index(differing: dict[int, int | None]) -> None:
    unknown = [number for number, revision in differing.items() if revision is None]
    if unknown:
        search_index().update([], unknown)
    _note_revisions({n: revision for n, revision in differing.items() if revision is not None})


def _follow_completions(differing: dict[int, int | None]) -> None:
    """Refresh them too: what is noted as indexed is pending no more, and nobody else would."""
    if differing:
        known = db.session.scalars(select(Material).where(Material.id.in_(differing)))
        refresh_completions(known, differing)


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
        semester=material.semester,
        year=material.year,
        language=material.language,
        revision=material.revision,
    )


def rebuild_index() -> int:
    """Build the index anew beside the live one and swap it in; counts the documents.

    Goes on with what a rebuild left that was stopped. Raises IndexBusy while another is at it.
    """
    db.session.rollback()  # as in index_pending()
    with search_index().rebuilding() as rebuild:
        for _ in range(ROUNDS):
            if not _take_up(rebuild):
                break
        rebuild.finish()
        count = len(rebuild.revisions())
    # Whoever changed meanwhile has another revision by now, and so stays pending.
    _follow_index(_find_differing())
    rebuild_completions()
    return count


def _take_up(rebuild: Rebuild) -> bool:
    """Bring the new index up to the database; whether there was anything to bring."""
    made = rebuild.revisions()
    rows = db.session.execute(select(Material.id, Material.revision).where(_IS_ACTIVE))
    active = {row.id: row.revision for row in rows}
    wanted = sorted(number for number in active if made.get(number) != active[number])
    gone = made.keys() - active.keys()
    size = max(REBUILD_BATCH, -(-len(active) // REBUILD_PARTS))
    for start in range(0, max(len(wanted), 1), size):
        part = wanted[start : start + size]
        if part or gone:
            rebuild.add(_read_documents(part), gone)
        gone = set()
        db.session.rollback()  # the next batch reads what has been committed since
    return bool(wanted or made.keys() - active.keys())


def _read_documents(ids: list[int]) -> Iterator[IndexDocument]:
    for start in range(0, len(ids), BATCH):
        some = and_(Material.id.in_(ids[start : start + BATCH]), _IS_ACTIVE)
        yield from map(to_document, db.session.scalars(_for_index(some)))
        db.session.expunge_all()  # a large library does not fit into memory at once


def optimize_index() -> None:
    """Make the index compact; another writer at work is a reason to leave it for later."""
    try:
        search_index().optimize()
    except IndexBusy:
        log.info("search: another process writes, the index is not merged now")


@dataclass(frozen=True, slots=True)
class IndexDifference:
    """Ids that the index lacks, that it should not have, and that have changed since."""

    missing: list[int]
    surplus: list[int]
    outdated: list[int]

    @property
    def count(self) -> int:
        """In how many materials the two differ."""
        return len(self.missing) + len(self.surplus) + len(self.outdated)


def compare_index() -> IndexDifference:
    """Hold the index against the database. Raises IndexUnavailable."""
    indexed = search_index().revisions()
    rows = db.session.execute(select(Material.id, Material.revision).where(_IS_ACTIVE))
    active = {row.id: row.revision for row in rows}
    both = active.keys() & indexed.keys()
    return IndexDifference(
        sorted(active.keys() - indexed.keys()),
        sorted(indexed.keys() - active.keys()),
        sorted(number for number in both if active[number] != indexed[number]),
    )
