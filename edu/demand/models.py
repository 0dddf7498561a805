"""Requests for materials, and searches that found nothing."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import Material


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    MET = "met"  # a material answers it
    CLOSED = "closed"  # it will not be met


class MaterialRequest(Model):
    """A person asks for what the library lacks. `key` gathers those that ask for the same."""

    __tablename__ = "material_requests"
    __table_args__ = (
        Index("uq_material_requests_key", "user_id", "key", unique=True),
        Index("ix_material_requests_state", "state", "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(300))  # the stems in order
    text: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(Text, default="")  # what the person adds
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(8), default=RequestState.OPEN.value)
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was closed
    material_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()
    category: Mapped[Category | None] = relationship()
    material: Mapped[Material | None] = relationship()


class EmptySearch(Model):
    """A search that found nothing, counted by day and without a name."""

    __tablename__ = "empty_searches"
    __table_args__ = (
        Index("uq_empty_searches_key", "key", "day", unique=True),
        Index("ix_empty_searches_day", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(300))
    day: Mapped[date]
    text: Mapped[str] = mapped_column(String(300))  # as first typed that day
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="SET NULL"), index=True
    )
    times: Mapped[int] = mapped_column(default=1)
