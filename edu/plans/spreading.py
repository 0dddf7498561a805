"""What is not done, spread over the weeks that are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Spread = tuple[list[int], list[int]]


def spread(steps: Sequence[tuple[int, int]], rooms: Mapping[int, int]) -> Spread:
    """A week for each step (week, minutes), and the places of those that fit into none.

    `rooms` are the minutes of the weeks left, by number. Nothing goes into an earlier week than
    it was planned for unless time is short: revision stays at the end. What fits nowhere is put
    into the last week.
    """
    calm = _in_order(steps, rooms)
    return calm if not calm[1] else _wherever_it_fits(steps, rooms)


def _in_order(steps: Sequence[tuple[int, int]], rooms: Mapping[int, int]) -> Spread:
    left, weeks, homeless = dict(rooms), [], []
    earliest, last = min(rooms), max(rooms)
    for place, (planned, minutes) in enumerate(steps):
        week = max(earliest, planned)
        while week <= last and left.get(week, 0) < minutes:
            week += 1
        if week > last:
            homeless.append(place)
            week = last
        else:
            left[week] -= minutes
            earliest = week
        weeks.append(week)
    return weeks, homeless


def _wherever_it_fits(steps: Sequence[tuple[int, int]], rooms: Mapping[int, int]) -> Spread:
    left, weeks, homeless = dict(rooms), [], []
    for place, (_planned, minutes) in enumerate(steps):
        week = next((one for one in sorted(left) if left[one] >= minutes), None)
        if week is None:
            homeless.append(place)
            week = max(rooms)
        else:
            left[week] -= minutes
        weeks.append(week)
    return weeks, homeless
