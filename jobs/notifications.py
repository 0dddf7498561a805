"""Telling people: of new materials to who follows, and what has come due through each channel."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.errors import Unavailable
from edu.extensions import db
from edu.notifications import announcing, delivery, service
from edu.notifications.models import Delivery
from edu.telegram_outbox import service as outbox
from edu.telegram_outbox.models import TelegramMessage
from jobs.mail import send_letters
from jobs.queue import every_hour, every_minute, job

log = logging.getLogger(__name__)


def _is_ready() -> bool:
    # A worker may start before the first migration has run.
    return inspect(db.engine).has_table(Delivery.__tablename__)


@every_minute
@job()
def announce() -> None:
    """Tell followers of each material that was published and that search finds by now.

    It may stop anywhere and run beside itself: the database takes each notification once.
    """
    if not _is_ready():
        return
    last = 0
    while numbers := announcing.list_unannounced(after=last):
        for last in numbers:
            _announce(last)
    deliver()


def _announce(material_id: int) -> None:
    try:
        for _step in announcing.announce_material(material_id):
            db.session.commit()
    except Unavailable:
        db.session.rollback()  # without an index now; the next minute comes
    except Exception:  # one material that nobody can be told of must not silence the others
        db.session.rollback()
        log.exception("material %d: could not be announced", material_id)


@every_minute
@job()
def deliver() -> None:
    """Hand over to each channel's outbox what has come due, person by person."""
    if not _is_ready():
        return
    failed: set[tuple[int, str]] = set()
    while waiting := [who for who in delivery.list_due(skip=failed) if who not in failed]:
        for who in waiting:
            if not _deliver(*who):
                failed.add(who)
    send_letters.enqueue()


def _deliver(user_id: int, channel: str) -> bool:
    try:
        delivery.deliver_to(user_id, channel)
        db.session.commit()
    except Exception:  # what cannot be told to one person must not silence the others
        db.session.rollback()
        log.exception("person %d: nothing could be delivered by %s", user_id, channel)
        return False
    return True


@every_hour
@job()
def tidy_messages() -> None:
    """Drop messages of the bot that are over for long, or have waited for too long."""
    if inspect(db.engine).has_table(TelegramMessage.__tablename__):
        outbox.tidy_messages()
        db.session.commit()


@every_hour
@job()
def forget_notifications() -> None:
    """Remove what was read long ago."""
    if _is_ready() and service.remove_old():
        db.session.commit()
