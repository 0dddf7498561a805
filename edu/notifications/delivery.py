"""Handing what is due over to the channels, one person in one transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.notifications.channels import CHANNELS
from edu.notifications.choices import list_choices
from edu.notifications.models import Delivery, Notification, Pace
from edu.notifications.news import is_news
from edu.notifications.timing import next_digest

PEOPLE = 200  # found at once
AT_ONCE = 500  # of one person's deliveries in one transaction


def list_due(skip: Collection[tuple[int, str]] = ()) -> list[tuple[int, str]]:
    """Some of the people, with the channel, for whom something has come due."""
    found: list[tuple[int, str]] = []
    for channel in CHANNELS:
        query = (
            select(Delivery.user_id)
            .where(Delivery.channel == channel, Delivery.done_at.is_(None))
            .where(Delivery.due_at <= utcnow())
            .where(Delivery.user_id.not_in([number for number, name in skip if name == channel]))
            .distinct()
        )
        people = db.session.scalars(query.order_by(Delivery.user_id).limit(PEOPLE))
        found += [(number, channel) for number in people]
    return found


def deliver_to(user_id: int, channel: str) -> None:
    """Hand over what is due to one person through one channel, and note it as done.

    Both stand in one transaction, and of two workers the deliveries go to one.
    """
    # Elsewhere than in SQLite, which has one writer, this has two workers come one by one.
    locked = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    taken = _take(user_id, channel)
    topics = _open_topics(user, channel)
    for pace in (Pace.INSTANT, Pace.DAILY):
        ids = {key: number for key, (number, its) in taken.items() if its == pace}
        wanted = [each for each in _load(ids.values()) if _is_wanted(each, topics)]
        digest = pace is Pace.DAILY
        if wanted and not CHANNELS[channel].send(user, wanted, digest=digest):
            _put_off(ids)
    db.session.flush()


def list_wanted(user: User, channel: str, ids: Collection[int]) -> list[Notification]:
    """Which of what was handed over the person may still be told of and has not read meanwhile."""
    topics = _open_topics(user, channel)
    # Some databases give the id of a deleted row to another one, which may be another person's.
    own = [each for each in _load(ids) if each.user_id == user.id]
    return [each for each in own if _is_wanted(each, topics) and each.read_at is None]


def _take(user_id: int, channel: str) -> dict[int, tuple[int, str]]:
    """Note deliveries as done: id to the notification's id and the pace."""
    now = utcnow()
    due = select(Delivery.id).where(
        Delivery.user_id == user_id,
        Delivery.channel == channel,
        Delivery.done_at.is_(None),
        Delivery.due_at <= now,
    )
    take = (
        update(Delivery)
        .where(Delivery.id.in_(due.order_by(Delivery.id).limit(AT_ONCE)))
        .where(Delivery.done_at.is_(None))
        .values(done_at=now)
        .returning(Delivery.id, Delivery.notification_id, Delivery.pace)
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(take).all()
    return {row.id: (row.notification_id, row.pace) for row in rows}


def _open_topics(user: User, channel: str) -> set[str]:
    """What the person wants to hear through the channel; nothing if it does not reach them now."""
    chosen = list_choices(user).items()
    return {topic for (topic, name), pace in chosen if name == channel and pace is not Pace.OFF}


def _load(ids: Collection[int]) -> list[Notification]:
    query = select(Notification).where(Notification.id.in_(ids))
    query = query.options(joinedload(Notification.material), joinedload(Notification.question))
    return list(db.session.scalars(query.order_by(Notification.created_at, Notification.id)))


def _is_wanted(notification: Notification, topics: set[str]) -> bool:
    """Not what has been turned off since, or is news no more."""
    return notification.topic in topics and is_news(notification)


def _put_off(taken: Collection[int]) -> None:
    """Until the next digest."""
    again = update(Delivery).where(Delivery.id.in_(taken))
    values = {"done_at": None, "due_at": next_digest()}
    db.session.execute(again.values(values), execution_options={"synchronize_session": False})
