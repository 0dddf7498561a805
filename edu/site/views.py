"""Home, language and theme, health, the component sheet and built static files."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from sqlalchemy import text
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as BaseResponse

from edu.accounts.views import safe_target
from edu.assets import DIST
from edu.catalog.service import list_subjects
from edu.extensions import db, limiter, search_index, storage
from edu.library.service import list_reading
from edu.materials.service import count_by_category, list_newest
from edu.ratings.service import list_top_materials
from edu.site.preferences import choose_language, choose_theme
from edu.site.requests import current_person

log = logging.getLogger(__name__)
main = Blueprint("main", __name__)
health = Blueprint("health", __name__)
assets = Blueprint("assets", __name__)
styleguide = Blueprint("styleguide", __name__)

YEAR_S = 365 * 24 * 3600


@main.get("/")
def home() -> str:
    return render_template(
        "main/home.html",
        top=list_top_materials(),
        newest=list_newest(8),
        subjects=list_subjects(),
        counts=count_by_category(),
        reading=list_reading(current_person()),
    )


@main.post("/language")
def set_language() -> BaseResponse:
    response = redirect(safe_target(request.form.get("next")), 303)
    choose_language(request.form.get("lang", ""), response)
    return response


@main.post("/theme")
def set_theme() -> BaseResponse:
    response = redirect(safe_target(request.form.get("next")), 303)
    choose_theme(request.form.get("theme", ""), response)
    return response


@health.get("/healthz")
@limiter.exempt
def healthz() -> Response:
    return jsonify(status="ok")


def _check_database() -> None:
    db.session.execute(text("SELECT id FROM users LIMIT 1"))


@health.get("/readyz")
@limiter.exempt
def readyz() -> tuple[Response, int]:
    checks: dict[str, Callable[[], object]] = {
        "database": _check_database,
        "index": search_index().check,
        "queue": current_app.extensions["edu.queue"].check,
        "storage": storage().check,
    }
    answers = {name: _answers(name, check) for name, check in checks.items()}
    ready = all(answers.values())
    words = {name: "ok" if answer else "failed" for name, answer in answers.items()}
    return jsonify(status="ok" if ready else "failed", **words), 200 if ready else 503


def _answers(name: str, check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # whatever it is, this part is not ready; the log has it
        log.exception("readyz: %s", name)
        return False
    return True


def _packed(name: str) -> Response | None:
    """The file as the build has compressed it, for those who take it so.

    Pages are sent as they are: they hold secrets beside words of the request, which compression
    would give away bit by bit.
    """
    path = safe_join(str(DIST), f"{name}.gz")
    wanted = request.accept_encodings.quality("gzip") > 0
    if path is None or not wanted or not Path(path).is_file():
        return None
    media_type = mimetypes.guess_type(name)[0]
    response = send_from_directory(DIST, f"{name}.gz", mimetype=media_type, max_age=YEAR_S)
    response.content_encoding = "gzip"
    return response


@assets.get("/static/<path:name>", endpoint="file")
@limiter.exempt
def static_file(name: str) -> Response:
    # Names carry a hash of the content, so a browser may keep them.
    response = _packed(name) or send_from_directory(DIST, name, max_age=YEAR_S)
    response.vary.add("Accept-Encoding")
    response.cache_control.immutable = True
    response.cache_control.public = True
    return response


@styleguide.get("/styleguide", endpoint="index")
def style_guide() -> str:
    return render_template("styleguide/index.html")
