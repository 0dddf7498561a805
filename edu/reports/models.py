"""Reports of materials."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import Material


class Reason(StrEnum):
    """What a person finds wrong."""

    SUBJECT = "subject"  # or the type
    FILE = "file"  # unreadable or broken
    COPYRIGHT = "copyright"
    CONTENT = "content"  # mistakes in it
    ABUSE = "abuse"  # offensive, or spam
    OTHER = "other"


class ReportState(StrEnum):
    """Where a report stands: open, or what was done with the material."""

    OPEN = "open"
    KEPT = "kept"  # it stays published
    RETURNED = "returned"  # to the review queue
    DELETED = "deleted"  # into the trash


_OPEN = text("state = 'open'")


class Report(Model):
    """A person reports a material; one that is open is changed, a settled one stays.

    `place` is where it was opened: a page, a section or a second. `title` is what the material was
    called then, for its reporter must not read what it is called once it is hidden.
    """

    __tablename__ = "reports"
    __table_args__ = (
        Index(
            "uq_reports_open",
            "user_id",
            "material_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_reports_user_created", "user_id", "created_at"),
        Index("ix_reports_material_state", "material_id", "state"),
        Index("ix_reports_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(8), default=ReportState.OPEN.value)
    answer: Mapped[str] = mapped_column(Text, default="")  # which the reporter reads
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    material: Mapped[Material] = relationship()
    settled_by: Mapped[User | None] = relationship(foreign_keys=[settled_by_id])
