"""Which plan and step: each is its owner's only. How changes of a plan begin and end."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select, update

from edu.accounts.models import User
from edu.errors import InvalidInput, NotFound
from edu.extensions import db, find_row, utcnow
from edu.plans.models import Plan, PlanStep


def get_plan(user: User, plan_id: int) -> Plan:
    """One of the person's own. Raises NotFound."""
    plan = find_row(Plan, plan_id)
    if plan is None or plan.user_id != user.id:
        raise NotFound(_("There is no such plan."))
    return plan


def get_step(user: User, plan: Plan, step_id: int) -> PlanStep:
    """A step of one's own plan. Raises NotFound."""
    require_own(user, plan)
    step = find_row(PlanStep, step_id)
    if step is None or step.plan_id != plan.id:
        raise NotFound(_("There is no such step in the plan."))
    return step


def find_own_step(user: User, step_id: int) -> PlanStep:
    """A step of whichever plan of one's own. Raises NotFound."""
    step = find_row(PlanStep, step_id)
    if step is None or step.plan.user_id != user.id:
        raise NotFound(_("There is no such step in the plan."))
    return step


def list_steps(plan: Plan) -> list[PlanStep]:
    """All steps as the database has them, in order."""
    query = select(PlanStep).where(PlanStep.plan_id == plan.id)
    query = query.order_by(PlanStep.week, PlanStep.position, PlanStep.id)
    return list(db.session.scalars(query))


def require_own(user: User, plan: Plan) -> None:
    """Raises NotFound."""
    if plan.user_id != user.id:
        raise NotFound(_("There is no such plan."))


def number_anew(steps: Sequence[PlanStep]) -> None:
    """Positions from 1 in each week, in the order in which the steps stand."""
    counts: dict[int, int] = {}
    for step in steps:
        counts[step.week] = counts.get(step.week, 0) + 1
        step.position = counts[step.week]


def begin_change(user: User, plan: Plan) -> None:
    """Writes first: whoever changes the same plan waits, and then reads what is so now."""
    require_own(user, plan)
    db.session.execute(update(Plan).where(Plan.id == plan.id).values(changed_at=utcnow()))
    db.session.expire_all()


def changed(plan: Plan) -> None:
    """Flush; the plan has been changed now."""
    plan.changed_at = utcnow()
    db.session.flush()


def clean_text(text: str, limit: int, field: str) -> str:
    """On one line, but for a note. Raises InvalidInput when it is too long."""
    text = " ".join(text.split()) if field != "note" else text.replace("\r\n", "\n").strip()
    if len(text) > limit:
        raise InvalidInput(_("At most %(n)d characters, please.", n=limit), field=field)
    return text
