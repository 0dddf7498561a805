"""A plan before it is saved, and the days of its weeks, in plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 7
MOST_WEEKS = 26  # half a year; further on nobody knows
LAST_WEEK = 520  # ten years: plans without an exam may be taken up again late
A_DAY = 120  # minutes of learning that a day holds, if need be


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A thing to do. `kind` is page, section or second and `first` to `last` the range of them,
    both taken in; "" and None where the whole material is meant, or none (`material_id` None).
    """

    topic: str
    material_id: int | None
    title: str
    kind: str
    first: int | None
    last: int | None
    minutes: int


@dataclass(frozen=True, slots=True)
class WeekDraft:
    """A week, counted from 1, its days, and the minutes that there are for it."""

    number: int
    first_day: date
    last_day: date
    budget: int
    steps: tuple[StepDraft, ...]
    is_revision: bool = False


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan; `left_out` is what there was no time for. Without steps there is nothing to plan."""

    starts_on: date
    exam_on: date | None
    minutes_a_week: int
    weeks: tuple[WeekDraft, ...]
    left_out: tuple[StepDraft, ...] = ()

    @property
    def steps(self) -> list[StepDraft]:
        """All steps in order."""
        return [step for week in self.weeks for step in week.steps]


def week_days(starts_on: date, exam_on: date | None, number: int) -> tuple[date, date]:
    """The first and last day of a week; no day is the exam's, or after it."""
    first = starts_on + timedelta(days=DAYS * (number - 1))
    last = first + timedelta(days=DAYS - 1)
    if exam_on is not None and starts_on < exam_on <= last:
        last = max(exam_on - timedelta(days=1), first)
    elif exam_on is not None and exam_on <= last:
        last = first
    return first, last


def count_weeks(starts_on: date, exam_on: date) -> int:
    """How many weeks, whole or begun, there are before the exam; at least one."""
    return max(1, -(-(exam_on - starts_on).days // DAYS))


def week_of(starts_on: date, day: date) -> int:
    """The number of the week of a day; 1 for what comes before."""
    return max(1, (day - starts_on).days // DAYS + 1)


def budget_of(days: int, minutes_a_week: int) -> int:
    """The minutes of so many days. A short week has no long days, but longer ones than usual:
    whoever has an exam tomorrow learns more than a seventh of a week today.
    """
    return min(minutes_a_week, days * max(A_DAY, -(-minutes_a_week // DAYS)))
