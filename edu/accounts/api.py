"""The API of sign-in and the own account."""

from __future__ import annotations

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from edu.accounts import service
from edu.accounts.schemas import Account, LoginAnswer, LoginRequest
from edu.api.blueprint import BEARER, make_blueprint, problems
from edu.api.exchange import read_json, reads_request, reply
from edu.api.security import issue_token, require_person
from edu.extensions import client_address, limiter, settings

bp = make_blueprint("accounts", "Accounts", "Signing in, and your account.")


def _per_account() -> str:
    try:
        body = read_json()
    except RequestEntityTooLarge:  # the view's to refuse; here it has to be counted all the same
        body = None
    email = body.get("email") if isinstance(body, dict) else ""
    return f"{client_address()}:{str(email).strip().lower()[:254]}"


@bp.post(
    "/auth/login",
    operation_id="login",
    summary="Sign in",
    description="Gives an access token for an e-mail address and its password.",
    responses={
        200: LoginAnswer,
        **problems(401, 413, 422, s401="E-mail and password do not belong together."),
    },
)
@limiter.limit(lambda: settings().login_limit_address, override_defaults=False)
@limiter.limit(lambda: settings().login_limit, key_func=_per_account, override_defaults=False)
@reads_request()
def login(body: LoginRequest) -> Response:
    user = service.sign_in(body.email, body.password)
    return reply(
        LoginAnswer(
            access_token=issue_token(user),
            token_type="Bearer",  # noqa: S106  # the name of a scheme, not a secret
            expires_in=settings().access_token_s,
            user=Account.of(user),
        )
    )


@bp.get(
    "/users/me",
    operation_id="getMe",
    summary="Your account",
    description="The account of the person whose token is sent.",
    security=BEARER,
    responses={200: Account, **problems(401)},
)
@reads_request(first=require_person)
def me() -> Response:
    return reply(Account.of(require_person()))
