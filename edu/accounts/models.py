"""People and what they may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_login import UserMixin
from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.catalog.models import Category
from edu.extensions import Model, UtcDateTime, utcnow


class Role(StrEnum):
    """What a person may do, each including the one before."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class ModeratedSubject(Model):
    """A moderator of some subjects reviews this one and all that lies below it."""

    __tablename__ = "moderated_subjects"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    category_id: Mapped[int] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    category: Mapped[Category] = relationship()


class User(UserMixin, Model):  # type: ignore[misc]  # flask_login ships no types
    """A person with an account.

    `session_stamp` stands in every access token: a new one ends them all. An account without a
    password (`password_hash` empty) signs in through another site. A deleted account keeps its row,
    without anything that tells who it was, for its materials and votes stay.
    """

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
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locale: Mapped[str] = mapped_column(String(8), default="")  # empty: the site's
    theme: Mapped[str] = mapped_column(String(8), default="")  # empty: the system's
    # A moderator without this reviews the subjects in `moderated` only.
    moderates_all: Mapped[bool] = mapped_column(default=True)

    moderated: Mapped[list[ModeratedSubject]] = relationship(cascade="all, delete-orphan")

    # Of the browser session that begins just now, on its way into the cookie; never stored.
    browser_secret = ""

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookies."""
        return f"{self.id}:{self.browser_secret}"

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
        """Flask-Login keeps blocked and deleted people out by this."""
        return self.blocked_at is None and self.deleted_at is None

    @property
    def has_password(self) -> bool:
        """Can sign in with a password of this site."""
        return bool(self.password_hash)


class LetterToken(Model):
    """The secret of a link in a letter, kept as a hash; it works once and until it expires.

    `payload` holds what the link will do: of a registration the name, the password's hash and the
    language, for nobody has an account before the address is shown to be theirs.
    """

    __tablename__ = "letter_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))  # register, recover, change_email, identity, …
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()


class SignInFailure(Model):
    """A wrong password, or code; the account is named by a hash, whether it exists or not."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_account_created", "account", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, index=True)
