"""Pages of what people keep: history and own uploads."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.extensions import db, limiter, settings
from edu.htmx import go_to, wants_fragment
from edu.library import service
from edu.materials.models import MaterialStatus
from edu.materials.service import get_visible
from edu.search.recent import list_recent
from edu.site.requests import signed_in, who_asks

bp = Blueprint("library", __name__)


def _page() -> int:
    return request.args.get("page", 1, type=int)


@bp.get("/me/history")
def history() -> str:
    page = service.list_history(signed_in(), _page())
    searches = list_recent(signed_in()) if page.page == 1 else []
    return render_template("library/history.html", page=page, searches=searches)


@bp.post("/me/history/clear")
def clear_history() -> BaseResponse:
    service.clear_history(signed_in())
    db.session.commit()
    flash(_("Your history is empty now."), "success")
    return go_to(url_for("library.history"))


@bp.post("/me/history/<int:material_id>/remove")
def remove_entry(material_id: int) -> str | BaseResponse:
    service.remove_entry(signed_in(), material_id)
    db.session.commit()
    return "" if wants_fragment() else redirect(url_for("library.history"), 303)


@bp.post("/materials/<int:material_id>/place")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def save_place(material_id: int) -> Response:
    person = signed_in()
    place = request.form.get("place", -1, type=int)
    service.save_place(person, get_visible(person, material_id), place)
    db.session.commit()
    return Response(status=204)


@bp.get("/me/uploads")
def uploads() -> str:
    person = signed_in()
    status = request.args.get("status", type=MaterialStatus)
    counts = service.count_uploads(person)
    counts.pop(MaterialStatus.ARCHIVED, None)  # the trash has a page of its own
    return render_template(
        "library/uploads.html",
        page=service.list_uploads(person, _page(), status),
        counts=counts,
        status=status,
    )
