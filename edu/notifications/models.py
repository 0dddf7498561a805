"""What people are told, and how."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.accounts.models import User
from edu.assistant.models import Question
from edu.extensions import Model, UtcDateTime, utcnow
from edu.materials.models import Material, MaterialStatus


class Topic(StrEnum):
    """What a notification is about; people choose for each topic and channel when to hear of it."""

    MATERIALS = "materials"  # new ones, by subscription
    DECISIONS = "decisions"  # on one's own uploads
    REQUESTS = "requests"  # for materials, that have been met
    REPORTS = "reports"  # of materials, that have been settled
    ANSWERS = "answers"  # of the assistant, that were not waited for
    REVIEW = "review"  # for moderators: what waits to be looked at


class Pace(StrEnum):
    """When a channel tells of a topic."""

    OFF = "off"
    INSTANT = "instant"
    DAILY = "daily"


class Notification(Model):
    """One thing that one person is told of: a material, or an answer to their question.

    `occasion` names it, so that it is told once:
    `material:12` for a new material, `approved:12:…`, `rejected:12:…`, `failed:12:…`,
    `deleted:12:…`, `found:12:…`, `report_kept:12:…` and so on, `answer:12` for the question 12,
    `pending:12:…` for what waits to be reviewed.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("uq_notifications_occasion", "user_id", "occasion", unique=True),
        Index("ix_notifications_user_created", "user_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    topic: Mapped[str] = mapped_column(String(16))
    # new, approved, rejected, failed, deleted, found, report_kept, report_returned, report_deleted,
    # answered, unanswered, pending
    kind: Mapped[str] = mapped_column(String(16))
    occasion: Mapped[str] = mapped_column(String(80))
    material_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), index=True
    )
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str] = mapped_column(Text, default="")  # reason of a decision, words of a request
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()
    material: Mapped[Material | None] = relationship()
    question: Mapped[Question | None] = relationship()

    @property
    def leads_to_material(self) -> bool:
        """Whether there is one that they may open: what they had reported may be hidden since."""
        if self.material is None:
            return False
        return self.topic != Topic.REPORTS or self.material.status == MaterialStatus.ACTIVE


class Delivery(Model):
    """A notification's way through one channel; done means handed to the channel's own outbox."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_channel", "notification_id", "channel", unique=True),
        Index("ix_deliveries_due", "channel", "done_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    pace: Mapped[str] = mapped_column(String(8))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    notification: Mapped[Notification] = relationship()


class NotificationChoice(Model):
    """When a person wants to hear of a topic through a channel; without a row the default holds."""

    __tablename__ = "notification_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    pace: Mapped[str] = mapped_column(String(8))


class QuietHours(Model):
    """When a person is not to be disturbed by what makes a sound: hours of their own clock.

    From `start` up to `end`, over midnight where it is the later one; equal: never.
    """

    __tablename__ = "quiet_hours"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    start: Mapped[int] = mapped_column(SmallInteger)
    end: Mapped[int] = mapped_column(SmallInteger)
    timezone: Mapped[str] = mapped_column(String(64))  # a name of the IANA database
