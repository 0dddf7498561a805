"""Asking for what the library lacks, and the moderators' board of what is asked for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.catalog.models import Category
from edu.catalog.service import find_category
from edu.demand import service
from edu.demand.models import MaterialRequest
from edu.demand.service import Demand
from edu.errors import InvalidInput
from edu.extensions import db, limiter, settings
from edu.htmx import wants_fragment
from edu.materials.models import Material
from edu.search.service import SearchInput, find_materials
from edu.site.requests import current_person, signed_in, who_asks
from jobs.notifications import deliver

bp = Blueprint("demand", __name__)
FIRST = 8  # demands of each subject that the board shows at first
MOST = 200
CANDIDATES = 8


@bp.app_template_global()
def own_request(text: str) -> MaterialRequest | None:
    """The request of the person who reads the page for this, if there is one."""
    person = current_person()
    return service.find_request(person, text) if person else None


@bp.app_template_global()
def demand_count() -> int:
    """How many things the moderator who reads the page is asked for."""
    return service.count_demand(signed_in())


@bp.post("/demand")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def ask() -> str | BaseResponse:
    person, form = signed_in(), request.form
    category = find_category(form.get("category", ""))
    made = service.ask_for_material(person, form.get("text", ""), category, form.get("note", ""))
    db.session.commit()
    if wants_fragment():
        return render_template("demand/_ask.html", text=made.text, category=made.category)
    flash(_("Thank you. Moderators see what you ask for."), "success")
    return redirect(url_for(".own"), 303)


@bp.get("/me/requests")
def own() -> str:
    page = service.list_requests(signed_in(), request.args.get("page", 1, type=int))
    return render_template("demand/own.html", page=page, shown_material=service.shown_material)


@bp.post("/me/requests/<int:request_id>/withdraw")
def withdraw(request_id: int) -> str | BaseResponse:
    service.withdraw_request(signed_in(), request_id)
    db.session.commit()
    return "" if wants_fragment() else redirect(url_for(".own"), 303)


# The board --------------------------------------------------------------------------------------


@bp.get("/review/demand")
def board() -> str:
    """The first demands of each subject; with `subject` all of one (0: of none)."""
    found: dict[Category | None, list[Demand]] = {}
    for demand in service.list_demand(signed_in()):
        found.setdefault(demand.subject, []).append(demand)
    number = request.args.get("subject", type=int)
    if number is not None:
        found = {s: each for s, each in found.items() if (s.id if s else 0) == number}
    shown = MOST if number is not None else FIRST
    return render_template("demand/board.html", found=found, shown=shown)


def _demand(values: Any) -> Demand:
    """The demand that an address or a form names."""
    subject = values.get("subject", type=int)
    return service.get_demand(signed_in(), values.get("key", ""), subject)


@bp.get("/review/demand/answer")
def answer() -> str:
    demand = _demand(request.args)
    text = request.args.get("q", "").strip() or demand.text
    return render_template(
        "demand/answer.html",
        demand=demand,
        text=text,
        notes=service.list_notes(signed_in(), demand),
        candidates=_candidates(text),
    )


def _candidates(text: str) -> list[Material]:
    named = service.find_answer(text)
    if named is not None:
        return [named]
    found = find_materials(SearchInput(text=text, per_page=CANDIDATES))
    return [hit.material for hit in found.items]


@bp.post("/review/demand/meet")
def meet() -> BaseResponse:
    demand = _demand(request.form)
    material = service.find_answer(request.form.get("material", ""))
    if material is None:
        raise InvalidInput(_("Choose a material that is published."), field="material")
    service.meet_demand(signed_in(), demand, material)
    db.session.commit()
    deliver.enqueue()
    flash(_("Done. Those who asked are told."), "success")
    return redirect(url_for(".board"), 303)


@bp.post("/review/demand/close")
def close() -> BaseResponse:
    demand = _demand(request.form)
    service.close_demand(signed_in(), demand, request.form.get("reason", ""))
    db.session.commit()
    told = _("Closed. Those who asked read the reason.") if demand.people else _("Closed.")
    flash(told, "success")
    return redirect(url_for(".board"), 303)
