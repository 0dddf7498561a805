"""Pages of study plans."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from edu.errors import Conflict, EduError
from edu.extensions import db, utcnow
from edu.htmx import go_to, wants_fragment
from edu.plans import progress, service, steps
from edu.plans.forms import PlanForm, StepForm
from edu.plans.models import Plan, PlanStep
from edu.plans.own import get_plan, get_step, list_steps
from edu.plans.sending import send_calendar, step_url
from edu.plans.shapes import week_of
from edu.plans.wording import day_label, days_label, minutes_label, place_label
from edu.site.requests import signed_in

bp = Blueprint("plans", __name__)


@bp.app_context_processor
def _words() -> dict[str, Any]:
    """How templates of plans write minutes, days and places."""
    return {
        "minutes_label": minutes_label,
        "day_label": day_label,
        "days_label": days_label,
        "step_place": place_label,
        "step_url": step_url,
    }


@bp.get("/plans")
def index() -> str:
    page = service.list_plans(signed_in(), request.args.get("page", 1, type=int))
    measured = progress.measure_all(page.items, utcnow().date())
    return render_template("plans/index.html", page=page, measured=measured)


@bp.post("/plans")
def create() -> BaseResponse:
    question_id = request.form.get("question_id", 0, type=int)
    plan = service.plan_question(signed_in(), question_id, utcnow().date())
    db.session.commit()
    flash(_("The plan is kept here, and you can change it."), "success")
    return go_to(url_for("plans.show", plan_id=plan.id))


@bp.get("/plans/<int:plan_id>")
def show(plan_id: int) -> str:
    return _show(get_plan(signed_in(), plan_id))


def _facts(plan: Plan) -> dict[str, Any]:
    """What a plan's pages show."""
    own, today = list_steps(plan), utcnow().date()
    return {
        "plan": plan,
        "weeks": progress.list_weeks(plan, own),
        "materials": service.load_materials(signed_in(), own),
        "measured": progress.measure(plan, own, today),
        "now": week_of(plan.starts_on, today),
        "over": progress.is_over(plan, today),
    }


def _show(plan: Plan, form: StepForm | None = None) -> str:
    form = form or StepForm(formdata=None, minutes=30, week=1)
    name = "_plan" if wants_fragment() else "show"
    last = steps.last_week(plan)
    return render_template(f"plans/{name}.html", form=form, last_week=last, **_facts(plan))


@bp.get("/plans/<int:plan_id>/print")
def printed(plan_id: int) -> str:
    return render_template("plans/print.html", **_facts(get_plan(signed_in(), plan_id)))


@bp.get("/plans/<int:plan_id>/calendar.ics")
def calendar(plan_id: int) -> Response:
    person = signed_in()
    plan = get_plan(person, plan_id)
    own = list_steps(plan)
    return send_calendar(plan, own, service.load_materials(person, own))


@bp.get("/plans/<int:plan_id>/edit")
def edit(plan_id: int) -> str:
    plan = get_plan(signed_in(), plan_id)
    return render_template("plans/edit.html", plan=plan, form=PlanForm(obj=plan))


@bp.post("/plans/<int:plan_id>/edit")
def change(plan_id: int) -> BaseResponse | tuple[str, int]:
    person, form = signed_in(), PlanForm()
    plan = get_plan(person, plan_id)
    if form.validate_on_submit():
        try:
            service.change_plan(person, plan, **form.values())
        except EduError as error:
            db.session.rollback()
            form.form_errors.append(str(error.message))
        else:
            db.session.commit()
            return go_to(url_for("plans.show", plan_id=plan_id))
    return render_template("plans/edit.html", plan=plan, form=form), 422


@bp.post("/plans/<int:plan_id>/delete")
def delete(plan_id: int) -> BaseResponse:
    person = signed_in()
    service.delete_plan(person, get_plan(person, plan_id))
    db.session.commit()
    flash(_("The plan is deleted."), "success")
    return go_to(url_for("plans.index"))


@bp.post("/plans/<int:plan_id>/replan")
def replan(plan_id: int) -> BaseResponse:
    person = signed_in()
    try:
        done = service.replan(person, get_plan(person, plan_id), utcnow().date())
    except Conflict as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return go_to(url_for("plans.show", plan_id=plan_id))
    db.session.commit()
    flash(_told(done), "error" if done.left else "success")
    return go_to(url_for("plans.show", plan_id=plan_id))


def _told(done: service.Replanned) -> str:
    if done.left:
        minutes = minutes_label(sum(step.minutes for step in done.left))
        text = ngettext(
            "%(num)s step (%(minutes)s) does not fit into the time left; it is in the last week.",
            "%(num)s steps (%(minutes)s) do not fit into the time left; they are in the last week.",
            len(done.left),
            minutes=minutes,
        )
        return str(text)
    if not done.moved:
        return str(_("Everything stays where it is: the time is enough."))
    return str(ngettext("%(num)s step was moved.", "%(num)s steps were moved.", done.moved))


# Steps ----------------------------------------------------------------------------------------


@bp.post("/plans/<int:plan_id>/steps")
def add_step(plan_id: int) -> BaseResponse | tuple[str, int]:
    person, form = signed_in(), StepForm()
    plan = get_plan(person, plan_id)
    if form.validate_on_submit():
        try:
            step = steps.add_step(person, plan, **form.values())
        except EduError as error:
            db.session.rollback()
            form.form_errors.append(str(error.message))
        else:
            db.session.commit()
            return go_to(url_for("plans.show", plan_id=plan_id, _anchor=f"step-{step.id}"))
    return _show(plan, form), 422


@bp.get("/plans/<int:plan_id>/steps/<int:step_id>/edit")
def edit_step(plan_id: int, step_id: int) -> str:
    person = signed_in()
    plan = get_plan(person, plan_id)
    step = get_step(person, plan, step_id)
    return _show_step(plan, step, StepForm(obj=step))


def _show_step(plan: Plan, step: PlanStep, form: StepForm) -> str:
    last = steps.last_week(plan)
    return render_template("plans/step.html", plan=plan, step=step, form=form, last_week=last)


@bp.post("/plans/<int:plan_id>/steps/<int:step_id>/edit")
def change_step(plan_id: int, step_id: int) -> BaseResponse | tuple[str, int]:
    person, form = signed_in(), StepForm()
    plan = get_plan(person, plan_id)
    if form.validate_on_submit():
        try:
            steps.change_step(person, plan, step_id, **form.values())
        except EduError as error:
            db.session.rollback()
            form.form_errors.append(str(error.message))
        else:
            db.session.commit()
            return go_to(url_for("plans.show", plan_id=plan_id, _anchor=f"step-{step_id}"))
    return _show_step(plan, get_step(person, plan, step_id), form), 422


@bp.post("/plans/<int:plan_id>/steps/<int:step_id>/tick")
def tick(plan_id: int, step_id: int) -> str | BaseResponse:
    person = signed_in()
    plan = get_plan(person, plan_id)
    steps.tick_step(person, plan, step_id, done=request.form.get("done") == "1")
    return _changed(plan, step_id)


@bp.post("/plans/<int:plan_id>/steps/<int:step_id>/move")
def move(plan_id: int, step_id: int) -> str | BaseResponse:
    person = signed_in()
    plan = get_plan(person, plan_id)
    steps.move_step(person, plan, step_id, -1 if request.form.get("direction") == "up" else 1)
    return _changed(plan, step_id)


@bp.post("/plans/<int:plan_id>/steps/<int:step_id>/remove")
def remove(plan_id: int, step_id: int) -> BaseResponse:
    person = signed_in()
    steps.remove_step(person, get_plan(person, plan_id), step_id)
    db.session.commit()
    return go_to(url_for("plans.show", plan_id=plan_id))


def _changed(plan: Plan, step_id: int) -> str | BaseResponse:
    db.session.commit()
    if wants_fragment():
        return _show(plan)
    return redirect(url_for("plans.show", plan_id=plan.id, _anchor=f"step-{step_id}"), 303)
