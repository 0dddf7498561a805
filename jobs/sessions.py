"""Sign-ins, tokens, chats and updates of the bot whose time is over."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import inspect

from edu.extensions import db, utcnow
from edu.oauth import service as oauth
from edu.sessions import service as sessions
from edu.sessions.models import UserSession
from edu.telegram_chats import service as telegram_chats
from edu.telegram_inbox import service as telegram_inbox
from edu.telegram_links import service as telegram_links
from edu.tokens import service as tokens
from jobs.queue import every_hour, job

PARTS: tuple[Any, ...] = (
    sessions,
    tokens,
    oauth,
    telegram_links,
    telegram_chats,
    telegram_inbox,
)
log = logging.getLogger(__name__)


@every_hour
@job()
def sweep_sessions() -> None:
    """Drop what has expired."""
    if not inspect(db.engine).has_table(UserSession.__tablename__):
        return  # a worker may start before the first migration has run
    now = utcnow()
    if rows := sum(part.remove_expired(now) for part in PARTS):
        log.info("sessions: %d expired rows removed", rows)
    db.session.commit()
