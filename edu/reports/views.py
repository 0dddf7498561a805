"""Reporting a material, one's own reports, and the moderators' list of what is reported."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.errors import InvalidInput
from edu.extensions import db, limiter, settings
from edu.htmx import wants_fragment
from edu.library.service import find_place
from edu.materials.models import Material
from edu.materials.service import get_visible
from edu.moderation.service import count_pending, settle_reports
from edu.reports import service
from edu.reports.forms import ReportForm, read_place, write_place
from edu.reports.models import Report, ReportState
from edu.site.requests import current_person, signed_in, who_asks
from jobs.notifications import deliver
from jobs.search import update_index

bp = Blueprint("reports", __name__)
bp.add_app_template_global(service.reason_label, "report_reason")
bp.add_app_template_global(write_place, "report_place")


@bp.app_template_global()
def own_report(material: Material) -> Report | None:
    """The open report of the person who reads the page."""
    return service.find_open(current_person(), material)


@bp.app_template_global()
def may_report(material: Material) -> bool:
    """Whether the page offers to report: a stranger is led to the sign-in."""
    return current_person() is None or service.can_report(current_person(), material)


# Reporting ------------------------------------------------------------------------------------


@bp.get("/materials/<int:material_id>/report")
def report(material_id: int) -> str:
    person = signed_in()
    material = get_visible(person, material_id)
    service.require_reportable(person, material)
    place = request.args.get("place", 0, type=int) or find_place(person, material)
    made = service.find_open(person, material)
    return _show(ReportForm.of(material, made, max(place, 0)), material, made)


def _show(form: ReportForm, material: Material, made: Report | None) -> str:
    name = "_form" if wants_fragment() else "report"
    return render_template(f"reports/{name}.html", form=form, material=material, made=made)


@bp.post("/materials/<int:material_id>/report", endpoint="report_submit")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def report_submit(material_id: int) -> str | BaseResponse | tuple[str, int]:
    person = signed_in()
    material = get_visible(person, material_id)
    service.require_reportable(person, material)
    form = ReportForm(material)
    if not form.validate_on_submit():
        return _show(form, material, service.find_open(person, material)), 422
    try:
        place = read_place(material, form.place.data or "")
        service.report_material(person, material, form.reason.data, form.note.data or "", place)
    except InvalidInput as error:
        db.session.rollback()
        form.show_error(str(error.details.get("field", "")), str(error.message))
        return _show(form, material, service.find_open(person, material)), 422
    db.session.commit()
    if wants_fragment():
        return render_template("materials/_report.html", material=material, said=True)
    flash(_("Thank you. Moderators will look at it."), "success")
    return redirect(url_for("materials.show", material_id=material_id), 303)


@bp.get("/me/reports")
def own() -> str:
    page = service.list_own_reports(signed_in(), request.args.get("page", 1, type=int))
    return render_template("reports/own.html", page=page, can_open=service.can_open)


@bp.post("/me/reports/<int:report_id>/withdraw")
def withdraw(report_id: int) -> BaseResponse:
    service.withdraw_report(signed_in(), report_id)
    db.session.commit()
    flash(_("Your report is withdrawn."), "success")
    return redirect(url_for(".own"), 303)


# Moderators -----------------------------------------------------------------------------------


@bp.get("/moderation/reports")
def queue() -> str:
    page = service.list_reported(signed_in(), request.args.get("page", 1, type=int))
    return render_template("reports/queue.html", page=page)


@bp.post("/moderation/reports/<int:material_id>/settle")
def settle(material_id: int) -> str | BaseResponse:
    moderator = service.require_settler(signed_in())
    material, form = get_visible(moderator, material_id), request.form
    settle_reports(
        moderator,
        material,
        _outcome(form.get("outcome", "")),
        form.get("answer", ""),
        reason=form.get("reason", ""),
        edition=form.get("edition", ""),
    )
    db.session.commit()
    update_index.enqueue()
    deliver.enqueue()  # to the reporters, and the uploader
    message = _("Settled. Those who reported it are told.")
    if wants_fragment():
        return render_template("moderation/_decided.html", message=message, **_counts())
    flash(message, "success")
    return redirect(url_for(".queue"), 303)


def _outcome(text: str) -> ReportState:
    try:
        return ReportState(text)
    except ValueError:
        raise InvalidInput(_("Say what to do with the material."), field="outcome") from None


def _counts() -> dict[str, Any]:
    moderator = signed_in()
    return {
        "pending_count": count_pending(moderator),
        "report_count": service.count_reported(moderator),
    }
