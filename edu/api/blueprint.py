"""What all parts of the API have in common: address, limits, headers, described errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from edu.api.security import limit_key
from edu.api.tokens import InvalidToken
from edu.errors import InvalidInput, problem
from edu.extensions import csrf, limiter, settings

BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
BEARER_OPTIONAL: list[dict[str, list[str]]] = [{}, *BEARER]

ONLY_SIGN_INS = "A personal token may not do this, whatever its scopes."
NO_CONTENT: dict[str, str] = {"description": "Done; there is nothing to be said."}

CHALLENGE = 'Bearer realm="api"'

_REASONS = {
    401: "No token, or one that is not valid (any more).",
    403: "The person may not do this, or the personal token was made for other things.",
    404: "There is no such thing, or not for this person.",
    409: "The thing is not in the state that this needs.",
    413: "The request is larger than is accepted here.",
    416: "The file is shorter than the range that was asked for.",
    422: "Some input cannot be accepted; `errors` says which.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "A part of the library does not answer just now.",
}
_CODES = {
    401: "invalid_token",
    403: "forbidden",
    404: "not_found",
    409: "duplicate",
    413: "too_large",
    416: "requested_range_not_satisfiable",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
}
_HEADERS = {
    401: ("WWW-Authenticate", "string", "The scheme `Bearer`, and what is wrong with the token."),
    429: ("Retry-After", "integer", "Seconds to wait."),
}


def problems(*statuses: int, **reasons: str) -> dict[str | int, Any]:
    """Descriptions of error answers; `s409="…"` says more exactly what one means here.

    429 is always among them, for every operation is limited.
    """
    return {
        status: _describe(status, reasons.get(f"s{status}", _REASONS[status]))
        for status in (*statuses, 429)
    }


def described(model: type[BaseModel], text: str, **headers: str) -> type[BaseModel]:
    """The model as an answer of one kind: what it means, and which headers come with it.

    `Retry_After="…"` describes the header Retry-After.
    """
    told = {
        name.replace("_", "-"): {"description": said, "schema": {"type": "string"}}
        for name, said in headers.items()
    }
    extra = {"description": text, "headers": told}
    model.model_config["openapi_extra"] = extra  # type: ignore[typeddict-unknown-key]  # the library's own
    return model


def _describe(status: int, reason: str) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example(status)}
    described: dict[str, Any] = {
        "description": reason,
        "content": {"application/problem+json": content},
    }
    if status in _HEADERS:
        name, kind, text = _HEADERS[status]
        described["headers"] = {name: {"description": text, "schema": {"type": kind}}}
    return described


def _example(status: int) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": _CODES[status],
        "detail": "A sentence that says what is wrong.",
    }
    if status == 409:
        example["material_id"] = 12
    if status == 422:
        example["errors"] = [{"field": "title", "message": "Field required"}]
    return example


def make_blueprint(name: str, tag: str, description: str) -> APIBlueprint:
    """A part of the API below /api, with one tag in the document, limited and free of cookies."""
    bp = APIBlueprint(
        f"api_{name}",
        __name__,
        url_prefix="/api",
        abp_tags=[Tag(name=tag, description=description)],
    )
    csrf.exempt(bp)  # no cookie signs anybody in here
    limiter.shared_limit(lambda: settings().api_limit, scope="api", key_func=limit_key)(bp)
    bp.register_error_handler(InvalidInput, _render_invalid)
    bp.register_error_handler(InvalidToken, _render_invalid_token)
    bp.after_request(_finish)
    return bp


def _render_invalid(error: InvalidInput) -> Response:
    details = dict(error.details)
    field = details.pop("field", None)
    if field is not None:
        details["errors"] = [{"field": field, "message": str(error.message)}]
    return problem(error.status, error.code, str(error.message), **details)


def _render_invalid_token(error: InvalidToken) -> Response:
    response = problem(error.status, error.code, str(error.message))
    response.headers["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"'
    return response


def _finish(response: Response) -> Response:
    # What is answered depends on who asks, and may change at any moment.
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.add("Authorization")
    if response.status_code == 401:
        response.headers.setdefault("WWW-Authenticate", CHALLENGE)
    return response
