"""Pages of a person's own things."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from edu.library import service
from edu.site.requests import signed_in

bp = Blueprint("library", __name__, url_prefix="/me")


@bp.get("/uploads")
def uploads() -> str:
    page = service.list_uploads(signed_in(), request.args.get("page", 1, type=int))
    return render_template("library/uploads.html", page=page)
