"""A plan as an iCalendar file (RFC 5545).

A week is one all-day event over its days. To-dos would say more, but the calendars that most people
have leave them out of an import; an event for each step would bury all else that is in a week.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask_babel import gettext as _

from edu.extensions import settings
from edu.materials.models import Material
from edu.plans.models import Plan, PlanStep
from edu.plans.progress import Week, is_over, list_weeks
from edu.plans.wording import minutes_label, place_label

if TYPE_CHECKING:
    from icalendar import Calendar, Event

MEDIA_TYPE = "text/calendar; charset=utf-8"
MOST_TOPICS = 3  # named in the title of a week's event
Address = Callable[[PlanStep], str]  # of the page of a step's place


def make_calendar(
    plan: Plan,
    steps: Sequence[PlanStep],
    materials: Mapping[int, Material],
    page: str,
    address: Address,
) -> bytes:
    """The weeks that have steps, and the exam. `materials` are those that the person may see;
    `page` is the address of the plan.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Konspekt//Study plans//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", plan.title)
    for week in list_weeks(plan, steps):
        if week.steps and not is_over(plan, week.first_day):
            text = "\n".join(_line(step, materials, address) for step in week.steps)
            days = (week.first_day, week.last_day)
            _add(calendar, plan, f"week-{week.number}", _title(plan, week), text, page, days)
    if plan.exam_on is not None:
        title = _("Exam: %(title)s", title=plan.title)
        _add(calendar, plan, "exam", title, "", page, (plan.exam_on, plan.exam_on))
    return bytes(calendar.to_ical())


def _title(plan: Plan, week: Week) -> str:
    topics = list(dict.fromkeys(step.topic for step in week.steps))
    named = "; ".join(topics[:MOST_TOPICS]) + ("…" if len(topics) > MOST_TOPICS else "")
    return str(_("Week %(number)s: %(topics)s", number=week.number, topics=named))


def _line(step: PlanStep, materials: Mapping[int, Material], address: Address) -> str:
    """«☐ Ряды — «Лекции», pp. 5–7, 20 min: https://…»"""
    parts = [minutes_label(step.minutes)]
    material = materials.get(step.material_id or 0)
    link = ""
    if material is not None:
        parts = [f"«{material.title}»", *filter(None, [place_label(step)]), *parts]
        link = f"\n{address(step)}"
    mark = "☑" if step.done_at else "☐"
    return f"{mark} {step.topic} — {', '.join(parts)}{link}"


def _add(
    calendar: Calendar,
    plan: Plan,
    part: str,
    title: str,
    text: str,
    page: str,
    days: tuple[date, date],
) -> Event:
    from icalendar import Event

    event = Event()
    # Ids of deleted plans may come again, so the moment of the making is a part of it: the same
    # plan updates what an earlier import has brought, another one does not.
    made = int(plan.created_at.timestamp())
    event.add("uid", f"plan-{plan.id}-{made}-{part}@{urlsplit(settings().site_url).hostname}")
    event.add("sequence", int(plan.changed_at.timestamp()) - made)
    event.add("dtstamp", plan.changed_at)
    event.add("last-modified", plan.changed_at)
    event.add("dtstart", days[0])
    event.add("dtend", days[1] + timedelta(days=1))
    event.add("summary", title)
    if text:
        event.add("description", text)
    event.add("url", page)
    event.add("transp", "TRANSPARENT")
    event.add("categories", [plan.title])
    calendar.add_component(event)
    return event
