"""Plans of people: made of answers, changed, ticked off, spread anew. Each is its owner's only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from edu.accounts.models import User
from edu.assistant import retrieval
from edu.assistant.findings import Findings
from edu.assistant.meaning import Meaning
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.service import get_question
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import db, insert_if_absent, utcnow
from edu.materials.models import Material
from edu.materials.service import visible_to
from edu.plans.drafting import MOST_MINUTES, draft_plan
from edu.plans.models import Plan, PlanStep
from edu.plans.own import begin_change, changed, clean_text, list_steps, number_anew, require_own
from edu.plans.packing import LEAST_MINUTES
from edu.plans.progress import is_over
from edu.plans.shapes import MOST_WEEKS, PlanDraft, budget_of, count_weeks, week_days, week_of
from edu.plans.spreading import spread
from edu.plans.steps import MAX_NOTE, MAX_TOPIC
from edu.plans.wording import list_left_out
from edu.site.paging import Listing, list_page

MAX_PLANS = 100
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Replanned:
    """How many steps went to another week, and those for which no week has the time."""

    moved: int
    left: list[PlanStep]


# Which ----------------------------------------------------------------------------------------


def list_plans(user: User, page: int = 1, per_page: int | None = None) -> Listing[Plan]:
    """The person's own, the one changed last first."""
    query = select(Plan).where(Plan.user_id == user.id)
    return list_page(query.order_by(Plan.changed_at.desc(), Plan.id.desc()), page, per_page)


def find_plan_of(user: User, question: Question) -> Plan | None:
    """The plan that was made of this question, if there is one."""
    query = select(Plan).where(Plan.question_id == question.id, Plan.user_id == user.id)
    return db.session.scalar(query)


def load_materials(user: User, steps: Sequence[PlanStep]) -> dict[int, Material]:
    """The materials of the steps that the person may see now, by id."""
    ids = {step.material_id for step in steps if step.material_id is not None}
    query = select(Material).where(Material.id.in_(ids), visible_to(user))
    return {material.id: material for material in db.session.scalars(query)}


# The whole ------------------------------------------------------------------------------------


def plan_question(user: User, question_id: int, today: date) -> Plan:
    """The plan of one's own answered question, made now if there is none yet.

    Raises NotFound, Conflict, Unavailable.
    """
    question = get_question(user, question_id)
    if question.status != QuestionStatus.ANSWERED:
        raise Conflict(_("The question has no answer yet."), code="not_answered")
    known = find_plan_of(user, question)
    if known is not None:
        return known
    meaning = Meaning.of_json(question.meaning)
    findings = retrieval.retrieve(user, meaning)
    return make_plan(user, meaning, findings, title=question.text, question=question, today=today)


def make_plan(
    user: User,
    meaning: Meaning,
    findings: Findings,
    *,
    title: str,
    question: Question | None,
    today: date,
) -> Plan:
    """Keep the draft as a plan; the same question has one plan, however often it is made.

    Raises Conflict when there is nothing to plan, or the person has too many plans.
    """
    known = find_plan_of(user, question) if question is not None else None
    if known is not None:
        return known
    draft = draft_plan(meaning, findings, today)
    if not draft.steps:
        text = _("The library holds nothing that a plan could be made of.")
        raise Conflict(text, code="nothing_to_plan")
    _require_room(user)
    values = {
        "user_id": user.id,
        "title": _short(title) or str(_("Study plan")),
        "starts_on": draft.starts_on,
        "exam_on": draft.exam_on,
        "minutes_a_week": draft.minutes_a_week,
        "created_at": utcnow(),
        "changed_at": utcnow(),
    }
    if question is None:
        plan = Plan(**values)
        db.session.add(plan)
        db.session.flush()
    else:
        # Two windows may save at once: the second is shown what the first has saved.
        is_new = insert_if_absent(Plan, question_id=question.id, **values)
        found = find_plan_of(user, question)
        if found is None:
            raise NotFound(_("There is no such question."))
        plan = found
        if not is_new:
            return plan
    _keep_steps(plan, draft)
    return plan


def _require_room(user: User) -> None:
    count = select(func.count()).where(Plan.user_id == user.id)
    if (db.session.scalar(count) or 0) >= MAX_PLANS:
        text = _("You have %(n)d plans, and more are not possible.", n=MAX_PLANS)
        raise Conflict(text, code="too_many")


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def _keep_steps(plan: Plan, draft: PlanDraft) -> None:
    steps = [
        PlanStep(
            plan_id=plan.id,
            week=week.number,
            position=position,
            topic=step.topic[:MAX_TOPIC],
            material_id=step.material_id,
            kind=step.kind,
            first=step.first,
            last=step.last,
            minutes=step.minutes,
        )
        for week in draft.weeks
        for position, step in enumerate(week.steps, 1)
    ]
    if draft.left_out:
        text = _("There is no time for all that was found. Left out:")
        steps[-1].note = "\n".join([text, *list_left_out(draft.left_out)])[:MAX_NOTE]
    db.session.add_all(steps)
    db.session.flush()


def change_plan(
    user: User,
    plan: Plan,
    *,
    title: str | None = None,
    exam_on: date | None = None,
    has_exam: bool | None = None,
    minutes_a_week: int | None = None,
) -> None:
    """What is None stays as it is; `has_exam` False takes the exam away. Steps stay where they are.

    Raises InvalidInput.
    """
    require_own(user, plan)
    if title is not None:
        plan.title = clean_text(title, MAX_TITLE, "title")
        if not plan.title:
            raise InvalidInput(_("Give the plan a title."), field="title")
    if minutes_a_week is not None:
        if not LEAST_MINUTES <= minutes_a_week <= MOST_MINUTES:
            text = _("From %(least)d to %(most)d minutes.", least=LEAST_MINUTES, most=MOST_MINUTES)
            raise InvalidInput(text, field="minutes_a_week")
        plan.minutes_a_week = minutes_a_week
    if has_exam is False:
        plan.exam_on = None
    elif exam_on is not None:
        last = plan.starts_on + timedelta(days=366)
        if not plan.starts_on <= exam_on <= last:
            text = _("The exam is on a day within a year of the plan's first.")
            raise InvalidInput(text, field="exam_on")
        plan.exam_on = exam_on
    changed(plan)


def delete_plan(user: User, plan: Plan) -> None:
    """With all its steps; the materials stay."""
    require_own(user, plan)
    db.session.execute(delete(PlanStep).where(PlanStep.plan_id == plan.id))
    db.session.execute(delete(Plan).where(Plan.id == plan.id))


def replan(user: User, plan: Plan, today: date) -> Replanned:
    """Spread what is not done over the weeks that are left; what is done stays where it is.

    What no week has time for goes into the last one. Raises Conflict after the exam.
    """
    begin_change(user, plan)
    if is_over(plan, today):
        raise Conflict(_("The time of this plan is over."), code="exam_over")
    steps = list_steps(plan)
    undone = [step for step in steps if not step.done_at]
    rooms = _rooms(plan, steps, today)
    weeks, homeless = spread([(step.week, step.minutes) for step in undone], rooms)
    moved = 0
    for step, week in zip(undone, weeks, strict=True):
        moved += step.week != week
        step.week = week
    number_anew(steps)
    changed(plan)
    return Replanned(moved, [undone[place] for place in homeless])


def _rooms(plan: Plan, steps: Sequence[PlanStep], today: date) -> dict[int, int]:
    """Minutes that are left in each week from today's on, by its number."""
    now = week_of(plan.starts_on, today)
    last = now + MOST_WEEKS - 1
    if plan.exam_on is not None:
        last = max(now, min(count_weeks(plan.starts_on, plan.exam_on), last))
    rooms = {}
    for week in range(now, last + 1):
        first, end = week_days(plan.starts_on, plan.exam_on, week)
        days = (end - max(first, today)).days + 1
        done = sum(step.minutes for step in steps if step.week == week and step.done_at)
        rooms[week] = max(budget_of(max(days, 1), plan.minutes_a_week) - done, 0)
    return rooms
