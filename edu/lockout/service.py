"""How often a password or a code may be guessed.

An account is named by a keyed hash of the address, whether it exists or not, so nothing differs
between the two. Attempts while one has to wait are not looked at and not counted: nobody ever
waits longer than WINDOW.
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta

from flask_babel import ngettext
from sqlalchemy import Select, delete, select

from edu.accounts.models import SignInFailure
from edu.errors import EduError
from edu.extensions import db, settings, utcnow

WINDOW = timedelta(minutes=15)
PAIR_FAILURES = 10  # of one account from one address, or from one known device
ACCOUNT_FAILURES = 50  # of one account from everywhere
DEVICE = "device:"


class MustWait(EduError):
    """Too many wrong attempts; `retry_after` in details says how many seconds to wait."""

    status = 429
    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "Too many wrong attempts. Try again in %(num)d minute.",
            "Too many wrong attempts. Try again in %(num)d minutes.",
            math.ceil(seconds / 60),
        )
        super().__init__(text, retry_after=seconds)


def name_account(email: str) -> str:
    """What an account is called here; it tells the address to nobody without the secret key."""
    address = email.strip().lower().encode(errors="replace")
    return hmac.digest(settings().secret_key.encode(), b"edu.lockout " + address, "sha256").hex()


def refuse_waiting(email: str, address: str, device: str = "") -> None:
    """Raises MustWait. `device` names one that has signed in to this account before.

    Such a device is counted for itself: others' guesses, from its own address too, are not its.
    """
    account, place = name_account(email), _place(address, device)
    recent = select(SignInFailure.created_at).where(SignInFailure.account == account)
    _refuse(recent.where(SignInFailure.address == place), PAIR_FAILURES)
    if not device:
        _refuse(recent, ACCOUNT_FAILURES)


def _place(address: str, device: str) -> str:
    return (DEVICE + device if device else address)[:64]


def _refuse(failures: Select[datetime], allowed: int) -> None:
    """Raises MustWait when the last `allowed` failures all lie in the window."""
    now = utcnow()
    newest_first = failures.where(SignInFailure.created_at > now - WINDOW).order_by(
        SignInFailure.created_at.desc()
    )
    eldest = db.session.scalar(newest_first.offset(allowed - 1).limit(1))
    if eldest is not None:
        raise MustWait(max(1, math.ceil((eldest + WINDOW - now).total_seconds())))


def record_failure(email: str, address: str, device: str = "") -> None:
    """Remember a wrong password or code, and forget old ones."""
    now = utcnow()
    db.session.execute(delete(SignInFailure).where(SignInFailure.created_at < now - WINDOW))
    failure = SignInFailure(
        account=name_account(email), address=_place(address, device), created_at=now
    )
    db.session.add(failure)
    db.session.flush()


def clear_failures(email: str) -> None:
    """The person has shown who it is, by a link in a letter."""
    own = SignInFailure.account == name_account(email)
    db.session.execute(delete(SignInFailure).where(own))
