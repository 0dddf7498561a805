"""The record of what administrators do, written in the transaction of the act itself."""

from __future__ import annotations

from sqlalchemy import select

from edu.accounts.models import User
from edu.admin.models import AuditEntry
from edu.extensions import db

MAX_DETAILS = 2000


def record(actor: User | None, action: str, subject: str, details: str = "") -> None:
    """Note that `actor` (None for the site itself) did this.

    `subject` names a thing by kind and id, `user:12`, so that no name outlives its person here.
    """
    actor_id = actor.id if actor else None
    entry = AuditEntry(
        actor_id=actor_id, action=action, subject=subject, details=details[:MAX_DETAILS]
    )
    db.session.add(entry)


def record_storage_check(whole: bool | None, details: str) -> None:
    """Note what a check of the storage has found; None where it could not be read.

    Of good news only the last stands in the record.
    """
    actions = {True: "storage_whole", False: "storage_damaged", None: "storage_silent"}
    if whole:
        for old in db.session.scalars(select(AuditEntry).filter_by(action=actions[True])):
            db.session.delete(old)
        db.session.flush()
    record(None, actions[whole], "storage", details)


def last_storage_check() -> AuditEntry | None:
    """The record of the last check, if there was one."""
    checks = select(AuditEntry).where(AuditEntry.subject == "storage")
    return db.session.scalar(checks.order_by(AuditEntry.id.desc()).limit(1))
