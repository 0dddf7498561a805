"""What moderators decide."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, select

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import Page, paginate

MAX_REASON = 1000


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


def count_pending() -> int:
    """How many materials wait for a decision."""
    query = select(func.count()).where(Material.status == MaterialStatus.PENDING)
    return db.session.scalar(query) or 0


def _decide(moderator: User | None, material: Material) -> None:
    moderator = require_moderator(moderator)
    # Two moderators may look at the same row: the lock makes the second see the first's decision.
    db.session.refresh(material, with_for_update=True)
    if material.status != MaterialStatus.PENDING:
        raise Conflict(_("Somebody has already decided on this material."))
    material.moderator, material.moderated_at = moderator, utcnow()
    material.touch()


def approve_material(moderator: User | None, material: Material) -> None:
    """Publish. Raises Forbidden or Conflict."""
    _decide(moderator, material)
    material.status = MaterialStatus.ACTIVE.value
    material.published_at = utcnow()
    material.reject_reason = ""
    db.session.flush()


def reject_material(moderator: User | None, material: Material, reason: str) -> None:
    """Send back with a reason that the uploader reads. Raises Forbidden, Conflict, InvalidInput."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Tell the uploader why."), field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason")
    _decide(moderator, material)
    material.status = MaterialStatus.REJECTED.value
    material.reject_reason = reason
    db.session.flush()
