"""Pieces into weeks: cut to the minutes that each has, in sittings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from flask_babel import gettext as _

from edu.plans.pieces import Piece
from edu.plans.shapes import StepDraft, WeekDraft

MAX_STEPS = 300
SITTING = 60  # minutes of one step at most, of a usual week
SITTINGS = 5  # in a week
LEAST_HEAD = 10  # minutes: less than that at the end of a week begins nothing
LEAST_WEEK = 60  # minutes: little material is not spread thinner than this
LEAST_MINUTES = 30  # a week
REVISION = 120  # minutes at most for looking through one's notes

EmptyWeek = tuple[int, date, date, int]  # number, first day, last day, the minutes there are


class Packing:
    """Pieces into weeks, in order; `left` is what went into none."""

    def __init__(self, weeks: Sequence[EmptyWeek], minutes: int) -> None:
        self._weeks = list(weeks)
        self._steps: dict[int, list[StepDraft]] = {week[0]: [] for week in weeks}
        self._sitting = max(SITTING, minutes // SITTINGS)
        self._count = 0
        self._revision = 0
        self.left: list[Piece] = []

    def capacity(self, loss: int) -> int:
        """Minutes of material that surely fit."""
        return sum(max(week[3] - loss, 0) for week in self._weeks)

    def add(self, pieces: Sequence[Piece]) -> None:
        """Spread evenly, so that little material does not end up in the first weeks alone."""
        queue = list(pieces)
        for place, week in enumerate(self._weeks):
            total = sum(piece.minutes for piece in queue)
            even = max(-(-total // (len(self._weeks) - place)), LEAST_WEEK)
            # Where time is short anyway, evenness may not cost any of it.
            wanted = week[3] if even + self._sitting // 2 >= week[3] else even
            queue = self._fill(week[0], queue, wanted, week[3])
        self.left += queue

    def _fill(self, number: int, queue: list[Piece], wanted: int, room: int) -> list[Piece]:
        """Put about as many minutes as wanted into a week, never more than there is room for;
        the rest of the queue.
        """
        queue = list(queue)
        wanted = min(wanted, room)
        while queue and wanted > 0 and self._count < MAX_STEPS - 1:  # one is the revision's
            head, tail = self._cut(queue[0], wanted, room)
            if head is None or (tail is not None and wanted < LEAST_HEAD):
                break
            self._add(number, step_of(head))
            wanted, room = wanted - head.minutes, room - head.minutes
            queue[:1] = [tail] if tail else []
        return queue

    def _add(self, number: int, step: StepDraft) -> None:
        """To the end of a week; what goes on where the last step ends may share its sitting."""
        steps = self._steps[number]
        last = steps[-1] if steps else None
        if last is not None and _goes_on(last, step) and last.minutes + step.minutes <= SITTING:
            steps[-1] = replace(last, last=step.last, minutes=last.minutes + step.minutes)
            return
        steps.append(step)
        self._count += 1

    def _cut(self, piece: Piece, wanted: int, room: int) -> tuple[Piece | None, Piece | None]:
        """The next sitting; one that is all of a piece is not cut for evenness alone."""
        if piece.minutes <= min(room, self._sitting, 2 * wanted):
            return piece, None
        even = self._even(piece)
        if wanted < room and wanted < even // 2:
            return None, piece
        return piece.cut(min(wanted, even))

    def _even(self, piece: Piece) -> int:
        """Minutes of the next sitting: a piece for two sittings is not cut into 60 and 3."""
        sittings = -(-piece.minutes // self._sitting)
        longest = max(unit.minutes for unit in piece.units)
        return min(-(-piece.minutes // sittings) + longest - 1, max(self._sitting, longest))

    def take_left(self) -> list[Piece]:
        """What went into no week so far, to be tried once more."""
        left, self.left = self.left, []
        return left

    def add_revision(self, week: EmptyWeek, pieces: list[Piece]) -> None:
        """The last week: problems and questions first, then what one has noted."""
        self._weeks.append(week)
        self._steps[week[0]] = []
        self._revision = week[0]
        learnt = sum(step.minutes for steps in self._steps.values() for step in steps)
        most = min(REVISION, week[3] // 3, learnt // 2)
        revision = max(most // 5 * 5, LEAST_MINUTES)
        room = week[3] - revision
        self.left += self._fill(week[0], pieces, room, room)
        if self._count:
            step = StepDraft(_("Revision of all topics"), None, "", "", None, None, revision)
            self._steps[week[0]].append(step)

    def weeks(self) -> tuple[WeekDraft, ...]:
        """All weeks with what is in them."""
        return tuple(
            WeekDraft(
                number, first, last, room, tuple(self._steps[number]), number == self._revision
            )
            for number, first, last, room in self._weeks
        )


def step_of(piece: Piece) -> StepDraft:
    """The piece as it stands in a plan."""
    source = piece.source
    known = bool(source.kind)
    return StepDraft(
        topic=piece.topic,
        material_id=source.material_id,
        title=source.title,
        kind=source.kind,
        first=piece.units[0].first if known else None,
        last=piece.units[-1].last if known else None,
        minutes=piece.minutes,
    )


def _goes_on(last: StepDraft, step: StepDraft) -> bool:
    same = (last.topic, last.material_id) == (step.topic, step.material_id)
    return same and last.last is not None and last.last + 1 == step.first
