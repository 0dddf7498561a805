"""The page of results, and what helps while typing."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from edu.extensions import db, limiter, settings
from edu.htmx import wants_fragment
from edu.search import recent, service
from edu.search.forms import read_input
from edu.search.narrowing import Sidebar
from edu.search.nearest import find_nearest, find_subjects
from edu.search.recording import as_far_as_possible, record_search
from edu.search.service import MAX_QUERY, Found, SearchInput
from edu.search.suggestions import complete as suggest
from edu.site.requests import current_person, signed_in, who_asks

bp = Blueprint("search", __name__)


@bp.get("/search")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def results() -> ResponseReturnValue:
    wanted = read_input(request.args, strict=False)
    found = service.find_materials(wanted, counts=True)
    if found.page > found.pages:  # the result has shrunk since the link was made
        wanted = replace(wanted, page=found.pages)
        found = service.find_materials(wanted, counts=True)
    # Links that narrow are boosted, and replace the same part of the page as live results.
    fragment = wants_fragment() or request.headers.get("HX-Target") == "found"
    response = make_response(_render(wanted, found, fragment=fragment))
    response.vary.add("HX-Target")
    if _is_submitted():
        with as_far_as_possible():
            record_search(current_person(), wanted, found)
            db.session.commit()
    return response


def _is_submitted() -> bool:
    """Not what is found while somebody types, nor a link that narrows what they have found."""
    headers = request.headers
    return "HX-Request" not in headers or headers.get("HX-Trigger") == "search"


def _render(wanted: SearchInput, found: Found, *, fragment: bool) -> str:
    nothing = bool(wanted.text and not found.total)
    return render_template(
        "search/_found.html" if fragment else "search/results.html",
        wanted=wanted,
        found=found,
        fragment=fragment,
        sidebar=Sidebar(url_for("search.results"), wanted, found),
        nearest=find_nearest(found) if nothing else [],
        named=find_subjects(found.terms) if nothing else [],
    )


# While typing ---------------------------------------------------------------------------------


@bp.get("/search/complete")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def complete() -> str:
    text = request.args.get("q", "").strip()[:MAX_QUERY]
    found = suggest(text, current_person())
    return render_template("search/_completions.html", suggestions=found, text=text)


@bp.post("/me/searches/<int:query_id>/forget")
def forget_query(query_id: int) -> ResponseReturnValue:
    recent.forget_query(signed_in(), query_id)
    db.session.commit()
    return "" if wants_fragment() else redirect(url_for("library.history"), 303)


@bp.post("/me/searches/clear")
def clear_queries() -> ResponseReturnValue:
    recent.clear_queries(signed_in())
    db.session.commit()
    if wants_fragment():
        return ""
    flash(_("Your searches are forgotten."), "success")
    return redirect(url_for("library.history"), 303)
