"""What moderators decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, func, select, update

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.materials.service import Page, paginate

MAX_REASON = 1000
_OUT = (MaterialStatus.FAILED, MaterialStatus.REJECTED)


def require_moderator(user: User | None) -> User:
    """Raises Forbidden."""
    if user is None or not user.is_moderator:
        raise Forbidden(_("Only moderators can do this."))
    return user


def list_pending(moderator: User | None, page: int) -> Page:
    """What waits for a decision, longest first. Raises Forbidden."""
    require_moderator(moderator)
    query = select(Material).where(Material.status == MaterialStatus.PENDING)
    return paginate(query.order_by(Material.created_at, Material.id), page)


def find_twins(materials: Sequence[Material]) -> dict[int, list[tuple[int, str]]]:
    """Ids and titles of other materials with the same bytes, by the ids of `materials`.

    What failed or was sent back does not count.
    """
    hashes = {material.file.sha256 for material in materials}
    query = select(Material.id, Material.title, StoredFile.sha256).join(StoredFile)
    query = query.where(StoredFile.sha256.in_(hashes), Material.status.not_in(_OUT))
    rows = db.session.execute(query.order_by(Material.id)).all()
    return {
        material.id: [
            (row.id, row.title)
            for row in rows
            if row.sha256 == material.file.sha256 and row.id != material.id
        ]
        for material in materials
    }


def count_pending() -> int:
    """How many materials wait for a decision."""
    query = select(func.count()).where(Material.status == MaterialStatus.PENDING)
    return db.session.scalar(query) or 0


def _decide(moderator: User | None, material: Material, **outcome: Any) -> None:
    moderator = require_moderator(moderator)
    # Two moderators may look at the same material: one UPDATE decides, so one decision stands.
    decided = update(Material).where(
        Material.id == material.id, Material.status == MaterialStatus.PENDING
    )
    decided = decided.values(
        moderator_id=moderator.id, moderated_at=utcnow(), revision=Material.revision + 1, **outcome
    )
    options = {"synchronize_session": False}
    done = cast("CursorResult[Any]", db.session.execute(decided, execution_options=options))
    if done.rowcount == 0:
        raise Conflict(_("Somebody has already decided on this material."))
    db.session.refresh(material)


def approve_material(moderator: User | None, material: Material) -> None:
    """Publish. Raises Forbidden or Conflict."""
    active = MaterialStatus.ACTIVE.value
    _decide(moderator, material, status=active, published_at=utcnow(), reject_reason="")


def reject_material(moderator: User | None, material: Material, reason: str) -> None:
    """Send back with a reason that the uploader reads. Raises Forbidden, Conflict, InvalidInput."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Tell the uploader why."), field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason")
    _decide(moderator, material, status=MaterialStatus.REJECTED.value, reject_reason=reason)
