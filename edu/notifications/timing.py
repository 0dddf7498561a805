"""When deliveries go out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from edu.extensions import settings, utcnow
from edu.notifications.models import Pace

DAY = timedelta(days=1)


def due_at(pace: Pace) -> datetime:
    """When a delivery that is decided on now goes out."""
    return next_digest() if pace is Pace.DAILY else utcnow()


def next_digest() -> datetime:
    """The next moment at which what has gathered in a day goes out."""
    now = utcnow()
    today = now.replace(hour=settings().digest_hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + DAY


def digest_day() -> date:
    """The day that a digest written now belongs to: a late one is still yesterday's."""
    return (next_digest() - DAY).date()
