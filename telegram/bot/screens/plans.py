"""Study plans: week by week what to read, with ticks, and each step's place a button away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import gettext as _

from bot.answers import make_place
from bot.linked import Args, for_linked
from bot.lists import back, pager, whole
from bot.people import Person
from bot.places import place_address
from bot.replies import Button, Reply, Rows
from bot.state import State
from bot.texts import bold, cut_html, escape, fits_button, link, shorten, site_address
from edu.accounts.models import User
from edu.extensions import utcnow
from edu.materials.models import Material
from edu.plans import progress, service, steps
from edu.plans.models import Plan, PlanStep
from edu.plans.own import find_own_step, get_plan, get_step, list_steps
from edu.plans.progress import Progress, Week
from edu.plans.shapes import week_of
from edu.plans.wording import day_label, days_label, minutes_label, place_label

SHOWN, PER_ROW, STEPS_SHOWN = 8, 4, 20
MAX_LABEL, MAX_TITLE, MAX_TOPIC, MAX_TEXT = 48, 160, 120, 4096


def list_all(user: User, person: Person, state: State, args: Args) -> Reply:
    """The person's own, the one changed last first. Argument: page."""
    state.end_dialogue()
    listing = service.list_plans(user, whole(args, 0), SHOWN)
    measured = progress.measure_all(listing.items, _today())
    rows = [
        (
            Button(
                f"{shorten(each.title, MAX_LABEL)} · {measured[each.id].percent} %",
                f"plans:show:{each.id}",
            ),
        )
        for each in listing.items
    ]
    advice = (
        _("Choose a plan.")
        if rows
        else _("Ask the assistant for a plan, for example for an exam, and save it.")
    )
    turn = pager("plans:list", listing.page, listing.pages)
    text = f"{bold(_('Study plans'))}\n\n{escape(advice)}"
    return Reply(text, (*rows, turn, (back("assistant:start"),)))


def _today() -> date:
    return utcnow().date()


def make(user: User, person: Person, state: State, args: Args) -> Reply:
    """Keep an answer as a plan. Argument: the question."""
    plan = service.plan_question(user, whole(args, 0, 0), _today())
    shown = _show(user, plan, None)
    said = str(_("The plan is saved. /plans opens it again."))
    return Reply(shown.text, shown.buttons, alert=said)


def show(user: User, person: Person, state: State, args: Args) -> Reply:
    """A week of a plan. Arguments: the plan, the week (this one)."""
    plan = get_plan(user, whole(args, 0, 0))
    return _show(user, plan, whole(args, 1, 0) or None)


def step(user: User, person: Person, state: State, args: Args) -> Reply:
    """The week of a step: the way back from its material. Argument: the step."""
    one = find_own_step(user, whole(args, 0, 0))
    return _show(user, one.plan, one.week)


def tick(user: User, person: Person, state: State, args: Args) -> Reply:
    """A step is done, or not after all. Arguments: the plan, the step, 1 or 0."""
    plan = get_plan(user, whole(args, 0, 0))
    one = get_step(user, plan, whole(args, 1, 0))
    week = one.week
    steps.tick_step(user, plan, one.id, done=whole(args, 2, 0) == 1)
    return _show(user, plan, week)


def replan(user: User, person: Person, state: State, args: Args) -> Reply:
    """Spread what is not done over the weeks that are left. Argument: the plan."""
    plan = get_plan(user, whole(args, 0, 0))
    done = service.replan(user, plan, _today())
    said = (
        _("Not everything fits into the time left; the rest is in the last week.")
        if done.left
        else _("What is not done is spread over the weeks that are left.")
    )
    shown = _show(user, plan, None)
    return Reply(shown.text, shown.buttons, alert=str(said))


def ask_to_delete(user: User, person: Person, state: State, args: Args) -> Reply:
    """Nothing is deleted by a slip of the finger. Argument: the plan."""
    plan = get_plan(user, whole(args, 0, 0))
    said = _("Delete “%(title)s”?", title=shorten(plan.title, MAX_TITLE))
    sure = Button("🗑 " + _("Delete the plan"), f"plans:delete:{plan.id}")
    return Reply(escape(said), ((sure,), (back(f"plans:show:{plan.id}"),)))


def delete(user: User, person: Person, state: State, args: Args) -> Reply:
    """Delete it; the materials stay. Argument: the plan."""
    service.delete_plan(user, get_plan(user, whole(args, 0, 0)))
    shown = list_all(user, person, state, ())
    return Reply(shown.text, shown.buttons, alert=str(_("The plan is deleted.")))


# A week ---------------------------------------------------------------------------------------


def _show(user: User, plan: Plan, number: int | None) -> Reply:
    """The plan at this week; None: at today's."""
    own, today = list_steps(plan), _today()
    weeks = progress.list_weeks(plan, own)
    now = week_of(plan.starts_on, today)
    week = weeks[min(max(number or now, 1), len(weeks)) - 1]
    materials = service.load_materials(user, own)
    measured = progress.measure(plan, own, today)
    late = bool(measured.late) and not progress.is_over(plan, today)
    lines = [_heading(plan, measured, late=late), _week(week, len(weeks), now)]
    lines += [_line(n, each, materials) for n, each in _numbered(week)]
    if not week.steps:
        lines.append(escape(_("Nothing is planned.")))
    rows = (
        *_step_rows(plan, week, materials),
        pager(f"plans:show:{plan.id}", week.number, len(weeks)),
        *_plan_rows(plan, late=late),
    )
    return Reply(cut_html("\n\n".join(lines), MAX_TEXT), rows)


def _numbered(week: Week) -> Sequence[tuple[int, PlanStep]]:
    return list(enumerate(week.steps[:STEPS_SHOWN], 1))


def _heading(plan: Plan, measured: Progress, *, late: bool) -> str:
    facts = [str(_("%(minutes)s a week", minutes=minutes_label(plan.minutes_a_week)))]
    if plan.exam_on is not None:
        facts.insert(0, str(_("exam on %(day)s", day=day_label(plan.exam_on))))
    done, total = minutes_label(measured.done), minutes_label(measured.total)
    lines = [
        bold(shorten(plan.title, MAX_TITLE)),
        escape(" · ".join(facts)),
        escape(_("Done: %(done)s of %(total)s", done=done, total=total)),
    ]
    if late:
        lines.append(
            escape(_("You are behind by %(minutes)s.", minutes=minutes_label(measured.late)))
        )
    return "\n".join(lines)


def _week(week: Week, weeks: int, now: int) -> str:
    days = days_label(week.first_day, week.last_day)
    text = _("Week %(number)s of %(all)s, %(days)s", number=week.number, all=weeks, days=days)
    this = f" · {escape(_('this week'))}" if week.number == now else ""
    return bold(text) + this


def _line(number: int, step: PlanStep, materials: Mapping[int, Material]) -> str:
    mark = "☑" if step.done_at else "☐"
    topic = escape(shorten(step.topic, MAX_TOPIC))
    if step.done_at:
        topic = f"<s>{topic}</s>"
    minutes = escape(minutes_label(step.minutes))
    material = materials.get(step.material_id or 0)
    if material is None:
        gone = bool(step.kind or step.material_id)
        said = escape(_("the material is not in the library any more"))
        return f"{mark} {number}. {topic} · {minutes}" + (f"\n<i>{said}</i>" if gone else "")
    place = make_place(material, step.kind, step.first or 0)
    named = ", ".join(filter(None, [shorten(material.title, MAX_TOPIC), place_label(step)]))
    return f"{mark} {number}. {topic}\n{link(place_address(material, place), named)} · {minutes}"


def _step_rows(plan: Plan, week: Week, materials: Mapping[int, Material]) -> Rows:
    """A button to tick each step off, and one to read it."""
    ticks = [
        Button(
            f"{'☑' if each.done_at else '☐'} {n}",
            f"plans:tick:{plan.id}:{each.id}:{0 if each.done_at else 1}",
        )
        for n, each in _numbered(week)
    ]
    reads = [
        Button(f"📖 {n}", f"material:show:{each.material_id}:0:p{each.id}")
        for n, each in _numbered(week)
        if each.material_id in materials
    ]
    return (*_rows_of(ticks), *_rows_of(reads))


def _rows_of(buttons: list[Button]) -> Rows:
    return tuple(tuple(buttons[at : at + PER_ROW]) for at in range(0, len(buttons), PER_ROW))


def _plan_rows(plan: Plan, *, late: bool) -> Rows:
    address = site_address("plans.show", plan_id=plan.id)
    site = (Button("🌐 " + _("Open on the site"), url=address),) if fits_button(address) else ()
    spread = (Button("🔀 " + _("Spread anew"), f"plans:replan:{plan.id}"),) if late else ()
    drop = Button("🗑 " + _("Delete"), f"plans:drop:{plan.id}")
    answer: tuple[Button, ...] = ()
    if plan.question_id is not None:
        answer = (Button("💬 " + _("The answer"), f"assistant:answer:{plan.question_id}"),)
    return (spread, (*answer, *site), (back("plans:list:1"), drop))


ACTIONS = {
    "list": for_linked(list_all),
    "make": for_linked(make),
    "show": for_linked(show),
    "step": for_linked(step),
    "tick": for_linked(tick),
    "replan": for_linked(replan),
    "drop": for_linked(ask_to_delete),
    "delete": for_linked(delete),
}
