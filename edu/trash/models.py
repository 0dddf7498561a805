"""What has been deleted and can still come back, and bytes that nobody needs any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import Material


class TrashEntry(Model):
    """A material in the trash: who has put it there, when, and the status that it had before."""

    __tablename__ = "trash"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True
    )
    deleted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, index=True)
    status_before: Mapped[str] = mapped_column(String(16))

    material: Mapped[Material] = relationship()
    deleted_by: Mapped[User] = relationship()


class UnusedFile(Model):
    """Bytes whose last row is gone; they and what was made of them leave the storage when `due_at`.

    `purging` says that a worker is removing them: until it has ended nobody may count on them.
    """

    __tablename__ = "unused_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    purging: Mapped[bool] = mapped_column(default=False)
