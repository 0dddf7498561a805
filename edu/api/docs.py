"""The API described: the OpenAPI document, and a page that shows it."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, url_for

from edu.api.app import ApiApp
from edu.site.requests import CSP
from edu.site.settings import site_settings

bp = Blueprint("api", __name__, url_prefix="/api")

# Swagger UI writes style attributes into its page. Styles run no code, and scripts stay our own.
DOCS_CSP = CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


@bp.get("/openapi.json")
def openapi() -> Response:
    document: dict[str, Any] = cast("ApiApp", current_app).document
    return jsonify({**document, "info": {**document["info"], "title": site_settings().name}})


@bp.get("/docs")
def docs() -> Response:
    page = render_template("api/docs.html", openapi_url=url_for("api.openapi"))
    response = make_response(page)
    response.headers["Content-Security-Policy"] = DOCS_CSP
    return response
