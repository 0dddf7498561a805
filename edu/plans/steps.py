"""The steps of a plan: ticked off, changed, moved, added, removed by its owner."""

from __future__ import annotations

from flask_babel import gettext as _

from edu.accounts.models import User
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, utcnow
from edu.plans.models import Plan, PlanStep
from edu.plans.own import begin_change, changed, clean_text, get_step, list_steps, number_anew
from edu.plans.packing import MAX_STEPS
from edu.plans.progress import count_plan_weeks
from edu.plans.shapes import LAST_WEEK, MOST_WEEKS

MAX_TOPIC = 300
MAX_NOTE = 1000
MAX_STEP_MINUTES = 600


def tick_step(user: User, plan: Plan, step_id: int, *, done: bool) -> PlanStep:
    """Tick it off, or not; ticking twice keeps the first moment."""
    step = get_step(user, plan, step_id)
    if done and step.done_at is None:
        step.done_at = utcnow()
    elif not done:
        step.done_at = None
    changed(plan)
    return step


def change_step(
    user: User,
    plan: Plan,
    step_id: int,
    *,
    topic: str | None = None,
    note: str | None = None,
    minutes: int | None = None,
    week: int | None = None,
) -> PlanStep:
    """What is None stays as it is; in another week it comes last. Raises InvalidInput, NotFound."""
    begin_change(user, plan)
    step = get_step(user, plan, step_id)
    if topic is not None:
        step.topic = _topic(topic)
    if note is not None:
        step.note = clean_text(note, MAX_NOTE, "note")
    if minutes is not None:
        step.minutes = _minutes(minutes)
    if week is not None and week != step.week:
        step.week, step.position = _week(plan, week), MAX_STEPS + 1
        db.session.flush()
        number_anew(list_steps(plan))
    db.session.flush()
    return step


def add_step(
    user: User, plan: Plan, topic: str, minutes: int, week: int, note: str = ""
) -> PlanStep:
    """A step of one's own, at the end of a week. Raises Conflict, InvalidInput."""
    begin_change(user, plan)
    steps = list_steps(plan)
    if len(steps) >= MAX_STEPS:
        raise Conflict(_("The plan is full: it has %(n)d steps.", n=MAX_STEPS), code="full")
    step = PlanStep(
        plan_id=plan.id,
        topic=_topic(topic),
        note=clean_text(note, MAX_NOTE, "note"),
        minutes=_minutes(minutes),
        week=_week(plan, week),
        position=1 + sum(1 for one in steps if one.week == week),
        kind="",
    )
    db.session.add(step)
    db.session.flush()
    return step


def remove_step(user: User, plan: Plan, step_id: int) -> None:
    """Take it out of the plan. Raises NotFound."""
    begin_change(user, plan)
    step = get_step(user, plan, step_id)
    db.session.delete(step)
    db.session.flush()
    number_anew(list_steps(plan))
    db.session.flush()


def move_step(user: User, plan: Plan, step_id: int, by: int) -> None:
    """One place up (-1) or down (1); past the end of a week into the next one."""
    begin_change(user, plan)
    step = get_step(user, plan, step_id)
    steps = list_steps(plan)
    mates = [one for one in steps if one.week == step.week]
    at = mates.index(step)
    if 0 <= at + by < len(mates):
        other = mates[at + by]
        step.position, other.position = other.position, step.position
    elif 1 <= step.week + by <= last_week(plan):
        step.week += by
        step.position = 0 if by > 0 else MAX_STEPS + 1
    db.session.flush()
    number_anew(list_steps(plan))
    db.session.flush()


def _topic(topic: str) -> str:
    topic = clean_text(topic, MAX_TOPIC, "topic")
    if not topic:
        raise InvalidInput(_("Say what is to be done."), field="topic")
    return topic


def _minutes(minutes: int) -> int:
    if not 1 <= minutes <= MAX_STEP_MINUTES:
        text = _("From %(least)d to %(most)d minutes.", least=1, most=MAX_STEP_MINUTES)
        raise InvalidInput(text, field="minutes")
    return minutes


def _week(plan: Plan, week: int) -> int:
    last = last_week(plan)
    if not 1 <= week <= last:
        raise InvalidInput(_("The plan has weeks 1 to %(last)d.", last=last), field="week")
    return week


def last_week(plan: Plan) -> int:
    """The last week into which a step can be put: before the exam, or half a year on."""
    weeks = count_plan_weeks(plan, list_steps(plan))
    return weeks if plan.exam_on is not None else min(max(weeks, MOST_WEEKS), LAST_WEEK)
