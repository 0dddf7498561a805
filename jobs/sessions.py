"""Sign-ins and tokens whose time is over."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.extensions import db, utcnow
from edu.sessions import service as sessions
from edu.sessions.models import UserSession
from edu.tokens import service as tokens
from jobs.queue import every_hour, job

log = logging.getLogger(__name__)


@every_hour
@job()
def sweep_sessions() -> None:
    """Drop what has expired."""
    if not inspect(db.engine).has_table(UserSession.__tablename__):
        return  # a worker may start before the first migration has run
    now = utcnow()
    if rows := sessions.remove_expired(now) + tokens.remove_expired(now):
        log.info("sessions: %d expired rows removed", rows)
    db.session.commit()
