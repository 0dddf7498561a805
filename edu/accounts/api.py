"""The API of sign-in and the own account."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.accounts.models import User
from edu.accounts.schemas import (
    Account,
    LoginAnswer,
    LoginRequest,
    PasswordChange,
    ProfileChange,
    RefreshRequest,
)
from edu.accounts.service import change_profile
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply, typed_address
from edu.api.security import Scope, access_token, limit_key, require_person, require_session
from edu.errors import EduError
from edu.extensions import client_address, db, limiter, settings
from edu.gate import PASSWORDS
from edu.registration.service import renew_password
from edu.second_factor.service import check_code, has_second_factor
from edu.site.signing import check_credentials, check_password, count_failure
from edu.tokens.service import (
    Grant,
    TokenRefused,
    end_api_session,
    open_api_session,
    refresh_api_session,
)
from jobs.mail import send_letters

bp = make_blueprint("accounts", "Accounts", "Signing in, and your account.")


def _per_account() -> str:
    return f"{client_address()}:{typed_address()}"


class CodeNeeded(EduError):
    """The password was right and does not suffice."""

    status = 401
    code = "second_factor_required"
    message = _l("Send the code of your app, or a spare one, as well.")


def _check_second_factor(user: User, code: str) -> None:
    if not has_second_factor(user):
        return
    if not code:
        raise CodeNeeded
    if not check_code(user, code):
        count_failure(user.email)
        raise CodeNeeded(_("This code is not right, or was used already."), code="wrong_code")


@bp.post(
    "/auth/login",
    operation_id="login",
    summary="Sign in",
    description="Signs a program in with the e-mail address and password of an account.",
    responses={
        200: LoginAnswer,
        **problems(
            401,
            413,
            422,
            503,
            s401="E-mail and password do not belong together; or, with the code "
            "`second_factor_required` or `wrong_code`, they do and a code is needed.",
        ),
    },
)
@limiter.shared_limit(lambda: settings().login_limit_address, scope="passwords")
@limiter.limit(lambda: settings().login_limit, key_func=_per_account)
@PASSWORDS.pass_through()
@reads_request()
def login(body: LoginRequest) -> Response:
    user = check_credentials(body.email, body.password)
    _check_second_factor(user, body.code or "")
    agent = request.user_agent.string
    grant = open_api_session(user, user_agent=agent, address=client_address())
    db.session.commit()
    return reply(_answer(grant))


@bp.post(
    "/auth/refresh",
    operation_id="refresh",
    summary="Get the next access token",
    description="Takes a refresh token, which works once, and gives new tokens of both kinds. A "
    "refresh token that comes a second time has been copied: its whole sign-in ends at once.",
    responses={
        200: LoginAnswer,
        **problems(
            401,
            413,
            422,
            s401="The refresh token is not valid any more; or, with the code `token_reused`, it "
            "was used before.",
        ),
    },
)
@limiter.limit(lambda: settings().login_limit_address)
@reads_request()
def refresh(body: RefreshRequest) -> Response:
    try:
        grant = refresh_api_session(body.refresh_token, address=client_address())
    except TokenRefused:
        db.session.commit()  # of one that was used before the session ends
        raise
    db.session.commit()
    return reply(_answer(grant))


def _answer(grant: Grant) -> LoginAnswer:
    return LoginAnswer(
        access_token=access_token(grant),
        refresh_token=grant.refresh_token,
        token_type="Bearer",  # noqa: S106  # the name of a scheme, not a secret
        expires_in=settings().access_token_s,
        refresh_expires_in=settings().refresh_token_days * 24 * 3600,
        user=Account.of(grant.user),
    )


@bp.post(
    "/auth/logout",
    operation_id="logout",
    summary="Sign out",
    description="Ends the sign-in that the access token belongs to, its refresh token included.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403)},
)
@reads_request(first=require_session)
def logout() -> Response:
    end_api_session(require_session())
    db.session.commit()
    return nothing()


@bp.get(
    "/users/me",
    operation_id="getMe",
    summary="Your account",
    description="The account of the person whose token is sent.",
    security=BEARER,
    responses={200: Account, **problems(401)},
)
@reads_request(first=lambda: require_person(Scope.READ))
def me() -> Response:
    return reply(Account.of(require_person(Scope.READ)))


@bp.patch(
    "/users/me",
    operation_id="changeMe",
    summary="Change your profile",
    description="Name, language, theme: what is sent is changed.",
    security=BEARER,
    responses={200: Account, **problems(401, 403, 413, 422)},
)
@reads_request(first=lambda: require_person(Scope.WRITE))
def change_me(body: ProfileChange) -> Response:
    person = require_person(Scope.WRITE)
    change_profile(person, name=body.name, locale=body.locale, theme=body.theme)
    db.session.commit()
    return reply(Account.of(person))


@bp.post(
    "/users/me/password",
    operation_id="changePassword",
    summary="Change your password",
    description="Ends all browsers, programs and tokens of the account, the one that is sent here "
    "too: sign in anew. Personal tokens cannot do it.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 413, 422)},
)
@limiter.limit(lambda: settings().login_limit, key_func=limit_key)
@reads_request(first=require_person)
def change_password(body: PasswordChange) -> Response:
    person = require_person()
    if person.has_password:
        old = body.old_password or ""
        check_password(person.email, old, person.password_hash, "old_password")
    renew_password(person, body.new_password)
    db.session.commit()
    send_letters.enqueue()
    return nothing()
