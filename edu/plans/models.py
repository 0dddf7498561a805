"""Study plans of people."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edu.extensions import Model, UtcDateTime, utcnow


class Plan(Model):
    """What one person means to learn, from a day on, in so many minutes a week.

    `exam_on` is the day by which all of it should be done, if there is one.
    """

    __tablename__ = "plans"
    __table_args__ = (
        Index("ix_plans_user_changed", "user_id", "changed_at"),
        Index("uq_plans_question", "question_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date] = mapped_column(Date)
    exam_on: Mapped[date | None] = mapped_column(Date)
    minutes_a_week: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    steps: Mapped[list[PlanStep]] = relationship(
        back_populates="plan",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="PlanStep.week, PlanStep.position",
    )


class PlanStep(Model):
    """One thing to do in a week: a topic, and where to read it.

    `kind` is "page", "section" or "second", `first` and `last` the range of them, both taken in;
    all three are empty where the whole material is meant, or the step has none. A material that
    goes for good leaves the topic. `week` counts from 1, `minutes` is how long it takes.
    """

    __tablename__ = "plan_steps"
    __table_args__ = (
        Index("ix_plan_steps_plan", "plan_id", "week", "position"),
        Index("ix_plan_steps_material", "material_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    week: Mapped[int]
    position: Mapped[int]
    topic: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(Text, default="")
    material_id: Mapped[int | None] = mapped_column(ForeignKey("materials.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(8), default="")
    first: Mapped[int | None]
    last: Mapped[int | None]
    minutes: Mapped[int]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    plan: Mapped[Plan] = relationship(back_populates="steps")
