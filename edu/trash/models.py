"""What has been deleted and can still come back, and bytes that nobody needs any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, String, Text, event, func, select
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
    reason: Mapped[str] = mapped_column(Text, default="")  # which the uploader reads

    material: Mapped[Material] = relationship()
    deleted_by: Mapped[User] = relationship()


class UnusedFile(Model):
    """Bytes whose last row is gone; they and what was made of them leave the storage when `due_at`.

    `purging` says that a worker is removing them: until it has ended nobody may count on them. It
    has until `due_at`; then another one takes its place. Until they are gone the bytes weigh on the
    share of whoever had uploaded the material, if one had.
    """

    __tablename__ = "unused_files"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    purging: Mapped[bool] = mapped_column(default=False)
    size: Mapped[int] = mapped_column(default=0)  # bytes
    uploader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)


class PurgedMaterial(Model):
    """The id of a material that is gone for good: no other one ever gets its address."""

    __tablename__ = "purged_materials"

    material_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


@event.listens_for(Material, "before_insert")
def _pass_over_purged(_mapper: object, connection: Connection, material: Any) -> None:
    """SQLite gives the highest id out again once its row is gone; PostgreSQL never does."""
    if material.id is not None or connection.dialect.name != "sqlite":
        return
    # The file's row has just been inserted, so nobody else writes meanwhile.
    purged = connection.scalar(select(func.max(PurgedMaterial.material_id))) or 0
    if purged > (connection.scalar(select(func.max(Material.id))) or 0):
        material.id = purged + 1
