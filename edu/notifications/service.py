"""What people were told, and telling them of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.errors import NotFound
from edu.extensions import MAX_ID, change_rows, db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.notifications.choices import keep_choice, set_choice, topics_of
from edu.notifications.models import Notification, Pace, Topic
from edu.notifications.records import add_notifications
from edu.notifications.unsubscribing import read_link
from edu.site.paging import Listing, list_page

DECISIONS = ("approved", "rejected", "failed", "deleted")
REVIEWS = ("approved", "rejected")
LASTING = (Topic.DECISIONS.value, Topic.REPORTS.value, Topic.ANSWERS.value)
KEPT_DAYS = 180  # of what was read
COUNTED = 100  # unread beyond are shown as 99+


def notify_decision(material: Material, kind: str, note: str = "") -> None:
    """Tell the uploader, who has not decided it alone, in the decision's own transaction.

    `kind` is one of DECISIONS; the note is the reason that the uploader reads.
    """
    if kind not in DECISIONS:
        raise ValueError(f"{kind} is no decision")
    reviewed = kind in REVIEWS
    if reviewed and material.moderator_id == material.uploader_id:
        return
    # The moment tells one decision from the next on the same material.
    moment = (material.moderated_at if reviewed else None) or utcnow()
    occasion = f"{kind}:{material.id}:{moment.timestamp():.6f}"
    if material.uploader.is_active:
        notes = {material.uploader_id: note}
        values = {"kind": kind, "occasion": occasion, "material_id": material.id}
        add_notifications(notes, Topic.DECISIONS, **values)


def take_back_decision(material: Material, kind: str) -> None:
    """It holds no longer: who was told of it sees it no more, and no letter goes out that waits."""
    told = delete(Notification).where(Notification.material_id == material.id)
    change_rows(told.where(Notification.kind == kind))


# Reading --------------------------------------------------------------------------------------


def count_unread(user: User) -> int:
    """How many notifications the person has not read, at most COUNTED: more is not worth counting.

    One query over the newest.
    """
    unread = _shown(user).where(Notification.read_at.is_(None)).with_only_columns(Notification.id)
    return (
        db.session.scalar(select(func.count()).select_from(unread.limit(COUNTED).subquery())) or 0
    )


def list_notifications(
    user: User, page: int, per_page: int | None = None, *, unread: bool = False
) -> Listing[Notification]:
    """What the person was told and can still open, newest first."""
    query = _shown(user)
    if unread:
        query = query.where(Notification.read_at.is_(None))
    query = query.options(
        contains_eager(Notification.material).options(
            joinedload(Material.category).joinedload(Category.parent),
            joinedload(Material.uploader),
        ),
        joinedload(Notification.question),
    )
    query = query.order_by(Notification.created_at.desc(), Notification.id.desc())
    return list_page(query, page, per_page)


def _shown(user: User) -> Select[Any]:
    """Without new materials that have left the library since.

    And without what waits for review: moderators have their queue, with a counter of its own.
    """
    return (
        select(Notification)
        .outerjoin(Notification.material)
        .where(Notification.user_id == user.id, Notification.topic != Topic.REVIEW.value)
        .where(or_(Notification.topic.in_(LASTING), Material.status == MaterialStatus.ACTIVE))
    )


def read_notification(user: User, notification_id: int) -> Notification:
    """Note that the person has seen it. Raises NotFound, also for what was told to others."""
    found = None
    if notification_id <= MAX_ID:
        found = db.session.scalar(_shown(user).where(Notification.id == notification_id))
    if found is None:
        raise NotFound(_("There is no such notification."))
    found.read_at = found.read_at or utcnow()
    db.session.flush()
    return cast("Notification", found)


def read_all(user: User) -> int:
    """Note that the person has seen everything; counts what was new."""
    return change_rows(
        update(Notification)
        .where(Notification.user_id == user.id, Notification.read_at.is_(None))
        .values(read_at=utcnow())
    )


def remove_old() -> int:
    """Forget what was read and is old, with its deliveries; counts it.

    What waited for review nobody reads here.
    """
    limit = utcnow() - timedelta(days=KEPT_DAYS)
    done = or_(Notification.read_at.is_not(None), Notification.topic == Topic.REVIEW.value)
    return change_rows(delete(Notification).where(done, Notification.created_at < limit))


# Choices --------------------------------------------------------------------------------------


def set_choices(user: User, chosen: Mapping[tuple[str, str], str]) -> None:
    """Paces by topic and name of the channel. Raises InvalidInput or NotFound."""
    for (topic, channel), pace in chosen.items():
        set_choice(user, topic, channel, pace)


def list_link_topics(token: str) -> list[Topic]:
    """What the link of a letter turns off, of that which the person knows. Raises NotFound."""
    user_id, _channel, topics = read_link(token)
    user = db.session.get(User, user_id)
    known = topics_of(user) if user else topics
    return [topic for topic in topics if topic in known] or topics


def turn_off(token: str) -> None:
    """What the link of a letter does: the topics are off for its channel. Raises NotFound."""
    user_id, channel, topics = read_link(token)
    user = db.session.get(User, user_id)
    if user is None or user.deleted_at is not None:
        raise NotFound
    for topic in topics:
        keep_choice(user, topic, channel, Pace.OFF)
