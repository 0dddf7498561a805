"""What people follow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import Model, UtcDateTime, utcnow


class SubscriptionKind(StrEnum):
    """What can be followed."""

    SUBJECT = "subject"
    AUTHOR = "author"
    SEARCH = "search"


class Subscription(Model):
    """A person wants to hear of new materials: of a subject and all below it, by an author, or
    found by a search. `target` is the one spelling of what is followed, so nothing is followed
    twice: an id, or of a search its arguments as in the address of the search page.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("uq_subscriptions_target", "user_id", "kind", "target", unique=True),
        Index("ix_subscriptions_kind_target", "kind", "target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(600))
    name: Mapped[str] = mapped_column(Text, default="")  # of a search: what the person calls it
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), index=True
    )
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    category: Mapped[Category | None] = relationship()
    author: Mapped[User | None] = relationship(foreign_keys=[author_id])


class FeedToken(Model):
    """The secret in the address of a person's RSS and Atom feed, which no program signs in for."""

    __tablename__ = "feed_tokens"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    token: Mapped[str] = mapped_column(String(48), unique=True)
