"""Where people have read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import Material


class HistoryEntry(Model):
    """A person has opened a material, lately at `opened_at`, and read up to `place`.

    The place is a PDF page or DOCX section from 1, or a video's second; 0 means the beginning.
    """

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_user_opened", "user_id", "opened_at"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    place: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    material: Mapped[Material] = relationship()
