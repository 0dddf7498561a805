"""Signing browsers in and out: cookies, sessions, attempts. For edges; what it changes it commits.

A browser holds two cookies of ours: `edu_session`, made anew by each sign-in, and `edu_device`,
which tells that this device has signed in to an account before. Those who guess at an account
make other devices wait, and never that one.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any, cast

from flask import after_this_request, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from edu.accounts.models import User
from edu.accounts.service import WrongCredentials, get_active_user, password_fits, sign_in
from edu.errors import InvalidInput
from edu.extensions import client_address, db, settings
from edu.lockout.service import name_account, record_failure, refuse_waiting
from edu.second_factor.service import has_second_factor
from edu.sessions import service as sessions
from edu.sessions.models import UserSession
from edu.sessions.service import hash_secret

DEVICE_COOKIE = "edu_device"
DEVICE_S = 365 * 24 * 3600
DEVICE_ACCOUNTS = 5  # of those who share a browser, the last ones are known to it
PENDING_KEY = "sign_in"
PENDING_S = 300


# Attempts --------------------------------------------------------------------------------------


def check_credentials(email: str, password: str) -> User:
    """The person, at an edge. Raises WrongCredentials, or MustWait after too many attempts."""
    refuse_attempts(email)
    try:
        return sign_in(email, password)
    except WrongCredentials:
        count_failure(email)
        raise


def check_password(email: str, password: str, password_hash: str, field: str = "password") -> None:
    """Ask again for the password of this address. Raises InvalidInput at `field`, or MustWait."""
    refuse_attempts(email)
    if not password_fits(password, password_hash):
        count_failure(email)
        raise InvalidInput(_("This is not the password."), field=field)


def refuse_attempts(email: str) -> None:
    """Raises MustWait while this account, from here, has had too many wrong attempts."""
    refuse_waiting(email, client_address(), _device_of(email))


def count_failure(email: str) -> None:
    """Remember a wrong password or code."""
    record_failure(email, client_address(), _device_of(email))
    db.session.commit()


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="edu.site device")


def _known_accounts() -> dict[str, str]:
    """Accounts that have signed in on this device, and the device's name with each."""
    try:
        known = _signer().loads(request.cookies.get(DEVICE_COOKIE, ""), max_age=DEVICE_S)
    except BadSignature:
        return {}
    return cast("dict[str, str]", known)


def _device_of(email: str) -> str:
    return _known_accounts().get(name_account(email), "")


def remember_device(user: User) -> None:
    """The person has signed in on this device: others' guesses will not make it wait."""
    account, known = name_account(user.email), _known_accounts()
    device = known.pop(account, "") or secrets.token_hex(8)
    kept = [*known.items()][1 - DEVICE_ACCOUNTS :]
    _set_cookie(DEVICE_COOKIE, _signer().dumps(dict([*kept, (account, device)])))


def _set_cookie(name: str, value: str) -> None:
    @after_this_request
    def add(response: Any) -> Any:
        response.set_cookie(
            name,
            value,
            max_age=DEVICE_S,
            secure=settings().is_public,
            samesite="Lax",
            httponly=True,
        )
        return response


# Sessions --------------------------------------------------------------------------------------


def start_browser_session(user: User, *, remember: bool) -> None:
    """Sign this browser in, with a Flask session made anew. Commits; flash messages after it."""
    end_browser_session()
    user.browser_secret = sessions.open_browser_session(
        user,
        remember=remember,
        user_agent=request.user_agent.string,
        address=request.remote_addr or "",
    )
    db.session.commit()
    login_user(user, remember=remember)
    remember_device(user)


def end_browser_session() -> None:
    """Sign this browser out and forget all that was in its Flask session. Commits."""
    present = present_session()
    if present is not None:
        sessions.end_session(present.user, present.id)
        db.session.commit()
    session.clear()  # the next person at this computer starts anew, CSRF token included
    logout_user()


def present_session() -> UserSession | None:
    """The session of this browser, None for a stranger."""
    if not current_user.is_authenticated:  # asked first, for it reads the remember cookie too
        return None
    return sessions.find_browser_session(session.get("_user_id", ""))


def load_person(cookie: str) -> User | None:
    """Flask-Login's question: whose `id:secret` is this? Commits when the visit is noted."""
    found = sessions.find_browser_session(cookie)
    if found is None:
        return None
    if sessions.note_visit(found, request.remote_addr or ""):
        if sessions.is_remembered(found):
            session["_remember"] = "set"  # the cookie's time begins anew, too
        db.session.commit()
    return found.user


# Between the password and the code -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """Somebody whose password was right and whose code is still asked for."""

    user: User
    remember: bool
    target: str


def complete_sign_in(user: User, *, remember: bool, target: str) -> Response:
    """What follows a right password: the second factor if there is one, else `target`."""
    if not has_second_factor(user):
        start_browser_session(user, remember=remember)
        return redirect(target, 303)
    session[PENDING_KEY] = {
        "user": user.id,
        "stamp": hash_secret(user.session_stamp),
        "remember": remember,
        "target": target,
        "until": int(time.time()) + PENDING_S,
    }
    return redirect(url_for("second_factor.challenge"), 303)


def pending_sign_in() -> PendingSignIn | None:
    """Who is asked for the code in this browser; nobody after five minutes, or a new password."""
    kept = session.get(PENDING_KEY)
    if kept is None or kept["until"] < time.time():
        return None
    user = get_active_user(kept["user"])
    if user is None or hash_secret(user.session_stamp) != kept["stamp"]:
        return None
    return PendingSignIn(user, kept["remember"], kept["target"])


def finish_sign_in(pending: PendingSignIn) -> Response:
    """The code was right."""
    start_browser_session(pending.user, remember=pending.remember)
    return redirect(pending.target, 303)
