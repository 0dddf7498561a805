"""Uploads on their way in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model, UtcDateTime, utcnow


class Upload(Model):
    """A file that arrives in pieces. Its bytes lie in the folder of uploads under its id.

    `received` of `size` bytes are safe on disk; the hash is known when all are.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_user_id", "user_id"),
        Index("ix_uploads_touched_at", "touched_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # hex digits of chance
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
