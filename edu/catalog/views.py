"""Pages of the subject tree."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from edu.catalog import service
from edu.errors import NotFound
from edu.materials import service as materials

bp = Blueprint("catalog", __name__, url_prefix="/subjects")


@bp.get("")
def index() -> str:
    return render_template("catalog/index.html", subjects=materials.list_shelves())


@bp.get("/options")
def options() -> str:
    subject = service.find_category(request.args.get("subject", ""))
    return render_template("catalog/_options.html", groups=service.category_choices(subject))


@bp.get("/<path:path>")
def browse(path: str) -> str:
    category = service.find_category(path)
    if category is None:
        raise NotFound
    page = materials.list_in_category(category, request.args.get("page", 1, type=int))
    return render_template(
        "catalog/browse.html",
        category=category,
        children=materials.list_shelves(category.children),
        **page.as_variables(),
    )
