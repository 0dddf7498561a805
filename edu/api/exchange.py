"""Requests into models and models into answers, after the check of who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from flask import Response, request
from flask_babel import gettext as _
from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from edu.errors import InvalidInput

V = TypeVar("V", bound=Callable[..., Response])


def _read_query(model: type[BaseModel]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in request.args.keys() & model.model_fields.keys():
        texts = [text for text in request.args.getlist(name) if text]
        if texts:
            values[name] = texts if _takes_many(model.model_fields[name].annotation) else texts[0]
    return values


def _takes_many(annotation: Any) -> bool:
    """Whether the type is a list, or a list or nothing."""
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def read_json() -> Any:
    """The JSON that was sent, None when it is none, however it is broken."""
    try:
        return request.get_json(silent=True)
    except RecursionError:  # brackets nested thousands deep; `silent` does not cover it
        return None


def typed_address() -> str:
    """The e-mail address of the body, for counting; empty or nonsense where it holds none."""
    try:
        body = read_json()
    except RequestEntityTooLarge:  # the view's to refuse; here it has to be counted all the same
        body = None
    email = body.get("email") if isinstance(body, dict) else ""
    return str(email).strip().lower()[:254]


def _read_body(_model: type[BaseModel]) -> dict[str, Any]:
    body = read_json()
    if not isinstance(body, dict):
        raise InvalidInput(_("Send a JSON object, as application/json."))
    return body


def _read_form(model: type[BaseModel]) -> dict[str, Any]:
    values: dict[str, Any] = {name: file for name, file in request.files.items() if file.filename}
    for name, field in model.model_fields.items():
        is_file = FileStorage in (field.annotation, *get_args(field.annotation))
        if name in request.form and not is_file:
            many = get_origin(field.annotation) is list
            values[name] = request.form.getlist(name) if many else request.form[name]
    return values


def _read_header(model: type[BaseModel]) -> dict[str, Any]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return {name: request.headers[name] for name in names if name in request.headers}


READERS = {"header": _read_header, "query": _read_query, "body": _read_body, "form": _read_form}


def reads_request(*, first: Callable[[], object] | None = None) -> Callable[[V], V]:
    """Give a view what its arguments `path`, `header`, `query`, `body`, `form` ask for, by model.

    `first` decides whether the request is read at all: a stranger's upload is refused unread. The
    library's own reading comes before any such check, and takes form fields for JSON, so that the
    title "2024" becomes a number.
    """

    def decorate(view: V) -> V:
        hints = get_type_hints(view)

        @wraps(view)
        def wrapper(**path: Any) -> Response:
            if first is not None:
                first()
            return view(**_read(hints, path))

        wrapper.__delay_validate_request__ = True  # type: ignore[attr-defined]  # the library's switch
        return wrapper  # type: ignore[return-value]  # called by Flask, not by its annotations

    return decorate


def _read(hints: Mapping[str, Any], path: dict[str, Any]) -> dict[str, BaseModel]:
    values: dict[str, BaseModel] = {}
    try:
        if "path" in hints:
            values["path"] = hints["path"].model_validate(path)
        for name in READERS.keys() & hints.keys():
            values[name] = hints[name].model_validate(READERS[name](hints[name]))
    except ValidationError as error:
        raise invalid_fields(error) from None  # the cause holds what was sent, passwords too
    return values


def invalid_fields(error: ValidationError) -> InvalidInput:
    """Which inputs were refused and why, without their values."""
    errors = [
        {"field": ".".join(map(str, item["loc"])), "message": item["msg"]}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return InvalidInput(_("Some of what was sent cannot be accepted."), errors=errors)


def reply(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(model.model_dump_json(), status, headers, content_type="application/json")


def nothing() -> Response:
    """The answer to what leaves nothing to be said: 204."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response
