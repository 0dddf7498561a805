"""Writing down that people are told of something: once, whoever else tries at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.notifications.choices import find_paces
from edu.notifications.models import Delivery, Notification, Topic
from edu.notifications.timing import due_at


def add_notifications(notes: Mapping[int, str], topic: Topic, **values: Any) -> int:
    """Tell the people whose ids are the keys of `notes`, each with the note; counts the new.

    `values` are kind, occasion, and material_id or question_id. A person who was told of the
    occasion before is left alone. The deliveries through channels are written down in the same
    transaction.
    """
    if not notes:
        return 0
    now = utcnow()
    common = {"topic": topic.value, "created_at": now, **values}
    # In one order everywhere: two workers at the same material wait for each other, in no circle.
    rows = [{"user_id": number, "note": notes[number], **common} for number in sorted(notes)]
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Notification).values(rows).on_conflict_do_nothing()
    new = db.session.execute(statement.returning(Notification.id, Notification.user_id)).all()
    _add_deliveries({row.user_id: row.id for row in new}, topic)
    return len(new)


def _add_deliveries(ids: dict[int, int], topic: Topic) -> None:
    users = db.session.scalars(select(User).where(User.id.in_(ids)))
    rows = [
        {
            "notification_id": ids[user.id],
            "user_id": user.id,
            "channel": channel.name,
            "pace": pace.value,
            "due_at": due_at(pace),
        }
        for user, channel, pace in find_paces(users, topic)
    ]
    if rows:
        db.session.execute(insert(Delivery), rows)
