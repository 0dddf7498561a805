"""The weeks of a plan with their days and minutes, and how far a person is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from edu.extensions import db
from edu.plans.models import Plan, PlanStep
from edu.plans.shapes import MOST_WEEKS, budget_of, count_weeks, week_days, week_of


@dataclass(frozen=True, slots=True)
class Progress:
    """Minutes of a plan: all, done, and those of past weeks that are not done."""

    total: int
    done: int
    late: int

    @property
    def percent(self) -> int:
        """The share that is done; 100 only when all of it is."""
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a plan with its days, the minutes there are for it, and its steps."""

    number: int
    first_day: date
    last_day: date
    budget: int
    steps: list[PlanStep]

    @property
    def minutes(self) -> int:
        """What all its steps take."""
        return sum(step.minutes for step in self.steps)


def is_over(plan: Plan, today: date) -> bool:
    """Whether the exam is today or was; on the first day there is always something to be done."""
    return plan.exam_on is not None and today >= max(plan.exam_on, plan.starts_on + _DAY)


_DAY = timedelta(days=1)


def count_plan_weeks(plan: Plan, steps: Sequence[PlanStep]) -> int:
    """Up to the exam, and to the last week that has a step."""
    last = max((step.week for step in steps), default=1)
    if plan.exam_on is None:
        return last
    return max(last, min(count_weeks(plan.starts_on, plan.exam_on), MOST_WEEKS))


def list_weeks(plan: Plan, steps: Sequence[PlanStep]) -> list[Week]:
    """All weeks in order, the empty ones too."""
    weeks = []
    for number in range(1, count_plan_weeks(plan, steps) + 1):
        first, last = week_days(plan.starts_on, plan.exam_on, number)
        budget = budget_of((last - first).days + 1, plan.minutes_a_week)
        own = [step for step in steps if step.week == number]
        weeks.append(Week(number, first, last, budget, own))
    return weeks


def measure(plan: Plan, steps: Sequence[PlanStep], today: date) -> Progress:
    """How far the person is, and how much of the weeks before today's is not done."""
    now = week_of(plan.starts_on, today)
    if is_over(plan, today):
        now = 1 + max((step.week for step in steps), default=0)
    return Progress(
        total=sum(step.minutes for step in steps),
        done=sum(step.minutes for step in steps if step.done_at),
        late=sum(step.minutes for step in steps if not step.done_at and step.week < now),
    )


def measure_all(plans: Sequence[Plan], today: date) -> dict[int, Progress]:
    """The progress of several plans, by their ids, in one query."""
    query = select(PlanStep).where(PlanStep.plan_id.in_([plan.id for plan in plans]))
    steps: dict[int, list[PlanStep]] = {plan.id: [] for plan in plans}
    for step in db.session.scalars(query):
        steps[step.plan_id].append(step)
    return {plan.id: measure(plan, steps[plan.id], today) for plan in plans}
