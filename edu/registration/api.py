"""The API of sign-up and recovery: both end in a letter, whose link a browser opens."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from edu.accounts.service import name_mailbox
from edu.api.blueprint import make_blueprint, problems
from edu.api.exchange import reads_request, reply, typed_address
from edu.extensions import db, limiter, settings
from edu.gate import PASSWORDS
from edu.registration import service
from edu.registration.schemas import LetterSent, RecoverRequest, RegisterRequest
from jobs.mail import send_letters

bp = make_blueprint("registration", "Registration", "A new account, a forgotten password.")


def _letter_key() -> str:
    return f"to:{name_mailbox(typed_address())}"


def _was_sent(response: Response) -> bool:
    return response.status_code == 202


def _sent() -> Response:
    return reply(LetterSent(detail=_("A letter with a link is on its way.")), 202)


@bp.post(
    "/auth/register",
    operation_id="register",
    summary="Ask for an account",
    description="Writes to the address; the account is made when the link in the letter is "
    "followed and the password entered. The answer is the same for an address that has an account.",
    responses={
        202: LetterSent,
        **problems(403, 413, 422, 503, s403="This site takes no new accounts."),
    },
)
@limiter.shared_limit(lambda: settings().login_limit_address, scope="passwords")
@limiter.shared_limit(
    lambda: settings().letter_limit_address, scope="letters", deduct_when=_was_sent
)
@limiter.shared_limit(
    lambda: settings().register_limit,
    scope="register",
    key_func=_letter_key,
    deduct_when=_was_sent,
    # Enough letters went there already; nothing more is said, and none is sent.
    on_breach=lambda _limit: _sent(),
)
@PASSWORDS.pass_through()
@reads_request()
def register(body: RegisterRequest) -> Response:
    service.ask_registration(body.email, body.password, body.name, locale=body.locale or "")
    db.session.commit()
    send_letters.enqueue()
    return _sent()


@bp.post(
    "/auth/recover",
    operation_id="recover",
    summary="Ask for a new password",
    description="Writes to the address how to set a new password. The answer is the same for an "
    "address without an account.",
    responses={202: LetterSent, **problems(413, 422)},
)
@limiter.limit(lambda: settings().login_limit_address)
@limiter.shared_limit(
    lambda: settings().letter_limit_address, scope="letters", deduct_when=_was_sent
)
@limiter.shared_limit(
    lambda: settings().recover_limit,
    scope="recover",
    key_func=_letter_key,
    deduct_when=_was_sent,
    on_breach=lambda _limit: _sent(),
)
@reads_request()
def recover(body: RecoverRequest) -> Response:
    service.ask_recovery(body.email, locale=body.locale or "")
    db.session.commit()
    send_letters.enqueue()
    return _sent()
