"""Study plans in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from edu.api.schemas import Page, Text
from edu.extensions import MAX_ID
from edu.materials.models import Material
from edu.materials.schemas import Day
from edu.plans.drafting import MOST_MINUTES
from edu.plans.models import Plan, PlanStep
from edu.plans.packing import LEAST_MINUTES
from edu.plans.progress import Progress, Week
from edu.plans.service import MAX_TITLE
from edu.plans.shapes import LAST_WEEK
from edu.plans.steps import MAX_NOTE, MAX_STEP_MINUTES, MAX_TOPIC

_STEP: dict[str, Any] = {
    "id": 40,
    "week": 1,
    "position": 1,
    "topic": "Числовые ряды",
    "note": "",
    "material": {
        "id": 12,
        "title": "Числовые ряды",
        "url": "https://library.example.org/materials/12?page=5",
    },
    "kind": "page",
    "first": 5,
    "last": 14,
    "minutes": 30,
    "done_at": None,
}
_WEEK: dict[str, Any] = {
    "number": 1,
    "first_day": "2026-05-18",
    "last_day": "2026-05-24",
    "budget": 240,
    "steps": [_STEP],
}
_CARD: dict[str, Any] = {
    "id": 4,
    "title": "План подготовки к экзамену по матану",
    "starts_on": "2026-05-18",
    "exam_on": "2026-06-15",
    "minutes_a_week": 240,
    "progress": {"total": 30, "done": 0, "late": 0, "percent": 0},
    "created_at": "2026-05-18T09:00:00Z",
    "changed_at": "2026-05-18T09:00:00Z",
    "url": "https://library.example.org/plans/4",
}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class PlanPath(BaseModel):
    """Which plan."""

    plan_id: int = Field(description="The id of the plan.")


class StepPath(PlanPath):
    """Which step of which plan."""

    step_id: int = Field(description="The id of the step.")


class NewPlan(BaseModel):
    """A plan to be made of the answer to a question."""

    question_id: int = Field(
        ge=1, le=MAX_ID, description="One of your own questions, which has been answered."
    )

    model_config = _shown({"question_id": 7})


class PlanChange(BaseModel):
    """What is left out stays as it is. The steps stay in their weeks."""

    title: Text | None = Field(None, min_length=1, max_length=MAX_TITLE)
    exam_on: Day | None = Field(None, description="The day of the exam; null takes it away.")
    minutes_a_week: int | None = Field(None, ge=LEAST_MINUTES, le=MOST_MINUTES)

    model_config = _shown({"title": "Матан за месяц", "minutes_a_week": 180})


class StepChange(BaseModel):
    """What is left out, or null, stays as it is."""

    done: bool | None = Field(None, description="Whether it is ticked off.")
    topic: Text | None = Field(None, min_length=1, max_length=MAX_TOPIC)
    note: Text | None = Field(None, max_length=MAX_NOTE)
    minutes: int | None = Field(None, ge=1, le=MAX_STEP_MINUTES)
    week: int | None = Field(None, ge=1, le=LAST_WEEK, description="In another week it comes last.")

    model_config = _shown({"done": True})


class PlanProgress(BaseModel):
    """How far a plan is, in minutes."""

    total: int
    done: int
    late: int = Field(description="Of past weeks, not done; 0 is on time.")
    percent: int

    @classmethod
    def of(cls, measured: Progress) -> PlanProgress:
        """The progress in JSON."""
        return cls(
            total=measured.total,
            done=measured.done,
            late=measured.late,
            percent=measured.percent,
        )


class StepMaterial(BaseModel):
    """The material of a step."""

    id: int
    title: str
    url: str = Field(description="Its page, opened at the place.")


class Step(BaseModel):
    """A thing to do."""

    id: int
    week: int = Field(description="From 1.")
    position: int = Field(description="In its week, from 1.")
    topic: str
    note: str
    material: StepMaterial | None = Field(
        description="Null where there is none, or you may not see it any more."
    )
    kind: Literal["", "page", "section", "second"] = Field(
        description="What `first` and `last` count; empty for all of the material."
    )
    first: int | None
    last: int | None = Field(description="Taken in.")
    minutes: int
    done_at: datetime | None

    model_config = _shown(_STEP)

    @classmethod
    def of(cls, step: PlanStep, material: Material | None, url: str) -> Step:
        """`material` as far as the person may see it; `url` opens it at the place."""
        known = StepMaterial(id=material.id, title=material.title, url=url) if material else None
        names = ("id", "week", "position", "topic", "note", "kind", "first", "last", "minutes")
        facts = {name: getattr(step, name) for name in names}
        return cls(material=known, done_at=step.done_at, **facts)


class PlanWeek(BaseModel):
    """A week of a plan."""

    number: int = Field(description="From 1.")
    first_day: date
    last_day: date
    budget: int = Field(description="Minutes that there are for it.")
    steps: list[Step]

    @classmethod
    def of(cls, week: Week, steps: list[Step]) -> PlanWeek:
        """The week in JSON."""
        return cls(
            number=week.number,
            first_day=week.first_day,
            last_day=week.last_day,
            budget=week.budget,
            steps=steps,
        )


class PlanCard(BaseModel):
    """A plan as in lists."""

    id: int
    title: str
    starts_on: date
    exam_on: date | None
    minutes_a_week: int
    progress: PlanProgress
    created_at: datetime
    changed_at: datetime
    url: str = Field(description="The page of the plan.")

    model_config = _shown(_CARD)

    @classmethod
    def of(cls, plan: Plan, measured: Progress, url: str, **more: Any) -> Self:
        """`url` is the address of its page."""
        days = ("starts_on", "exam_on", "created_at", "changed_at")
        facts = {name: getattr(plan, name) for name in ("id", "title", "minutes_a_week", *days)}
        return cls.model_validate(
            facts | {"progress": PlanProgress.of(measured), "url": url} | more
        )


class PlanList(Page):
    """Your own plans, the one changed last first."""

    items: list[PlanCard]

    model_config = _shown({"total": 1, "page": 1, "pages": 1, "per_page": 20, "items": [_CARD]})


class PlanDetails(PlanCard):
    """A plan with its weeks."""

    weeks: list[PlanWeek]

    model_config = _shown({**_CARD, "weeks": [_WEEK]})


class ReplannedPlan(PlanDetails):
    """A plan that was spread anew, and what no longer fits."""

    moved: int = Field(description="How many steps went to another week.")
    left: list[int] = Field(
        description="Ids of steps for which no week has the time; they are in the last one."
    )

    model_config = _shown({**_CARD, "weeks": [_WEEK], "moved": 3, "left": []})


def weeks_of(
    weeks: Sequence[Week], materials: Mapping[int, Material], urls: Mapping[int, str]
) -> list[PlanWeek]:
    """Weeks in JSON; `materials` by their ids, `urls` by the ids of the steps."""
    return [
        PlanWeek.of(
            week,
            [
                Step.of(step, materials.get(step.material_id or 0), urls.get(step.id, ""))
                for step in week.steps
            ],
        )
        for week in weeks
    ]
