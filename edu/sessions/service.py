"""Where people are signed in, and how that ends."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.errors import NotFound
from edu.extensions import change_rows, db, find_row, utcnow
from edu.sessions.models import SessionKind, UserSession

REMEMBERED_FOR = timedelta(days=30)  # since the last visit, like the cookie
KEPT_FOR = timedelta(days=1)
NOTE_VISIT_EVERY = timedelta(minutes=10)


def hash_secret(secret: str) -> str:
    """What is kept of a secret that chance has made: such a one needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_browser_session(
    user: User, *, remember: bool, user_agent: str = "", address: str = ""
) -> str:
    """Sign a browser in; the secret for its cookie."""
    secret = secrets.token_urlsafe(32)
    session = UserSession(
        user_id=user.id,
        kind=SessionKind.BROWSER.value,
        secret_hash=hash_secret(secret),
        user_agent=user_agent[:200],
        address=address[:64],
        last_seen_at=(now := utcnow()),
        expires_at=now + (REMEMBERED_FOR if remember else KEPT_FOR),
    )
    db.session.add(session)
    db.session.flush()
    return secret


def find_browser_session(cookie: str) -> UserSession | None:
    """The session of a cookie's `id:secret`, unless it has ended or its person is kept out."""
    user_id, _sep, secret = cookie.partition(":")
    wanted = (
        select(UserSession)
        .options(joinedload(UserSession.user))
        .where(UserSession.secret_hash == hash_secret(secret))
    )
    session = db.session.scalar(wanted)
    if session is None or session.kind != SessionKind.BROWSER or str(session.user_id) != user_id:
        return None
    return session if session.expires_at > utcnow() and session.user.is_active else None


def note_visit(session: UserSession, address: str) -> bool:
    """Remember that the browser was here, now and then; True when there is something to commit.

    The time until it has to sign in again begins anew.
    """
    now, lasts = utcnow(), session.expires_at - session.last_seen_at
    if now - session.last_seen_at < NOTE_VISIT_EVERY:
        return False
    seen = {"last_seen_at": now, "expires_at": now + lasts, "address": address[:64]}
    # Not through the object: another request may just have ended the session.
    db.session.execute(update(UserSession).where(UserSession.id == session.id).values(**seen))
    return True


def is_remembered(session: UserSession) -> bool:
    """Whether the person wanted to stay signed in."""
    return session.expires_at - session.last_seen_at > KEPT_FOR


def list_sessions(user: User) -> list[UserSession]:
    """Where the person is signed in, the most recently used first."""
    own = select(UserSession).where(UserSession.user_id == user.id)
    lasting = own.where(UserSession.expires_at > utcnow())
    return list(db.session.scalars(lasting.order_by(UserSession.last_seen_at.desc()).limit(100)))


def end_session(user: User, session_id: int) -> None:
    """Sign one of the person's own browsers or programs out. Raises NotFound."""
    session = find_row(UserSession, session_id)
    if session is None or session.user_id != user.id:
        raise NotFound(_("This device is signed out already."))
    db.session.execute(delete(UserSession).where(UserSession.id == session_id))


def remove_expired(now: datetime) -> int:
    """Drop sessions past their time; how many rows went."""
    return change_rows(delete(UserSession).where(UserSession.expires_at < now))
