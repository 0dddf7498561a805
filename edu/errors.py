"""What can go wrong in the domain, and how each edge says it.

Services raise EduError children with a sentence for people. An edge renders them once: a page or
a fragment here, `application/problem+json` (RFC 9457) under /api, a text in the bot.
"""

from __future__ import annotations

import errno
import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from edu.htmx import go_to, wants_fragment

log = logging.getLogger(__name__)


class EduError(Exception):
    """A refusal with an HTTP status, a stable code for programs and a sentence for people."""

    status = 400
    code = "bad_request"
    message: Any = _l("The request could not be understood.")

    def __init__(self, message: Any = None, *, code: str | None = None, **details: Any) -> None:
        super().__init__(str(code or self.code))
        if message is not None:
            self.message = message
        if code is not None:
            self.code = code
        self.details = details


class InvalidInput(EduError):
    """What was sent cannot be accepted; `field` in details names the input, if one."""

    status = 422
    code = "invalid"


class SignInRequired(EduError):
    """The act needs a person, and nobody is signed in."""

    status = 401
    code = "sign_in_required"
    message = _l("Please sign in first.")


class Forbidden(EduError):
    """The person is known and may not do this."""

    status = 403
    code = "forbidden"
    message = _l("You are not allowed to do this.")


class NotFound(EduError):
    """There is no such thing, or it is not for this person to know of."""

    status = 404
    code = "not_found"
    message = _l("There is nothing at this address.")


class Conflict(EduError):
    """The thing is no longer in the state that the act needs."""

    status = 409
    code = "conflict"


class Unavailable(EduError):
    """A part of the product does not answer just now; trying again may help."""

    status = 503
    code = "unavailable"
    message = _l("This does not work just now. Please try again in a minute.")


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    """An RFC 9457 problem document."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    response = jsonify({**body, "code": code, "detail": detail, **extra})
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def page(status: int, title: str, message: str) -> Response:
    """The error page, or for HTMX a toast that leaves the page as it stands."""
    if wants_fragment():
        body = render_template("errors/_toast.html", message=message)
        response = make_response(body, status)
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
        return response
    return make_response(
        render_template("errors/error.html", code=status, title=title, message=message), status
    )


def _titles(status: int) -> str:
    titles = {
        401: _("Please sign in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        409: _("Something changed meanwhile"),
        413: _("Too large"),
        422: _("Please check what you entered"),
        429: _("Too many requests"),
        500: _("Something broke on our side"),
        503: _("Not available just now"),
    }
    return str(titles.get(status) or _("This did not work"))


def _messages(error: HTTPException) -> str:
    messages = {
        400: _("The request could not be understood. Reload the page and try again."),
        401: _("Please sign in first."),
        403: _("You are not allowed to do this."),
        404: _("There is nothing at this address."),
        405: _("This address does not take such a request."),
        413: _("What you sent is larger than this site accepts."),
        429: _("You are doing this too often. Wait a minute and try again."),
        500: _("The error has been written to the log. Please try again in a minute."),
    }
    return str(messages.get(error.code or 500) or _("The request failed."))


def _way_back() -> str:
    """Where to go after signing in: the page that asked for it, never the address of a post."""
    if request.method == "GET" and not wants_fragment():
        return request.full_path.rstrip("?")
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:  # such as a bracket that never closes
        return "/"
    if referrer.netloc != request.host:
        return "/"
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def _render(
    status: int, code: str, message: str, *, retry_after: int | None = None, **details: Any
) -> Response:
    if request.path.startswith("/api/"):
        response = problem(status, code, message, **details)
    else:
        response = page(status, _titles(status), message)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def register_error_pages(app: Flask) -> None:
    """Render every domain error and every HTTP error once, in the form that the client reads."""

    @app.errorhandler(EduError)
    def edu_error(error: EduError) -> BaseResponse:
        if isinstance(error, SignInRequired) and not request.path.startswith("/api/"):
            return go_to(url_for("accounts.login", next=_way_back()))
        return _render(error.status, error.code, str(error.message), **error.details)

    @app.errorhandler(OSError)
    def disk_full(error: OSError) -> BaseResponse:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        log.exception("the disk is full")
        return edu_error(Unavailable(_("The server's disk is full. Tell the administrator.")))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.response is not None:
            return error.get_response()  # type: ignore[return-value]  # a werkzeug response, ready
        status = error.code or 500
        code = (error.name or "error").lower().replace(" ", "_")
        if isinstance(error, SecurityError) and not request.path.startswith("/api/"):
            # A name that is not ours: no page can be made, for no address of it would be right.
            return Response(_messages(error), status, mimetype="text/plain")
        response = _render(status, code, _messages(error))
        for name, value in error.get_headers():
            if name in {"Allow", "Content-Range", "Retry-After"}:
                response.headers[name] = value
        return response
