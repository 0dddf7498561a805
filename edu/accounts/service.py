"""People: accounts, passwords, sign-in, and the links in letters that prove an address."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bcrypt
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from edu.accounts.models import LetterToken, ModeratedSubject, Role, User
from edu.catalog.models import Category
from edu.errors import Conflict, EduError, InvalidInput
from edu.extensions import db, utcnow
from edu.sessions.models import UserSession
from edu.sessions.service import hash_secret
from edu.tokens.models import PersonalToken

MIN_PASSWORD = 8
MAX_PASSWORD = 200
MAX_NAME = 80
BCRYPT_ROUNDS = 12
KEEP_DEAD_TOKENS = timedelta(days=1)


class WrongCredentials(EduError):
    """The pair of e-mail and password is not known; which of the two is not told."""

    status = 401
    code = "wrong_credentials"


class LinkExpired(InvalidInput):
    """The link of a letter has been used, is too old, or was never there."""

    code = "link_expired"
    message = _l("This link has been used already, or it is too old.")


# Passwords -------------------------------------------------------------------------------------


def _prepare(password: str) -> bytes:
    # bcrypt reads 72 bytes at most and stops at NUL: a digest keeps the whole passphrase.
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


def hash_password(password: str) -> str:
    """A bcrypt hash of the whole password, however long."""
    return bcrypt.hashpw(_prepare(password), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def password_fits(password: str, password_hash: str) -> bool:
    """Compare in constant time; the work is the same when there is no hash, which nothing fits."""
    known = password_hash.startswith("$2")
    # A salt with no hash behind it.
    nobodys = bcrypt.gensalt(BCRYPT_ROUNDS).decode() + "." * 31
    fits = bcrypt.checkpw(_prepare(password), (password_hash if known else nobodys).encode())
    return fits and known


def check_new_password(password: str, field: str = "password") -> None:
    """Raises InvalidInput for one that is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        text = _("The password needs at least %(n)d characters.", n=MIN_PASSWORD)
        raise InvalidInput(text, field=field)


def change_password(user: User, password: str, *, keep: int | None = None) -> None:
    """A new password; all sessions end, but for the browser session `keep`, and all tokens.

    Raises InvalidInput.
    """
    check_new_password(password)
    user.password_hash = hash_password(password)
    end_letter_tokens(user, "recover")
    db.session.execute(delete(PersonalToken).where(PersonalToken.user_id == user.id))
    end_sessions(user, keep=keep)


# Accounts --------------------------------------------------------------------------------------


def normalise_email(email: str) -> str:
    """The one spelling under which an address is kept. Raises InvalidInput."""
    try:
        # Sites live on intranets too: whether the domain answers is not ours to judge.
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput(_("This is not an e-mail address."), field="email") from error
    return checked.normalized.lower()


def clean_name(name: str, address: str = "") -> str:
    """The name as it is kept; out of the address if there is none."""
    return " ".join(name.split())[:MAX_NAME] or address.split("@")[0][:MAX_NAME]


def name_mailbox(email: str) -> str:
    """What is counted as one mailbox: the address as it is kept, or what was typed for one."""
    typed = email.strip()[:254]
    try:
        return normalise_email(typed)
    except InvalidInput:
        return typed.lower()


def create_user(
    email: str, password: str | None, name: str, *, role: Role = Role.USER, demo: bool = False
) -> User:
    """A new account whose address is known to be the person's; without a password if None.

    Raises InvalidInput or Conflict.
    """
    if password is not None:
        check_new_password(password)
    hashed = hash_password(password) if password is not None else ""
    return add_user(email, hashed, name, role=role, demo=demo)


def add_user(
    email: str,
    password_hash: str,
    name: str,
    *,
    role: Role = Role.USER,
    demo: bool = False,
    locale: str = "",
) -> User:
    """Like create_user, with a password that is hashed already."""
    address = normalise_email(email)
    if find_user(address) is not None:
        raise Conflict(_("There is already an account with this e-mail."), field="email")
    user = User(
        email=address,
        name=clean_name(name, address),
        password_hash=password_hash,
        role=role.value,
        confirmed_at=utcnow(),
        is_demo=demo,
        session_stamp=secrets.token_hex(16),
        locale=locale,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:  # the same address, a moment ago, in another process
        db.session.rollback()
        raise Conflict(_("There is already an account with this e-mail."), field="email") from error
    return user


def shown_name(user: User) -> str:
    """What others read as the person's name; a deleted account has none."""
    return user.name if user.deleted_at is None else _("Deleted account")


def list_users() -> list[User]:
    """Everybody with an account, in order of e-mail."""
    return list(db.session.scalars(select(User).order_by(User.email)))


def find_user(email: str) -> User | None:
    """The person with this address, in any spelling of case."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def get_active_user(user_id: int) -> User | None:
    """The person with this id, unless blocked."""
    user = db.session.get(User, user_id)
    return user if user is not None and user.is_active else None


def change_profile(
    user: User, *, name: str | None = None, locale: str | None = None, theme: str | None = None
) -> None:
    """Change what is given: the name others see, the language, the colours. Raises InvalidInput."""
    if name is not None:
        if not clean_name(name):
            raise InvalidInput(_("Enter the name that others will see."), field="name")
        user.name = clean_name(name)
    user.locale = user.locale if locale is None else locale
    user.theme = user.theme if theme is None else theme
    db.session.flush()


def count_demo_accounts() -> int:
    """How many demo accounts can sign in here."""
    return len(db.session.scalars(select(User.id).where(User.is_demo)).all())


# Signing in and out ----------------------------------------------------------------------------


def sign_in(email: str, password: str) -> User:
    """The person whose credentials these are. Raises WrongCredentials.

    Unknown, blocked, without a password: each costs the same work as a wrong password.
    """
    user = find_user(email)
    fits = password_fits(password, user.password_hash if user else "")
    if user is None or not fits or not user.is_active:
        raise WrongCredentials(_("This e-mail and password do not belong together."))
    return user


def set_role(user: User, role: Role, subjects: Iterable[Category] = ()) -> None:
    """Another role; a moderator of some `subjects` reviews these, without any the whole tree."""
    user.role = role.value
    chosen = [*dict.fromkeys(subject.id for subject in subjects)] if user.is_moderator else []
    user.moderates_all = not chosen
    kept = {own.category_id: own for own in user.moderated}
    user.moderated = [kept.get(id_) or ModeratedSubject(category_id=id_) for id_ in chosen]
    db.session.flush()


def block_user(user: User, *, blocked: bool) -> None:
    """Keep a person out, or let them in again; either way all sessions end."""
    user.blocked_at = utcnow() if blocked else None
    end_letter_tokens(user, "recover", "change_email")
    end_sessions(user)


def end_sessions(user: User, *, keep: int | None = None) -> None:
    """Sign the person out of every browser and program, but for the browser session `keep`.

    Personal tokens end as well: whoever knew the password may have made one.
    """
    db.session.execute(delete(PersonalToken).where(PersonalToken.user_id == user.id))
    ended = delete(UserSession).where(UserSession.user_id == user.id)
    db.session.execute(ended if keep is None else ended.where(UserSession.id != keep))
    user.session_stamp = secrets.token_hex(16)
    db.session.flush()


# Links in letters ------------------------------------------------------------------------------


def make_letter_token(
    purpose: str,
    email: str,
    *,
    user: User | None = None,
    payload: dict[str, Any] | None = None,
    lifetime: timedelta,
) -> str:
    """The secret of a link that goes to this address and works once. Dead ones are dropped."""
    now, secret = utcnow(), secrets.token_urlsafe(32)
    db.session.execute(delete(LetterToken).where(LetterToken.expires_at < now - KEEP_DEAD_TOKENS))
    token = LetterToken(
        purpose=purpose,
        token_hash=hash_secret(secret),
        email=normalise_email(email),
        user_id=user.id if user else None,
        payload=payload or {},
        expires_at=now + lifetime,
    )
    db.session.add(token)
    db.session.flush()
    return secret


def find_letter_token(purpose: str, secret: str) -> LetterToken:
    """The token behind a link, still unused. Raises LinkExpired."""
    wanted = select(LetterToken).where(
        LetterToken.token_hash == hash_secret(secret),
        LetterToken.purpose == purpose,
        LetterToken.used_at.is_(None),
        LetterToken.expires_at > utcnow(),
    )
    token = db.session.scalar(wanted)
    if token is None:
        raise LinkExpired
    return token


def use_letter_token(purpose: str, secret: str) -> LetterToken:
    """Use the token up; of two at the same moment one succeeds. Raises LinkExpired."""
    token = find_letter_token(purpose, secret)
    unused = update(LetterToken).where(LetterToken.id == token.id, LetterToken.used_at.is_(None))
    if db.session.scalar(unused.values(used_at=utcnow()).returning(LetterToken.id)) is None:
        raise LinkExpired
    return token


def end_letter_tokens(user: User, *purposes: str) -> None:
    """Make links that were sent to the person dead."""
    own = delete(LetterToken).where(LetterToken.user_id == user.id, LetterToken.used_at.is_(None))
    db.session.execute(own.where(LetterToken.purpose.in_(purposes)))
