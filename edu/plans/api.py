"""The API of study plans."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, require_person
from edu.extensions import absolute_url, db, utcnow
from edu.plans import progress, service, steps
from edu.plans.models import Plan
from edu.plans.own import get_plan, list_steps
from edu.plans.schemas import (
    NewPlan,
    PlanCard,
    PlanChange,
    PlanDetails,
    PlanList,
    PlanPath,
    ReplannedPlan,
    Step,
    StepChange,
    StepPath,
    weeks_of,
)
from edu.plans.sending import send_calendar, step_url

bp = make_blueprint("plans", "Plans", "What people mean to learn, week by week. Only their own.")

_CALENDAR: dict[str, Any] = {
    "description": "A week is an event over its days. Another import updates the events.",
    "headers": {
        "Content-Disposition": {
            "description": "The name of the file.",
            "schema": {"type": "string"},
        }
    },
    "content": {"text/calendar": {"schema": {"type": "string"}}},
}
_CREATED: dict[str, Any] = {
    "description": "Made; or the plan that was made of this question before.",
    "headers": {"Location": {"description": "The plan here.", "schema": {"type": "string"}}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PlanDetails"}}},
}
_CONFLICT = (
    "The question has no answer yet (`not_answered`), the library has nothing for a plan "
    "(`nothing_to_plan`), or you have as many plans as are possible (`too_many`)."
)


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _url(plan: Plan) -> str:
    return absolute_url("plans.show", plan_id=plan.id)


def _facts(person: User, plan: Plan) -> dict[str, Any]:
    own = list_steps(plan)
    materials = service.load_materials(person, own)
    urls = {one.id: step_url(one, external=True) for one in own if one.material_id in materials}
    return {
        "plan": plan,
        "measured": progress.measure(plan, own, utcnow().date()),
        "url": _url(plan),
        "weeks": weeks_of(progress.list_weeks(plan, own), materials, urls),
    }


@bp.get(
    "/plans",
    operation_id="listPlans",
    summary="Your study plans",
    description="The one changed last first.",
    security=BEARER,
    responses={200: PlanList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def index(query: PageQuery) -> Response:
    listing = service.list_plans(_reader(), query.page or 1, query.per_page)
    measured = progress.measure_all(listing.items, utcnow().date())
    items = [PlanCard.of(plan, measured[plan.id], _url(plan)) for plan in listing.items]
    return reply(PlanList(items=items, **page_of(listing)))


@bp.post(
    "/plans",
    operation_id="createPlan",
    summary="Make a plan of an answer",
    description="Of one of your own questions that has been answered. The same question has one "
    "plan, however often it is made.",
    security=BEARER,
    responses={201: _CREATED, **problems(401, 403, 404, 409, 413, 422, 503, s409=_CONFLICT)},
)
@reads_request(first=_writer)
def create(body: NewPlan) -> Response:
    person = _writer()
    plan = service.plan_question(person, body.question_id, utcnow().date())
    db.session.commit()
    address = url_for("api_plans.show", plan_id=plan.id)
    return reply(PlanDetails.of(**_facts(person, plan)), 201, {"Location": address})


@bp.get(
    "/plans/<int:plan_id>",
    operation_id="getPlan",
    summary="One plan",
    description="With its weeks and steps.",
    security=BEARER,
    responses={200: PlanDetails, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def show(path: PlanPath) -> Response:
    person = _reader()
    return reply(PlanDetails.of(**_facts(person, get_plan(person, path.plan_id))))


@bp.patch(
    "/plans/<int:plan_id>",
    operation_id="changePlan",
    summary="Change a plan",
    description="Its title, the day of the exam, or the minutes a week. The steps stay in their "
    "weeks until it is spread anew.",
    security=BEARER,
    responses={200: PlanDetails, **problems(401, 403, 404, 413, 422)},
)
@reads_request(first=_writer)
def change(path: PlanPath, body: PlanChange) -> Response:
    person = _writer()
    plan = get_plan(person, path.plan_id)
    service.change_plan(
        person,
        plan,
        title=body.title,
        exam_on=body.exam_on,
        has_exam=body.exam_on is not None if "exam_on" in body.model_fields_set else None,
        minutes_a_week=body.minutes_a_week,
    )
    db.session.commit()
    return reply(PlanDetails.of(**_facts(person, plan)))


@bp.delete(
    "/plans/<int:plan_id>",
    operation_id="deletePlan",
    summary="Delete a plan",
    description="The materials stay in the library.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def delete(path: PlanPath) -> Response:
    person = _writer()
    service.delete_plan(person, get_plan(person, path.plan_id))
    db.session.commit()
    return nothing()


@bp.post(
    "/plans/<int:plan_id>/replan",
    operation_id="replan",
    summary="Spread a plan anew",
    description="What is not done goes into the weeks that are left, from today's on; what is "
    "done stays where it is.",
    security=BEARER,
    responses={
        200: ReplannedPlan,
        **problems(401, 403, 404, 409, s409="The time of the plan is over (`exam_over`)."),
    },
)
@reads_request(first=_writer)
def replan(path: PlanPath) -> Response:
    person = _writer()
    plan = get_plan(person, path.plan_id)
    done = service.replan(person, plan, utcnow().date())
    left = [step.id for step in done.left]
    db.session.commit()
    return reply(ReplannedPlan.of(**_facts(person, plan), moved=done.moved, left=left))


@bp.get(
    "/plans/<int:plan_id>/calendar.ics",
    operation_id="getPlanCalendar",
    summary="A plan for calendars",
    description="An iCalendar file (RFC 5545) with an event for each week, and the exam.",
    security=BEARER,
    responses={200: _CALENDAR, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def calendar(path: PlanPath) -> Response:
    person = _reader()
    plan = get_plan(person, path.plan_id)
    own = list_steps(plan)
    return send_calendar(plan, own, service.load_materials(person, own))


@bp.patch(
    "/plans/<int:plan_id>/steps/<int:step_id>",
    operation_id="changePlanStep",
    summary="Change a step of a plan",
    description="Tick it off, change what it says, or put it into another week.",
    security=BEARER,
    responses={200: Step, **problems(401, 403, 404, 413, 422)},
)
@reads_request(first=_writer)
def change_step(path: StepPath, body: StepChange) -> Response:
    person = _writer()
    plan = get_plan(person, path.plan_id)
    step = steps.change_step(
        person,
        plan,
        path.step_id,
        topic=body.topic,
        note=body.note,
        minutes=body.minutes,
        week=body.week,
    )
    if body.done is not None:
        steps.tick_step(person, plan, path.step_id, done=body.done)
    db.session.commit()
    material = service.load_materials(person, [step]).get(step.material_id or 0)
    return reply(Step.of(step, material, step_url(step, external=True) if material else ""))
