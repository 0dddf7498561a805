"""Pages of the subject tree."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from edu.catalog import service
from edu.errors import NotFound
from edu.materials import service as materials

bp = Blueprint("catalog", __name__, url_prefix="/subjects")


@bp.get("")
def index() -> str:
    return render_template(
        "catalog/index.html",
        subjects=service.list_subjects(),
        counts=materials.count_by_category(),
    )


@bp.get("/options")
def options() -> str:
    category = service.find_category(request.args.get("subject", ""))
    return render_template("catalog/_options.html", category=category)


@bp.get("/<path:path>")
def browse(path: str) -> str:
    category = service.find_category(path)
    if category is None:
        raise NotFound
    return render_template(
        "catalog/browse.html",
        category=category,
        counts=materials.count_by_category(),
        page=materials.list_in_category(category, request.args.get("page", 1, type=int)),
    )
