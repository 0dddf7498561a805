"""Accounts at other sites that open an account here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow


class Identity(Model):
    """A person at a provider: `subject` is the provider's own, unchanging name of them."""

    __tablename__ = "identities"
    __table_args__ = (Index("uq_identities_subject", "provider", "subject", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(16))  # google, github, oidc
    subject: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(254), default="")  # an address or a login name
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    user: Mapped[User] = relationship()
