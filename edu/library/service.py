"""What belongs to a person: where they have read, what they have uploaded."""

from __future__ import annotations

import math
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from edu.accounts.models import User
from edu.errors import InvalidInput, NotFound
from edu.extensions import MAX_ID, db, utcnow
from edu.library.models import HistoryEntry
from edu.materials.models import Material, MaterialStatus, Passage
from edu.materials.service import Page, details_of, paginate, visible_to
from edu.site.paging import Listing, list_page

MAX_PLACE = 1_000_000


# History --------------------------------------------------------------------------------------


def record_opening(user: User | None, material: Material) -> None:
    """The person has opened the material just now; of strangers nothing is kept."""
    if user is not None:
        _keep_entry(user, material, opened_at=utcnow())


def save_place(user: User, material: Material, place: int) -> None:
    """The person has read up to here. Raises InvalidInput when the material has no such place."""
    if not 0 <= place <= last_place(material):
        raise InvalidInput(_("There is no such place in this material."), field="place")
    _keep_entry(user, material, place=place, opened_at=utcnow())


def _keep_entry(user: User, material: Material, **values: Any) -> None:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    fresh = {"place": 0, "user_id": user.id, "material_id": material.id, **values}
    statement = dialect.insert(HistoryEntry).values(fresh)
    # Two tabs may open a material at the same moment: one statement, so that both succeed.
    one = [HistoryEntry.user_id, HistoryEntry.material_id]
    db.session.execute(statement.on_conflict_do_update(index_elements=one, set_=values))


def last_place(material: Material) -> int:
    """The last page, section or second; MAX_PLACE where it is not known."""
    file = material.file
    if file.kind == "video":
        return math.ceil(file.duration) if file.duration else MAX_PLACE
    if file.kind == "pdf":
        return file.pages or MAX_PLACE
    sections = select(func.max(Passage.number)).where(Passage.material_id == material.id)
    return db.session.scalar(sections) or 1


def find_place(user: User | None, material: Material) -> int:
    """Where the person has stopped, 0 when there is nothing to go on with."""
    entry = db.session.get(HistoryEntry, (user.id, material.id)) if user else None
    return entry.place if entry and entry.place > 1 else 0


def _history(user: User) -> Select[HistoryEntry]:
    query = select(HistoryEntry).join(Material)
    query = query.where(HistoryEntry.user_id == user.id, visible_to(user))
    query = query.options(details_of(HistoryEntry.material))
    return query.order_by(HistoryEntry.opened_at.desc(), HistoryEntry.material_id.desc())


def list_history(user: User, page: int, per_page: int | None = None) -> Listing[HistoryEntry]:
    """What the person has opened and may still see, the latest first."""
    return list_page(_history(user), page, per_page)


def get_entry(user: User, material_id: int) -> HistoryEntry:
    """Raises NotFound."""
    query = _history(user).where(HistoryEntry.material_id == material_id)
    entry = db.session.scalar(query) if material_id <= MAX_ID else None
    if entry is None:
        raise NotFound(_("This material is not in your history."))
    return entry


def list_reading(user: User | None, limit: int = 3) -> list[HistoryEntry]:
    """What the person has begun to read, the latest first."""
    if user is None:
        return []
    return list(db.session.scalars(_history(user).where(HistoryEntry.place > 1).limit(limit)))


def remove_entry(user: User, material_id: int) -> None:
    """Forget that the person has opened it, also what they may not see any more."""
    if material_id <= MAX_ID:
        _forget(user, HistoryEntry.material_id == material_id)


def clear_history(user: User) -> None:
    """Forget all that the person has opened."""
    _forget(user, true())


def _forget(user: User, which: ColumnElement[bool]) -> None:
    db.session.execute(delete(HistoryEntry).where(HistoryEntry.user_id == user.id, which))


# Uploads --------------------------------------------------------------------------------------


def list_uploads(
    user: User, page: int, status: MaterialStatus | None = None, per_page: int | None = None
) -> Page:
    """What the person has uploaded, in this state or in any but the trash, newest first."""
    query = select(Material).where(Material.uploader_id == user.id)
    kept = Material.status != MaterialStatus.ARCHIVED
    query = query.where(kept if status is None else Material.status == status)
    return paginate(query.order_by(Material.created_at.desc(), Material.id.desc()), page, per_page)


def count_uploads(user: User) -> dict[MaterialStatus, int]:
    """How many of the person's uploads are in each state; states without any are left out."""
    query = select(Material.status, func.count()).where(Material.uploader_id == user.id)
    counts = {row[0]: row[1] for row in db.session.execute(query.group_by(Material.status))}
    return {status: counts[status] for status in MaterialStatus if status in counts}
