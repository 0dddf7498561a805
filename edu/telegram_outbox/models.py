"""Messages that nobody has asked for just now, on their way to chats."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow


class MessageState(StrEnum):
    """Where a message is. HANDED: its bytes go out, and nobody knows whether they arrive."""

    QUEUED = "queued"
    HANDED = "handed"
    SENT = "sent"
    DROPPED = "dropped"  # the person is no longer to hear of it, or has blocked the bot
    FAILED = "failed"


class TelegramMessage(Model):
    """A message to one chat about some notifications; what it says is written when it goes.

    `key` names it, so that it is written down once. `claim` is that of the process that sends.
    """

    __tablename__ = "telegram_messages"
    __table_args__ = (
        Index("ix_telegram_messages_due", "state", "due_at"),
        Index("ix_telegram_messages_chat", "chat_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    notification_ids: Mapped[list[int]] = mapped_column(JSON)
    digest: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(8), default=MessageState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(120), default="")
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    error: Mapped[str] = mapped_column(String(300), default="")
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    user: Mapped[User] = relationship()
