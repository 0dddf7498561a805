"""The API of sign-ins."""

from __future__ import annotations

from flask import Response

from edu.api.blueprint import BEARER, NO_CONTENT, ONLY_SIGN_INS, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, require_caller, require_person
from edu.extensions import db
from edu.sessions import service
from edu.sessions.schemas import SessionPath, SignIn, SignInList

bp = make_blueprint("sessions", "Sign-ins", "Where you are signed in.")


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
    responses={204: NO_CONTENT, **problems(401, 403, 404, s403=ONLY_SIGN_INS)},
)
@reads_request(first=require_person)
def end(path: SessionPath) -> Response:
    service.end_session(require_person(), path.session_id)
    db.session.commit()
    return nothing()
