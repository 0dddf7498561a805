"""What is said in a video, with the seconds at which it is said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import StoredFile


class Caption(Model):
    """Subtitles or a transcript of one video in one language, as WebVTT that was made from them.

    They belong to the file: another file of the same material says other things at other times.
    """

    __tablename__ = "captions"

    file_id: Mapped[int] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(2), primary_key=True)  # ISO 639-1
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    file: Mapped[StoredFile] = relationship()
    author: Mapped[User] = relationship()
