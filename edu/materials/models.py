"""Materials, their files, text and views."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import Model, UtcDateTime, db, utcnow

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = {
    "application/pdf": "pdf",
    DOCX: "docx",
    "video/mp4": "video",
}


SUFFIXES = {"pdf": ".pdf", "docx": ".docx", "video": ".mp4"}


class MaterialStatus(StrEnum):
    """The states of a material's life.

    processing -> pending -> active <-> archived; processing -> failed; pending -> rejected.
    """

    PROCESSING = "processing"
    FAILED = "failed"
    PENDING = "pending"
    REJECTED = "rejected"
    ACTIVE = "active"
    ARCHIVED = "archived"


material_tags = Table(
    "material_tags",
    db.metadata,
    Column("material_id", ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Model):
    """A word that people hang on materials; kept in lower case."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)


class StoredFile(Model):
    """A file as uploaded, and what inspection has found out about it. Bytes lie in the storage."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    pages: Mapped[int | None]
    duration: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    has_thumbnail: Mapped[bool] = mapped_column(default=False)
    has_preview: Mapped[bool | None]  # None: none was tried; it is older, or not read yet
    text_ok: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    @property
    def download_name(self) -> str:
        """The uploader's name with the suffix of what the file is: no `.hta` for a PDF."""
        suffix = SUFFIXES[self.kind]
        return self.name if self.name.lower().endswith(suffix) else self.name + suffix

    @property
    def kind(self) -> str:
        """`pdf`, `docx` or `video`."""
        return KINDS[self.media_type]


class Material(Model):
    """A study material: what people say of it, its file, and where it is in its life.

    `revision` grows with every change that search shows; `indexed_revision` is what the index has.
    `claim` names the worker that has the material in hand and `heartbeat_at` shows it alive.
    """

    __tablename__ = "materials"
    __table_args__ = (
        Index("ix_materials_status_published", "status", "published_at"),
        Index("ix_materials_category_status", "category_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    type: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default=MaterialStatus.PROCESSING.value)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), index=True)
    semester: Mapped[int | None]  # of the course of studies, 1-12
    year: Mapped[int | None]  # in which the academic year begins
    language: Mapped[str] = mapped_column(String(2), default="")  # of the text; "" if unknown

    step: Mapped[str] = mapped_column(String(16), default="queued")
    percent: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(120), default="")
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(32), default="")
    reject_reason: Mapped[str] = mapped_column(Text, default="")
    moderated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    rating_mean: Mapped[float] = mapped_column(default=0.0)
    rating_votes: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0)

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # to who follows
    revision: Mapped[int] = mapped_column(default=1)
    indexed_revision: Mapped[int] = mapped_column(default=0)

    category: Mapped[Category] = relationship()
    uploader: Mapped[User] = relationship(foreign_keys=[uploader_id])
    moderator: Mapped[User | None] = relationship(foreign_keys=[moderator_id])
    file: Mapped[StoredFile] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=material_tags, order_by=Tag.name)
    passages: Mapped[list[Passage]] = relationship(
        order_by="Passage.number", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def edition(self) -> str:
        """A word that is another after every edit and new file, but not after votes and views."""
        return self._edition(self.language)

    def is_edition(self, edition: str) -> bool:
        """Whether this is what somebody has seen, maybe before its language was found."""
        return edition in (self.edition, self._edition(""))

    def _edition(self, language: str) -> str:
        tags = sorted(tag.name for tag in self.tags)
        said = [self.title, self.description, self.type, self.category_id, self.file_id, tags]
        said += [self.semester, self.year, language]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    @property
    def was_published(self) -> bool:
        """Whether everybody sees it, or could before it was deleted or got a new file."""
        return self.status == MaterialStatus.ACTIVE or self.published_at is not None

    def touch(self) -> None:
        """Search has to learn of this change."""
        # Counted by the database: two changes at the same moment must not share a number, or the
        # index would take the second for the first.
        self.revision = Material.revision + 1


class Passage(Model):
    """The text of one page (PDF) or section (DOCX), numbered from 1, or of what begins at a
    second of a video, numbered by it.
    """

    __tablename__ = "passages"
    __table_args__ = (Index("uq_passages_number", "material_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    number: Mapped[int]
    heading: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)


class MaterialVersion(Model):
    """A file that a material has had, numbered from 1; the last one is its present file."""

    __tablename__ = "material_versions"

    material_id: Mapped[int] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    file: Mapped[StoredFile] = relationship()
    author: Mapped[User] = relationship()


class View(Model):
    """A person (or an unknown browser) has opened a material on a day; counted once."""

    __tablename__ = "views"
    __table_args__ = (Index("uq_views_day", "material_id", "viewer", "day", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    viewer: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
