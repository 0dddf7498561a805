"""The outbox."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model, UtcDateTime, utcnow


class LetterState(StrEnum):
    """Where a letter is.

    queued -> sending -> handed -> sent; a passing trouble leads back to queued, a lasting one to
    failed. `handed` stands from just before the last byte goes out until the server's answer: a
    letter found so after a crash may have arrived. `logged` is what a site without SMTP does.
    """

    QUEUED = "queued"
    SENDING = "sending"
    HANDED = "handed"
    SENT = "sent"
    LOGGED = "logged"
    FAILED = "failed"


class Letter(Model):
    """An e-mail to one address. Its text is dropped once it is sent, for it may hold secrets."""

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(80), unique=True)  # what must be sent once
    kind: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    address: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(250))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    unsubscribe_url: Mapped[str] = mapped_column(String(400), default="")
    state: Mapped[str] = mapped_column(String(8), default=LetterState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(120), default="")
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
