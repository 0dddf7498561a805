"""The API of personal tokens."""

from __future__ import annotations

from flask import Response

from edu.api.blueprint import BEARER, NO_CONTENT, ONLY_SIGN_INS, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, require_person
from edu.extensions import db
from edu.tokens import service
from edu.tokens.schemas import NewToken, Token, TokenForm, TokenList, TokenPath

bp = make_blueprint("tokens", "Personal tokens", "Tokens for scripts.")


@bp.get(
    "/users/me/tokens",
    operation_id="listTokens",
    summary="Your personal tokens",
    description="The newest first, without their secrets.",
    security=BEARER,
    responses={200: TokenList, **problems(401, 403)},
)
@reads_request(first=lambda: require_person(Scope.READ))
def index() -> Response:
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
            401, 403, 409, 413, 422, s403=ONLY_SIGN_INS, s409="You have as many as are allowed."
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
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=ONLY_SIGN_INS)},
)
@reads_request(first=require_person)
def delete(path: TokenPath) -> Response:
    service.delete_personal_token(require_person(), path.token_id)
    db.session.commit()
    return nothing()
