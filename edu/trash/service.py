"""The trash: what was deleted lies there for TRASH_DAYS, can come back, and goes for good."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import MAX_ID, change_rows, db, insert_if_absent, settings, utcnow
from edu.materials.models import Material, MaterialStatus, MaterialVersion, StoredFile
from edu.materials.service import details_of, visible_to
from edu.media.service import start_processing
from edu.notifications.service import notify_decision, take_back_decision
from edu.permissions import Permission, may, moderates
from edu.site.audit import record
from edu.site.paging import Listing, list_page
from edu.storage.unused import note_unused
from edu.trash.models import PurgedMaterial, TrashEntry

MAX_REASON = 1000
# These were on their way when they were deleted, or have failed: they begin anew.
_BEGINS_ANEW = (MaterialStatus.PROCESSING, MaterialStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Trashed:
    """An entry as a person sees it."""

    entry: TrashEntry
    may_restore: bool  # and delete for good

    @property
    def until(self) -> datetime:
        """When the material goes for good."""
        return self.entry.deleted_at + kept_for()

    @property
    def days_left(self) -> int:
        """Days that have begun: the last one is 1, and 0 what only waits for the next hour."""
        return max(0, math.ceil((self.until - utcnow()) / timedelta(days=1)))


def kept_for() -> timedelta:
    """How long the trash keeps what is thrown into it."""
    return timedelta(days=settings().trash_days)


# Who may do what ------------------------------------------------------------------------------


def can_delete(user: User | None, material: Material) -> bool:
    """Its uploader until it is published, its moderators always."""
    if material.status == MaterialStatus.ARCHIVED:
        return False
    return may(user, _permission(material), material)


def _permission(material: Material) -> Permission:
    return Permission.DELETE_PUBLISHED if material.was_published else Permission.DELETE


def can_restore(user: User | None, entry: TrashEntry) -> bool:
    """Who may delete it, except that an uploader leaves alone what a moderator has deleted."""
    material = entry.material
    if user is None or not may(user, _permission(material), material):
        return False
    return entry.deleted_by_id == user.id or moderates(user, material.category)


def require_deletable(user: User | None, material: Material) -> None:
    """Raises Forbidden."""
    if not can_delete(user, material):
        raise Forbidden(_("Only moderators of its subject can delete this material now."))


# Reading --------------------------------------------------------------------------------------


def _seen_by(user: User) -> Select[TrashEntry]:
    query = select(TrashEntry).join(TrashEntry.material).where(visible_to(user))
    return query.options(details_of(TrashEntry.material), joinedload(TrashEntry.deleted_by))


def list_trash(user: User, page: int, per_page: int | None = None) -> Listing[Trashed]:
    """What the person has uploaded or moderates, deleted last first."""
    query = _seen_by(user).order_by(TrashEntry.deleted_at.desc(), TrashEntry.material_id.desc())
    found = list_page(query, page, per_page)
    items = [_as_seen(user, entry) for entry in found.items]
    return Listing(items, found.total, found.page, found.per_page)


def count_trash(user: User) -> int:
    """How much `list_trash` lists."""
    query = select(func.count()).select_from(TrashEntry).join(TrashEntry.material)
    return db.session.scalar(query.where(visible_to(user))) or 0


def find_trashed(user: User | None, material: Material) -> Trashed | None:
    """What the page of a visible material tells of its deletion; None for what is not deleted."""
    if material.status != MaterialStatus.ARCHIVED:
        return None
    entry = db.session.get(TrashEntry, material.id)
    return _as_seen(user, entry) if entry else None


def get_trashed(user: User, material_id: int) -> Trashed:
    """Raises NotFound, also for what this person must not know of."""
    query = _seen_by(user).where(TrashEntry.material_id == material_id)
    entry = db.session.scalar(query) if material_id <= MAX_ID else None
    if entry is None:
        raise NotFound(_("This material is not in the trash."))
    return _as_seen(user, entry)


def _as_seen(user: User | None, entry: TrashEntry) -> Trashed:
    return Trashed(entry, can_restore(user, entry))


# In and out -----------------------------------------------------------------------------------


def delete_material(user: User, material: Material, reason: str = "") -> Trashed:
    """Put it into the trash; its uploader is told, with the reason, if somebody else does it.

    Raises Forbidden, InvalidInput, or Conflict when somebody else was first.
    """
    _begin_deletion(material)
    require_deletable(user, material)
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason")
    entry = TrashEntry(
        material=material, deleted_by=user, status_before=material.status, reason=reason
    )
    db.session.add(entry)
    material.status = MaterialStatus.ARCHIVED.value
    # Whoever has it in hand loses the claim to it.
    material.claim, material.heartbeat_at, material.step = "", None, ""
    db.session.flush()
    if material.uploader_id != user.id:
        notify_decision(material, "deleted", reason)
    return _as_seen(user, entry)


def _begin_deletion(material: Material) -> None:
    """Writes first: of two who delete at once one waits, and then reads that it is done."""
    here = update(Material).where(
        Material.id == material.id, Material.status != MaterialStatus.ARCHIVED
    )
    if change_rows(here.values(revision=Material.revision + 1)) == 0:
        raise Conflict(_("This material is in the trash already."))
    db.session.refresh(material)


def restore_material(user: User, material_id: int) -> Material:
    """Back to the state that it had; what was in processing, or had failed, begins anew.

    Raises NotFound, Forbidden, or Conflict when somebody else was first.
    """
    entry = _take_out(user, material_id)
    material, status = entry.material, entry.status_before
    if status in _BEGINS_ANEW:
        start_processing(material)
    else:
        material.status = status
    material.touch()
    take_back_decision(material, "deleted")
    db.session.flush()
    return material


def _take_out(user: User, material_id: int) -> TrashEntry:
    """The entry, whose row is gone: of two who ask for it one gets it."""
    trashed = get_trashed(user, material_id)
    if not trashed.may_restore:
        raise Forbidden(_("Only a moderator of its subject can decide on this material now."))
    entry = trashed.entry
    if change_rows(delete(TrashEntry).where(TrashEntry.material_id == material_id)) == 0:
        raise Conflict(_("This material is not in the trash any more."))
    material = entry.material
    db.session.expunge(entry)
    db.session.refresh(material)
    return entry


# For good -------------------------------------------------------------------------------------


def purge_now(user: User, material_id: int) -> None:
    """Delete for good, without waiting for the day. Raises as restore_material."""
    material = _take_out(user, material_id).material
    if material.uploader_id != user.id:
        record(user, "material_purged", f"material:{material_id}", material.title)
    _purge(material_id)


def list_overdue(limit: int) -> list[int]:
    """Ids of materials whose time in the trash is over, and of which search knows nothing."""
    query = select(TrashEntry.material_id).join(TrashEntry.material)
    query = query.where(TrashEntry.deleted_at <= utcnow() - kept_for())
    query = query.where(Material.indexed_revision == 0)
    return list(db.session.scalars(query.order_by(TrashEntry.deleted_at).limit(limit)))


def purge_overdue(material_id: int) -> None:
    """Delete for good what is still in the trash. Raises Conflict if it is not."""
    over = TrashEntry.deleted_at <= utcnow() - kept_for()
    if change_rows(delete(TrashEntry).where(TrashEntry.material_id == material_id, over)) == 0:
        raise Conflict
    _purge(material_id)


def _purge(material_id: int) -> None:
    """The row with all that hangs on it, and its files that no other material has.

    Their bytes stay until it is sure that no row refers to them. Raises Conflict.
    """
    file_ids = _files_of(material_id)
    uploader_id = db.session.scalar(select(Material.uploader_id).where(Material.id == material_id))
    gone = delete(Material).where(
        Material.id == material_id, Material.status == MaterialStatus.ARCHIVED
    )
    # The index must know of no material that is not there.
    if change_rows(gone.where(Material.indexed_revision == 0)) == 0:
        raise Conflict(_("Search is about to forget this material. Try again in a minute."))
    insert_if_absent(PurgedMaterial, material_id=material_id)
    sizes = _sizes_of(file_ids)
    change_rows(delete(StoredFile).where(StoredFile.id.in_(file_ids), ~_is_used()))
    note_unused(sizes, uploader_id)
    db.session.expire_all()


def _files_of(material_id: int) -> set[int]:
    present = select(Material.file_id).where(Material.id == material_id)
    versions = select(MaterialVersion.file_id).where(MaterialVersion.material_id == material_id)
    return set(db.session.scalars(present.union(versions)))


def _sizes_of(file_ids: set[int]) -> dict[str, int]:
    query = select(StoredFile.sha256, StoredFile.size).where(StoredFile.id.in_(file_ids))
    return {row.sha256: row.size for row in db.session.execute(query)}


def _is_used() -> ColumnElement[bool]:
    present = exists().where(Material.file_id == StoredFile.id)
    return or_(present, exists().where(MaterialVersion.file_id == StoredFile.id))
