"""A plan out of what was found: topics in order, pages cut to the minutes of each week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from edu.assistant.findings import Findings
from edu.assistant.meaning import Meaning
from edu.plans.packing import LEAST_HEAD, LEAST_MINUTES, EmptyWeek, Packing, step_of
from edu.plans.pieces import Piece, Topic, arrange
from edu.plans.shapes import (
    MOST_WEEKS,
    PlanDraft,
    StepDraft,
    budget_of,
    count_weeks,
    week_days,
)
from edu.plans.sources import Source, read_sources
from edu.plans.wording import describe_plan

__all__ = ["describe_plan", "draft_plan", "lay_out"]

WEEKS = 4  # of a plan for which no time was named
MINUTES = 240  # a week where nothing was said: an evening of two lessons, and another
MOST_MINUTES = 3000  # a week
EVEN = 0.75  # of the time needed: with less, something of each chapter is read
THEORY = 0.6  # of the time, as long as there are problems for the rest


def draft_plan(meaning: Meaning, findings: Findings, today: date) -> PlanDraft:
    """A plan from today on, until the exam or for the weeks that were asked for."""
    return lay_out(read_sources(meaning, findings), meaning, today)


def lay_out(sources: Sequence[Source], meaning: Meaning, today: date) -> PlanDraft:
    """The same out of sources; nothing but arithmetic."""
    minutes = meaning.minutes_a_week or MINUTES
    minutes = min(max(minutes, LEAST_MINUTES), MOST_MINUTES)
    exam_on = meaning.exam_on if meaning.exam_on and meaning.exam_on >= today else None
    weeks = _empty_weeks(today, exam_on, _number_of_weeks(meaning, exam_on, today), minutes)
    topics, at_end = arrange(sources)
    if not topics and not at_end:
        return PlanDraft(today, exam_on, minutes, ())
    revises = exam_on is not None and len(weeks) > 1
    packing = Packing(weeks[:-1] if revises else weeks, minutes)
    capacity = packing.capacity(_loss(topics, at_end))
    if not revises:
        capacity -= min(sum(piece.minutes for piece in at_end), capacity // 3)
    chosen, spare = _choose(topics, capacity)
    packing.add(chosen if revises else [*chosen, *at_end])
    if revises:
        # The last week is for questions and problems, and looks back.
        problems, spare = _divide(spare)
        packing.add_revision(weeks[-1], [*at_end, *packing.take_left(), *problems])
    full = packing.weeks()
    return PlanDraft(today, exam_on, minutes, full, _left_out([*packing.left, *spare]))


def _divide(spare: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Problems, and the rest."""
    problems = [piece for piece in spare if piece.source.is_practice]
    return problems, [piece for piece in spare if not piece.source.is_practice]


def _number_of_weeks(meaning: Meaning, exam_on: date | None, today: date) -> int:
    wanted = meaning.weeks or (MOST_WEEKS if exam_on else WEEKS)
    until = count_weeks(today, exam_on) if exam_on else MOST_WEEKS
    return max(1, min(wanted, until, MOST_WEEKS))


def _empty_weeks(today: date, exam_on: date | None, number: int, minutes: int) -> list[EmptyWeek]:
    """(number, first day, last day, minutes there are) of each week."""
    weeks = []
    for week in range(1, number + 1):
        first, last = week_days(today, exam_on, week)
        weeks.append((week, first, last, budget_of((last - first).days + 1, minutes)))
    return weeks


def _loss(topics: Sequence[Topic], at_end: Sequence[Piece]) -> int:
    """Minutes that a week may lose because nothing is cut inside a unit."""
    pieces = [p for topic in topics for p in (*topic.theory, *topic.more, *topic.practice)]
    units = (unit.minutes for piece in (*pieces, *at_end) for unit in piece.units)
    return max(LEAST_HEAD, *units)


# Choosing -------------------------------------------------------------------------------------


def _choose(topics: Sequence[Topic], capacity: int) -> tuple[list[Piece], list[Piece]]:
    """What there is time for, in the order of study, and what there is none for."""
    theory = [piece for topic in topics for piece in topic.theory]
    practice = [piece for topic in topics for piece in topic.practice]
    more = [piece for topic in topics for piece in topic.more]
    share = capacity
    if practice:
        needed = sum(piece.minutes for piece in practice)
        share = max(int(capacity * THEORY), capacity - needed)
    taken: dict[int, Piece] = {}
    room = _take(theory, share, taken)
    room = _take(practice, capacity - share + room, taken)
    room = _take(theory, room, taken)
    _take(more, room, taken)
    chosen, spare = [], []
    for topic in topics:
        for piece in (*topic.theory, *topic.more, *topic.practice):
            part = taken.get(id(piece))
            if part:
                chosen.append(part)
            if part is None or len(part.units) < len(piece.units):
                spare.append(_rest(piece, part))
    return chosen, spare


def _take(pieces: Sequence[Piece], room: int, taken: dict[int, Piece]) -> int:
    """Take the most meant first, what is meant alike evenly; the minutes that are left."""
    by_rank = sorted(pieces, key=lambda one: one.rank)
    for _rank, group in groupby(by_rank, key=lambda one: one.rank):
        room -= _take_alike(list(group), room, taken)
    return room


def _take_alike(pieces: Sequence[Piece], room: int, taken: dict[int, Piece]) -> int:
    """The minutes that were taken. Where much has to go, each chapter is begun rather than the
    first ones read whole: an exam asks of all of them.
    """
    rests = [_rest(piece, taken.get(id(piece))) for piece in pieces]
    needed = sum(rest.minutes for rest in rests)
    is_even = needed > 0 and room / needed < EVEN
    spent, passed = 0, 0
    for piece, rest in zip(pieces, rests, strict=True):
        passed += rest.minutes
        due = room * passed // needed if is_even else room
        head, tail = rest.cut(max(due - spent, 0))
        # The first pages of a chapter alone teach little.
        if head is not None and (tail is None or head.minutes >= LEAST_HEAD):
            have = taken.get(id(piece))
            units = (*(have.units if have else ()), *head.units)
            taken[id(piece)] = replace(piece, units=units)
            spent += head.minutes
    return spent


def _rest(piece: Piece, part: Piece | None) -> Piece:
    return replace(piece, units=piece.units[len(part.units) :]) if part else piece


def _left_out(pieces: Sequence[Piece]) -> tuple[StepDraft, ...]:
    """What there was no time for, by material, neighbouring ranges joined."""
    steps = [step_of(piece) for piece in pieces if piece.units]
    steps.sort(key=lambda step: (step.material_id or 0, step.first or 0))
    return tuple(_joined(steps))


def _joined(steps: Sequence[StepDraft]) -> Iterator[StepDraft]:
    last: StepDraft | None = None
    for step in steps:
        if last is None:
            last = step
        elif last.material_id == step.material_id and (last.last or 0) + 1 == step.first:
            last = StepDraft(
                last.topic,
                last.material_id,
                last.title,
                last.kind,
                last.first,
                step.last,
                last.minutes + step.minutes,
            )
        else:
            yield last
            last = step
    if last is not None:
        yield last
