"""The subject tree: a root category is a subject, what lies below it a subcategory."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.extensions import Model


class MaterialType(StrEnum):
    """What kind of study material a file is."""

    LECTURE = "lecture"
    SEMINAR = "seminar"
    PROBLEMS = "problems"
    TEXTBOOK = "textbook"
    EXAM = "exam"
    NOTES = "notes"
    OTHER = "other"


class Category(Model):
    """A subject (no parent) or a part of one."""

    __tablename__ = "categories"
    __table_args__ = (
        Index("uq_categories_parent_slug", "parent_id", "slug", unique=True),
        # NULLs are distinct to a unique index, so subjects need one of their own.
        Index(
            "uq_categories_root_slug",
            "slug",
            unique=True,
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped[Category | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[Category]] = relationship(
        back_populates="parent", order_by="Category.position, Category.name"
    )
    aliases: Mapped[list[CategoryAlias]] = relationship(
        back_populates="category", cascade="all, delete-orphan", order_by="CategoryAlias.alias"
    )

    @property
    def trail(self) -> list[Category]:
        """From the subject down to this one."""
        return [*(self.parent.trail if self.parent else []), self]

    @property
    def path(self) -> str:
        """The slugs from the subject down, as in addresses: `matan/ryady`."""
        return "/".join(step.slug for step in self.trail)

    @property
    def full_name(self) -> str:
        """The names from the subject down, for people."""
        return " › ".join(step.name for step in self.trail)


class CategoryAlias(Model):
    """Another word for a category, in lower case and without ё: «матан»."""

    __tablename__ = "category_aliases"
    __table_args__ = (Index("uq_category_aliases", "category_id", "alias", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"))
    alias: Mapped[str] = mapped_column(String(80), index=True)

    category: Mapped[Category] = relationship(back_populates="aliases")
