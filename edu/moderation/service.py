"""What moderators decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, select, update

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.catalog.service import descendant_ids
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import change_rows, db, utcnow
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.materials.service import OUT, Page, paginate, visible_to
from edu.notifications.service import notify_decision
from edu.notifications.telling import notify_waiting
from edu.permissions import Permission, lies_within_moderated, may
from edu.reports.models import ReportState
from edu.reports.service import close_reports, require_settler
from edu.site.audit import record
from edu.trash.service import delete_material

MAX_REASON = 1000


def require_moderator(user: User | None) -> User:
    """Raises Forbidden."""
    if user is None or not may(user, Permission.REVIEW):
        raise Forbidden(_("Only moderators can do this."))
    return user


def _waits_for(moderator: User) -> ColumnElement[bool]:
    mine = lies_within_moderated(moderator, Material.category_id)
    return and_(Material.status == MaterialStatus.PENDING, mine)


def list_pending(
    moderator: User | None,
    page: int,
    *,
    category: Category | None = None,
    per_page: int | None = None,
) -> Page:
    """What waits for this person's decision, in `category` or anywhere, longest first.

    Raises Forbidden.
    """
    query = select(Material).where(_waits_for(require_moderator(moderator)))
    if category is not None:
        query = query.where(Material.category_id.in_(descendant_ids(category)))
    return paginate(query.order_by(Material.created_at, Material.id), page, per_page)


def find_twins(moderator: User, materials: Sequence[Material]) -> dict[int, list[tuple[int, str]]]:
    """Ids and titles of other materials with the same bytes, by the ids of `materials`.

    Only those that the moderator may see; what failed, was sent back or deleted does not count.
    """
    hashes = {material.file.sha256 for material in materials}
    query = select(Material.id, Material.title, StoredFile.sha256).join(StoredFile)
    query = query.where(StoredFile.sha256.in_(hashes), Material.status.not_in(OUT))
    query = query.where(visible_to(moderator))
    rows = db.session.execute(query.order_by(Material.id)).all()
    return {
        material.id: [
            (row.id, row.title)
            for row in rows
            if row.sha256 == material.file.sha256 and row.id != material.id
        ]
        for material in materials
    }


def count_pending(moderator: User | None) -> int:
    """How many materials wait for this person's decision."""
    if moderator is None or not may(moderator, Permission.REVIEW):
        return 0
    return db.session.scalar(select(func.count()).where(_waits_for(moderator))) or 0


def _decide(moderator: User | None, material: Material, edition: str, **outcome: Any) -> None:
    moderator = require_moderator(moderator)
    if not may(moderator, Permission.REVIEW, material):
        raise Forbidden(_("You do not moderate this subject."))
    # Two moderators may look at the same material: one UPDATE decides, so one decision stands.
    decided = update(Material).where(
        Material.id == material.id, Material.status == MaterialStatus.PENDING
    )
    decided = decided.values(
        moderator_id=moderator.id, moderated_at=utcnow(), revision=Material.revision + 1, **outcome
    )
    if change_rows(decided) == 0:
        raise Conflict(_("Somebody has already decided on this material."))
    db.session.refresh(material)
    if edition and not material.is_edition(edition):
        raise Conflict(_("The material has been changed since you opened it. Look at it again."))


def approve_material(moderator: User | None, material: Material, *, edition: str = "") -> None:
    """Publish. `edition` is that of the material which the moderator has seen.

    Raises Forbidden or Conflict.
    """
    active = MaterialStatus.ACTIVE.value
    _decide(moderator, material, edition, status=active, published_at=utcnow(), reject_reason="")
    notify_decision(material, "approved")


def reject_material(
    moderator: User | None, material: Material, reason: str, *, edition: str = ""
) -> None:
    """Send back with a reason that the uploader reads. Raises Forbidden, Conflict, InvalidInput."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Tell the uploader why."), field="reason")
    if len(reason) > MAX_REASON:
        raise InvalidInput(_("The reason is too long."), field="reason")
    rejected = MaterialStatus.REJECTED.value
    _decide(moderator, material, edition, status=rejected, reject_reason=reason)
    notify_decision(material, "rejected", reason)


# Reported materials ---------------------------------------------------------------------------


def return_to_review(
    moderator: User | None, material: Material, answer: str = "", *, edition: str = ""
) -> None:
    """Take a published material off the site until it is decided on anew, as if it were new.

    Who has reported it is told, with the answer; its uploader by the next decision. `edition` is
    that of the reports. Raises Forbidden, InvalidInput or Conflict.
    """
    moderator = require_moderator(moderator)
    if not may(moderator, Permission.REVIEW, material):
        raise Forbidden(_("You do not moderate this subject."))
    back = update(Material).where(
        Material.id == material.id, Material.status == MaterialStatus.ACTIVE
    )
    # Not published any more, so its uploader may mend what is found wrong.
    back = back.values(
        status=MaterialStatus.PENDING.value, published_at=None, revision=Material.revision + 1
    )
    if change_rows(back) == 0:
        raise Conflict(_("The material is not published any more."))
    db.session.refresh(material)
    notify_waiting(material, apart_from=moderator)
    close_reports(moderator, material, ReportState.RETURNED, answer, edition=edition)


def settle_reports(
    moderator: User | None,
    material: Material,
    outcome: ReportState,
    answer: str = "",
    *,
    reason: str = "",
    edition: str = "",
) -> int:
    """Decide on a reported material; all who have reported it are told. Counts the reports.

    They read the answer, without which nobody is turned down; its uploader reads the reason of a
    deletion. `edition` is that of the reports which the moderator has seen. Raises SignInRequired,
    Forbidden, InvalidInput, or Conflict when somebody else was first.
    """
    moderator = require_settler(moderator)
    if not may(moderator, Permission.SETTLE_REPORTS, material):
        raise Forbidden(_("You do not moderate this subject."))
    if outcome is ReportState.KEPT and not answer.strip():
        raise InvalidInput(_("Tell those who have reported it why it stays."), field="answer")
    if outcome is ReportState.OPEN:
        raise InvalidInput(_("Say what to do with the material."), field="outcome")
    # Whoever decides on the same material, here or elsewhere, begins with its row: nobody waits in
    # a circle, nor is anything reported meanwhile.
    db.session.execute(select(Material.id).where(Material.id == material.id).with_for_update())
    count = close_reports(moderator, material, outcome, answer, edition=edition)
    if count == 0:
        raise Conflict(_("Somebody has already settled this."))
    if outcome is ReportState.RETURNED:
        return_to_review(moderator, material)
    elif outcome is ReportState.DELETED:
        delete_material(moderator, material, reason)
    record(moderator, f"reports_{outcome}", f"material:{material.id}", material.title)
    return count
