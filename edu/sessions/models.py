"""Sign-ins that last. Secrets are kept as hashes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow


class SessionKind(StrEnum):
    """What holds the session: a browser's cookie or a program's refresh token.

    The program of a `telegram` one is the site's own bot, for one chat.
    """

    BROWSER = "browser"
    API = "api"
    TELEGRAM = "telegram"


class UserSession(Model):
    """One sign-in of a person on one device; without the row the device is signed out.

    A browser's cookie holds the secret of `secret_hash`. A program has none here: it holds refresh
    tokens of this session, and access tokens that name the session.
    """

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    user: Mapped[User] = relationship()
