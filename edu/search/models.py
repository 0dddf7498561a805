"""What helps while typing: the beginnings of names, and what a person has asked before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model, UtcDateTime, utcnow

KEY_LENGTH = 60  # characters of a name's beginning that typing can tell apart


class Completion(Model):
    """A name under one of its word starts: «ряды фурье» stands under `ряды фурье` and `фурье`.

    `key` is in normal form (analysis.py). Derived data: kept with the index, made anew with it.
    """

    __tablename__ = "completions"
    __table_args__ = (
        Index("ix_completions_source", "kind", "source_id"),
        # With the weight, so that the best of many are found without looking at the rows.
        Index("ix_completions_key", "kind", "key", "weight", "source_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # In the order of code points, so that a beginning is a range of the index.
    key: Mapped[str] = mapped_column(
        String(KEY_LENGTH, collation="C").with_variant(String(KEY_LENGTH), "sqlite")
    )
    text: Mapped[str] = mapped_column(String(200))  # the whole name, as shown
    kind: Mapped[str] = mapped_column(String(8))  # "material", "category", "alias" or "tag"
    source_id: Mapped[int]
    weight: Mapped[float] = mapped_column(default=0.0)  # the greater, the earlier it is offered


class RecentQuery(Model):
    """What a person has searched for; each wording once, the newest last. See service.py."""

    __tablename__ = "recent_queries"
    __table_args__ = (
        Index("uq_recent_queries_key", "user_id", "key", unique=True),
        Index("ix_recent_queries_asked", "user_id", "asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(300))  # normal form, by which it is completed
    text: Mapped[str] = mapped_column(String(300))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
