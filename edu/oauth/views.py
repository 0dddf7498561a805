"""The consent page, and the endpoints at which a program gets and gives back its tokens."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from edu.extensions import csrf, db, limiter, settings
from edu.oauth import service
from edu.oauth.service import Answer
from edu.site.requests import signed_in, site_policy
from edu.telegram_links.models import LinkRequest
from edu.telegram_links.service import drop_request, find_request

bp = Blueprint("oauth", __name__, url_prefix="/oauth")


def _fields(sent: MultiDict[str, str]) -> MultiDict[str, str]:
    return MultiDict(sent)


def _asked() -> LinkRequest:
    """Which chat asks for consent. Raises ConsentRefused or RequestExpired."""
    service.check_consent(_fields(request.args))
    return find_request(request.args.get("state", ""), request.args["code_challenge"])


@bp.get("/authorize")
@limiter.limit(lambda: settings().login_limit_address)
def authorize() -> Response:
    asked = _asked()
    page = render_template("oauth/consent.html", person=signed_in(), chat=asked.name)
    response = make_response(page)
    # What the form leads to counts as its target.
    policy = site_policy().replace("form-action 'self'", "form-action 'self' https://t.me")
    response.headers["Content-Security-Policy"] = policy
    return response


@bp.post("/authorize")
@limiter.limit(lambda: settings().login_limit_address)
def authorize_submit() -> Response:
    asked, person = _asked(), signed_in()
    allowed = request.form.get("answer") == "allow"
    fields = _fields(request.args)
    target = service.answer_consent(fields, person if allowed else None, asked.name)
    if not allowed:
        drop_request(asked)
    db.session.commit()
    response = redirect(target, 303)
    response.headers["Cache-Control"] = "no-store"  # the address holds the code
    return response


# For programs -----------------------------------------------------------------------------------


@bp.post("/token")
@limiter.limit(lambda: settings().login_limit_address)
def token() -> Response:
    return _answer(service.answer_token_request(_fields(request.form)))


@bp.post("/revoke")
@limiter.limit(lambda: settings().login_limit_address)
def revoke() -> Response:
    return _answer(service.answer_revocation(_fields(request.form)))


# Cookies mean nothing there: what is sent is the proof, so no other site can act by them.
for view in (token, revoke):
    csrf.exempt(view)


def _answer(answer: Answer) -> Response:
    db.session.commit()  # a refusal, too: what was used up or burnt stays so
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers.update(answer.headers)
    return response
