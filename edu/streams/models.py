"""How far the conversion of each video is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import StoredFile


class StreamStatus(StrEnum):
    """The states of a conversion. Until it is ready, and if it fails, the original is played."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


CURABLE = {"limits", "crashed", "interrupted"}  # a busy machine, a fault of ours


class Stream(Model):
    """The HLS of one stored video. Its pieces lie in the storage below the video's hash.

    `claim` names the worker that makes it and `heartbeat_at` shows it alive, as for materials.
    """

    __tablename__ = "streams"
    __table_args__ = (Index("ix_streams_status", "status"),)

    file_id: Mapped[int] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[str] = mapped_column(String(8), default=StreamStatus.WAITING.value)
    percent: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(120), default="")
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(32), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes of all pieces
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()

    @property
    def is_curable(self) -> bool:
        """Whether it has failed and another try may help."""
        return self.status == StreamStatus.FAILED and self.error in CURABLE
