"""People and what they may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model, UtcDateTime, utcnow


class Role(StrEnum):
    """What a person may do, each including the one before."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class User(UserMixin, Model):  # type: ignore[misc]  # flask_login ships no types
    """A person with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16), default=Role.USER.value)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    session_stamp: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    @property
    def is_moderator(self) -> bool:
        """May review what others upload."""
        return self.role in (Role.MODERATOR, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        """May change the site itself."""
        return self.role == Role.ADMIN

    @property
    def is_confirmed(self) -> bool:
        """Has shown that the e-mail address is theirs."""
        return self.confirmed_at is not None

    @property
    def is_active(self) -> bool:
        """Flask-Login keeps blocked people out by this."""
        return self.blocked_at is None

    def get_id(self) -> str:
        """The session's key to this person: a new stamp ends every session."""
        return f"{self.id}:{self.session_stamp}"
