"""Codes of a second factor: set up, asked for, switched off.

Secrets are encrypted and spare codes hashed with keys that SECRET_KEY gives: a copied database
opens nothing. Whoever changes SECRET_KEY resets second factors (`flask users second-factor-off`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import logging
import secrets
import time
from dataclasses import dataclass

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from flask_babel import gettext as _
from sqlalchemy import Update, delete, func, select, update

from edu.accounts.models import User
from edu.errors import Conflict, Forbidden, InvalidInput
from edu.extensions import change_rows, db, settings, utcnow
from edu.permissions import Permission, may
from edu.second_factor.models import Authenticator, SpareCode
from edu.site.settings import site_settings

log = logging.getLogger(__name__)

STEP_S = 30
DRIFT = (0, -1, 1)  # steps by which the clock of a telephone may differ
SPARE_CODES = 10
MAX_CODE = 40
# Without the signs that are read as one another.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person gives to the app: a picture (SVG in a data address), or the secret by hand."""

    picture: str
    secret: str


def may_set_up(user: User) -> bool:
    """Whether it is offered; who has it keeps it in any role."""
    return may(user, Permission.SECOND_FACTOR)


def has_second_factor(user: User) -> bool:
    """Whether signing in asks this person for a code."""
    return _confirmed(user) is not None


def check_code(user: User, code: str) -> bool:
    """Whether the code of the app, or a spare code, is right; it is used up then. Commit after.

    Nothing is right for a person without a second factor.
    """
    authenticator = _confirmed(user)
    if authenticator is None or len(code) > MAX_CODE:
        return False
    clean = "".join(sign for sign in code.lower() if sign.isalnum())
    if len(clean) == 6 and clean.isascii() and clean.isdecimal():
        return _use_app_code(authenticator, clean)
    return _use_spare_code(user, clean)


def begin_setup(user: User) -> None:
    """A new secret, which counts for nothing yet. Raises Forbidden or Conflict."""
    if not may_set_up(user):
        raise Forbidden(_("The second factor is for moderators and administrators."))
    if has_second_factor(user):
        raise Conflict(_("Your second factor is on already."))
    reset_second_factor(user)
    secret = _cipher().encrypt(pyotp.random_base32().encode())
    db.session.add(Authenticator(user_id=user.id, secret=secret))
    db.session.flush()


def pending_setup(user: User) -> Setup | None:
    """The secret that waits for its first right code."""
    authenticator = _find(user)
    if authenticator is None or authenticator.confirmed_at is not None:
        return None
    secret = _open(authenticator)
    if secret is None:
        return None
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=site_settings().name)
    return Setup(_draw(address), " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)))


def confirm_setup(user: User, code: str) -> list[str]:
    """Switch it on with the app's first code; the spare codes. Raises InvalidInput or Conflict."""
    authenticator = _find(user)
    if authenticator is None or authenticator.confirmed_at is not None:
        raise Conflict(_("There is no second factor to be confirmed. Start anew."))
    clean = "".join(code[:MAX_CODE].split())
    if not _use_app_code(authenticator, clean):
        raise wrong_code()
    authenticator.confirmed_at = utcnow()
    return _make_spare_codes(user)


def renew_spare_codes(user: User, code: str) -> list[str]:
    """New spare codes instead of the old ones. Raises InvalidInput."""
    if not check_code(user, code):
        raise wrong_code()
    return _make_spare_codes(user)


def count_spare_codes(user: User) -> int:
    """How many spare codes are left."""
    unused = select(func.count()).where(SpareCode.user_id == user.id, SpareCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def switch_off(user: User, code: str) -> None:
    """Sign in without codes from now on. Raises InvalidInput."""
    if not check_code(user, code):
        raise wrong_code()
    reset_second_factor(user)


def reset_second_factor(user: User) -> None:
    """Take the second factor off without a code: an administrator's help for a lost telephone."""
    for model in (SpareCode, Authenticator):
        db.session.execute(delete(model).where(model.user_id == user.id))
    db.session.flush()


def wrong_code() -> InvalidInput:
    """The refusal of a code."""
    return InvalidInput(_("This code is not right, or was used already."), field="code")


def _find(user: User) -> Authenticator | None:
    return db.session.get(Authenticator, user.id)


def _confirmed(user: User) -> Authenticator | None:
    authenticator = _find(user)
    return authenticator if authenticator and authenticator.confirmed_at else None


def _key(label: bytes) -> bytes:
    return hmac.digest(settings().secret_key.encode(), label, hashlib.sha256)


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(b"edu.second_factor secret")))


def _open(authenticator: Authenticator) -> str | None:
    try:
        return _cipher().decrypt(authenticator.secret).decode()
    except InvalidToken:
        log.error("second factor of person %d: SECRET_KEY has changed", authenticator.user_id)
        return None


def _use_app_code(authenticator: Authenticator, code: str) -> bool:
    secret = _open(authenticator)
    if secret is None:
        return False
    now = int(time.time()) // STEP_S
    totp = pyotp.TOTP(secret)
    for step in (now + drift for drift in DRIFT):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return _take_step(authenticator, step)
    return False


def _take_step(authenticator: Authenticator, step: int) -> bool:
    """Of two who send the same code, one gets in."""
    return _changed_one(
        update(Authenticator)
        .where(Authenticator.user_id == authenticator.user_id, Authenticator.last_step < step)
        .values(last_step=step)
    )


def _use_spare_code(user: User, code: str) -> bool:
    return _changed_one(
        update(SpareCode)
        .where(SpareCode.user_id == user.id, SpareCode.code_hash == _hash(user, code))
        .where(SpareCode.used_at.is_(None))
        .values(used_at=utcnow())
    )


def _changed_one(statement: Update) -> bool:
    return change_rows(statement) == 1


def _hash(user: User, code: str) -> str:
    return hmac.digest(
        _key(b"edu.second_factor spare code"), f"{user.id}:{code}".encode(), hashlib.sha256
    ).hex()


def _make_spare_codes(user: User) -> list[str]:
    db.session.execute(delete(SpareCode).where(SpareCode.user_id == user.id))
    codes = ["".join(secrets.choice(ALPHABET) for _n in range(10)) for _n in range(SPARE_CODES)]
    db.session.add_all(SpareCode(user_id=user.id, code_hash=_hash(user, code)) for code in codes)
    db.session.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _draw(text: str) -> str:
    """A QR code with the white edge that cameras need, also on a dark page."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, border=4, light="#fff")
    return f"data:image/svg+xml;base64,{base64.b64encode(out.getvalue()).decode()}"
