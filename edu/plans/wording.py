"""A plan in words: its lines for an answer, places and days in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from flask_babel import format_date, get_locale, ngettext
from flask_babel import gettext as _

from edu.plans.shapes import PlanDraft, StepDraft, WeekDraft

MOST_LEFT = 5  # materials named among what there is no time for
LONGEST = 120  # characters of a topic or title in a line
_BRACKETS = str.maketrans("[]*", "() ")


class Placed(Protocol):
    """What has a place in a material: a step, saved or not."""

    @property
    def kind(self) -> str: ...
    @property
    def first(self) -> int | None: ...
    @property
    def last(self) -> int | None: ...


def describe_plan(draft: PlanDraft) -> str:
    """The plan as lines of an answer, with references such as [12, pp. 5–7]."""
    if not draft.steps:
        return str(_("The library holds nothing that a plan could be made of."))
    lines = [_opening(draft)]
    for week in draft.weeks:
        if week.steps:
            lines.append("")
            lines.append(_week(week))
            lines += [_line(step) for step in week.steps]
    lines += _closing(draft)
    return "\n".join(lines)


def _opening(draft: PlanDraft) -> str:
    number = len(draft.weeks)
    minutes = minutes_label(draft.minutes_a_week)
    if draft.exam_on is None:
        text = ngettext(
            "A plan for %(num)s week, up to %(minutes)s a week.",
            "A plan for %(num)s weeks, up to %(minutes)s a week.",
            number,
            minutes=minutes,
        )
    else:
        text = ngettext(
            "A plan for %(num)s week, up to %(minutes)s a week. The exam: %(day)s.",
            "A plan for %(num)s weeks, up to %(minutes)s a week. The exam: %(day)s.",
            number,
            minutes=minutes,
            day=day_label(draft.exam_on),
        )
    return str(text)


def _week(week: WeekDraft) -> str:
    minutes = minutes_label(sum(step.minutes for step in week.steps))
    days = days_label(week.first_day, week.last_day)
    if week.is_revision:
        text = _(
            "Week %(number)s, %(days)s, revision (%(minutes)s):",
            number=week.number,
            days=days,
            minutes=minutes,
        )
    else:
        text = _(
            "Week %(number)s, %(days)s (%(minutes)s):",
            number=week.number,
            days=days,
            minutes=minutes,
        )
    return str(text)


def _line(step: StepDraft) -> str:
    minutes = minutes_label(step.minutes)
    topic = plain(step.topic)
    if step.material_id is None:
        return f"— {topic}, {minutes}"
    title = plain(step.title)
    named = f"«{title}»" if title == topic else f"{topic}: «{title}»"
    return f"— {named} {reference(step.material_id, step)}, {minutes}"


def _closing(draft: PlanDraft) -> Iterator[str]:
    if draft.left_out:
        yield ""
        yield str(_("There is no time for all that was found. Left out:"))
        yield from list_left_out(draft.left_out)
    elif any(not week.steps for week in draft.weeks):
        yield ""
        yield str(_("There is no more on this in the library; the other weeks are free."))


def list_left_out(steps: Sequence[StepDraft]) -> list[str]:
    """Lines about the materials for which there is no time, the longest first, some of them."""
    parts: dict[int, list[StepDraft]] = {}
    for step in steps:
        parts.setdefault(step.material_id or 0, []).append(step)
    sums = {key: sum(step.minutes for step in own) for key, own in parts.items()}
    longest = sorted(parts, key=lambda key: -sums[key])
    lines = []
    for key in longest[:MOST_LEFT]:
        own = parts[key]
        cited = reference(key, own[0]) if len(own) == 1 else f"[{key}]"
        lines.append(f"— «{plain(own[0].title)}» {cited}, {minutes_label(sums[key])}")
    others = len(longest) - MOST_LEFT
    if others > 0:
        text = ngettext("%(num)s more material", "%(num)s more materials", others)
        lines.append(f"— {text}")
    return lines


def reference(material_id: int, place: Placed) -> str:
    """The material and its place as texts of answers have them."""
    first, last = place.first, place.last
    if not place.kind or first is None:
        return f"[{material_id}]"
    if place.kind == "second":
        return f"[{material_id}, {clock(first)}]"
    return f"[{material_id}, {_range(place.kind, first, last or first)}]"


def _range(kind: str, first: int, last: int) -> str:
    if kind == "section":
        return f"§ {first}" if first == last else f"§ {first}–{last}"
    if first == last:
        return str(_("p. %(number)s", number=first))
    return str(_("pp. %(first)s–%(last)s", first=first, last=last))


def place_label(place: Placed) -> str:
    """Where to read, for a page: «pp. 5–7», «parts 2–3», «0:00–12:30»; "" for all of it."""
    first, last = place.first, place.last
    if not place.kind or first is None:
        return ""
    last = last if last is not None else first
    if place.kind == "second":
        return f"{clock(first)}–{clock(last + 1)}"
    if place.kind == "page":
        return _range("page", first, last)
    if first == last:
        return str(_("part %(number)s", number=first))
    return str(_("parts %(first)s–%(last)s", first=first, last=last))


def clock(seconds: int) -> str:
    """A moment of a video: 12:30, 1:02:30."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def minutes_label(minutes: int) -> str:
    """«45 min», «2 h», «2 h 30 min»."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(_("%(minutes)s min", minutes=rest))
    if not rest:
        return str(_("%(hours)s h", hours=hours))
    return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=rest))


def day_label(day: date) -> str:
    """A day in the reader's spelling."""
    russian = get_locale() is not None and get_locale().language == "ru"
    return str(format_date(day, "d MMMM yyyy" if russian else "medium"))


def days_label(first: date, last: date) -> str:
    """«23–29 ноября», «30 ноября – 6 декабря», without the year."""
    russian = get_locale() is not None and get_locale().language == "ru"
    if first == last:
        return str(format_date(first, "d MMMM" if russian else "MMM d"))
    if not russian:
        end = "d" if first.month == last.month else "MMM d"
        return f"{format_date(first, 'MMM d')}–{format_date(last, end)}"
    if first.month == last.month:
        return f"{first.day}–{format_date(last, 'd MMMM')}"
    return f"{format_date(first, 'd MMMM')} – {format_date(last, 'd MMMM')}"


def plain(text: str) -> str:
    """What people have named, on one line, without the brackets of references."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = " ".join(line.translate(_BRACKETS).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
