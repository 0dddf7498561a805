"""The record of what administrators do, written in the transaction of the act itself."""

from __future__ import annotations

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
