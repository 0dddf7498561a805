"""The API of sign-ins and personal tokens."""

from __future__ import annotations

from flask import Response

from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, require_caller, require_person
from edu.extensions import db
from edu.sessions import service
from edu.sessions.schemas import (
    NewToken,
    SessionPath,
    SignIn,
    SignInList,
    Token,
    TokenForm,
    TokenList,
    TokenPath,
)

bp = make_blueprint("sessions", "Sign-ins", "Where you are signed in, and tokens for scripts.")

_ONLY_SIGN_INS = "A personal token may not do this, whatever its scopes."


@bp.get(
    "/users/me/sessions",
    operation_id="listSessions",
    summary="Where you are signed in",
    description="Browsers and programs, the last used first.",
    security=BEARER,
    responses={200: SignInList, **problems(401, 403)},
)
@reads_request(first=lambda: require_caller(Scope.READ))
def sessions() -> Response:
    caller = require_caller(Scope.READ)
    found = service.list_sessions(caller.user)
    return reply(SignInList(items=[SignIn.of(one, caller.session_id) for one in found]))


@bp.delete(
    "/users/me/sessions/<int:session_id>",
    operation_id="endSession",
    summary="Sign a device out",
    description="Ends one of your sign-ins; its tokens are refused from now on.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=_ONLY_SIGN_INS)},
)
@reads_request(first=require_person)
def end(path: SessionPath) -> Response:
    service.end_session(require_person(), path.session_id)
    db.session.commit()
    return nothing()


@bp.get(
    "/users/me/tokens",
    operation_id="listTokens",
    summary="Your personal tokens",
    description="The newest first, without their secrets.",
    security=BEARER,
    responses={200: TokenList, **problems(401, 403)},
)
@reads_request(first=lambda: require_person(Scope.READ))
def tokens() -> Response:
    own = service.list_personal_tokens(require_person(Scope.READ))
    return reply(TokenList(items=[Token.of(token) for token in own]))


@bp.post(
    "/users/me/tokens",
    operation_id="createToken",
    summary="Make a personal token",
    description="For a script that should not know your password.",
    security=BEARER,
    responses={
        201: NewToken,
        **problems(
            401, 403, 409, 413, 422, s403=_ONLY_SIGN_INS, s409="You have as many as are allowed."
        ),
    },
)
@reads_request(first=require_person)
def create(body: TokenForm) -> Response:
    token, secret = service.make_personal_token(require_person(), body.name, body.scopes, body.days)
    db.session.commit()
    return reply(NewToken.made(token, secret), 201)


@bp.delete(
    "/users/me/tokens/<int:token_id>",
    operation_id="deleteToken",
    summary="Delete a personal token",
    description="It is refused from now on.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=_ONLY_SIGN_INS)},
)
@reads_request(first=require_person)
def delete(path: TokenPath) -> Response:
    service.delete_personal_token(require_person(), path.token_id)
    db.session.commit()
    return nothing()
