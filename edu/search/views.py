"""The page of results."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request

from edu.catalog.service import list_subjects
from edu.extensions import limiter, settings
from edu.htmx import wants_fragment
from edu.search import service
from edu.search.forms import read_input
from edu.site.requests import who_asks

bp = Blueprint("search", __name__)


@bp.get("/search")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def results() -> str:
    wanted = read_input(request.args, strict=False)
    found = service.find_materials(wanted)
    if found.page > found.pages:  # the result has shrunk since the link was made
        found = service.find_materials(replace(wanted, page=found.pages))
    # Live results replace the list alone; the form that the person types into stays.
    template = "search/_results.html" if wants_fragment() else "search/results.html"
    return render_template(template, wanted=wanted, found=found, subjects=list_subjects())
