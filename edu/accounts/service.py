"""Sign-up, sign-in and the lookup of people."""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets

import bcrypt
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from edu.accounts.models import Role, User
from edu.errors import Conflict, EduError, InvalidInput
from edu.extensions import db, utcnow

MIN_PASSWORD = 8
MAX_PASSWORD = 200
BCRYPT_ROUNDS = 12


class WrongCredentials(EduError):
    """The pair of e-mail and password is not known; which of the two is not told."""

    status = 401
    code = "wrong_credentials"


def _prepare(password: str) -> bytes:
    # bcrypt reads 72 bytes at most and stops at NUL: a digest keeps the whole passphrase.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


def hash_password(password: str) -> str:
    """A bcrypt hash of the whole password, however long."""
    return bcrypt.hashpw(_prepare(password), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def password_fits(password: str, password_hash: str) -> bool:
    """Compare in constant time; what is no hash fits nothing."""
    try:
        return bcrypt.checkpw(_prepare(password), password_hash.encode())
    except ValueError:
        return False


@functools.cache
def _nobodys_hash() -> str:
    return hash_password(secrets.token_hex(16))


def normalise_email(email: str) -> str:
    """The one spelling under which an address is kept. Raises InvalidInput."""
    try:
        # Sites live on intranets too: whether the domain answers is not ours to judge.
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput(_("This is not an e-mail address."), field="email") from error
    return checked.normalized.lower()


def register_user(
    email: str, password: str, name: str, *, role: Role = Role.USER, demo: bool = False
) -> User:
    """A new account. Raises InvalidInput or Conflict.

    The account counts as confirmed: no e-mail leaves this installation that could confirm it.
    """
    address = normalise_email(email)
    _check_password(password)
    if find_user(address) is not None:
        raise Conflict(_("There is already an account with this e-mail."), field="email")
    user = User(
        email=address,
        name=" ".join(name.split())[:80] or address.split("@")[0],
        password_hash=hash_password(password),
        role=role.value,
        confirmed_at=utcnow(),
        is_demo=demo,
        session_stamp=secrets.token_hex(16),
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:  # the same address, a moment ago, in another process
        db.session.rollback()
        raise Conflict(_("There is already an account with this e-mail."), field="email") from error
    return user


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        text = _("The password needs at least %(n)d characters.", n=MIN_PASSWORD)
        raise InvalidInput(text, field="password")


def change_password(user: User, password: str) -> None:
    """A new password; all sessions and tokens end. Raises InvalidInput."""
    _check_password(password)
    user.password_hash = hash_password(password)
    end_sessions(user)


def block_user(user: User, *, blocked: bool) -> None:
    """Keep a person out, or let them in again; either way all sessions end."""
    user.blocked_at = utcnow() if blocked else None
    end_sessions(user)


def end_sessions(user: User) -> None:
    """Sign the person out everywhere: session cookies and tokens carry the stamp."""
    user.session_stamp = secrets.token_hex(16)
    db.session.flush()


def list_users() -> list[User]:
    """Everybody with an account, in order of e-mail."""
    return list(db.session.scalars(select(User).order_by(User.email)))


def find_user(email: str) -> User | None:
    """The person with this address, in any spelling of case."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def sign_in(email: str, password: str) -> User:
    """The person whose credentials these are. Raises WrongCredentials.

    An unknown address costs the same work as a wrong password.
    """
    user = find_user(email)
    fits = password_fits(password, user.password_hash if user else _nobodys_hash())
    if user is None or not fits or not user.is_active:
        raise WrongCredentials(_("This e-mail and password do not belong together."))
    return user


def load_session_user(session_id: str) -> User | None:
    """The person of a session cookie, unless blocked or signed out everywhere since."""
    user_id, _sep, stamp = session_id.partition(":")
    # Longer numbers are no ids, and would overflow the column.
    fits = user_id.isdecimal() and len(user_id) < 10
    user = db.session.get(User, int(user_id)) if fits else None
    if user is None or not secrets.compare_digest(user.session_stamp.encode(), stamp.encode()):
        return None
    return user if user.is_active else None


def get_active_user(user_id: int) -> User | None:
    """The person with this id, unless blocked."""
    user = db.session.get(User, user_id)
    return user if user is not None and user.is_active else None


def count_demo_accounts() -> int:
    """How many demo accounts can sign in here."""
    return len(db.session.scalars(select(User.id).where(User.is_demo)).all())
