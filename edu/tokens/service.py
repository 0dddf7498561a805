"""Programs: signed in with refresh tokens, each of which works once, or with personal tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select, update

from edu.accounts.models import User
from edu.api.tokens import Claims
from edu.errors import Conflict, EduError, InvalidInput, NotFound
from edu.extensions import change_rows, db, find_row, settings, utcnow
from edu.sessions.models import SessionKind, UserSession
from edu.sessions.service import hash_secret
from edu.tokens.models import PersonalToken, RefreshToken, Scope

PERSONAL_PREFIX = "konspekt_"
REFRESH_PREFIX = "refresh_"
MAX_API_SESSIONS = 50
MAX_PERSONAL_TOKENS = 20
MAX_TOKEN_NAME = 80
TOKEN_DAYS = (30, 90, 365)
# A chat may be silent for longer than a program: over a summer, while it is told what is new.
CHAT_DAYS = 180
KEEP_EXPIRED_TOKENS_DAYS = 30  # a person sees for a while that a token has expired
NOTE_USE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a program gets when it signs in, and each time it refreshes."""

    user: User
    session_id: int
    refresh_token: str


class TokenRefused(EduError):
    """The refresh token is unknown, expired, or its session has ended."""

    status = 401
    code = "invalid_token"
    message = _l("The refresh token is not valid any more. Sign in again.")


class TokenReused(TokenRefused):
    """A refresh token came a second time: somebody has a copy, and nobody knows who is who."""

    code = "token_reused"
    message = _l("This refresh token was used before. For safety its sign-in has ended.")


# Sign-ins ---------------------------------------------------------------------------------------


def open_api_session(
    user: User,
    *,
    kind: SessionKind = SessionKind.API,
    user_agent: str = "",
    address: str = "",
) -> Grant:
    """Sign a program in. Of too many sign-ins of a kind those longest unused end."""
    session = UserSession(
        user_id=user.id,
        kind=kind.value,
        user_agent=user_agent[:200],
        address=address[:64],
        expires_at=_refresh_end(kind),
    )
    db.session.add(session)
    db.session.flush()
    _end_surplus_sessions(user, kind)
    return Grant(user, session.id, _add_refresh_token(session.id, kind))


def _refresh_end(kind: SessionKind) -> datetime:
    days = settings().refresh_token_days
    return utcnow() + timedelta(days=max(days, CHAT_DAYS) if kind == SessionKind.TELEGRAM else days)


def _add_refresh_token(session_id: int, kind: SessionKind) -> str:
    secret = REFRESH_PREFIX + secrets.token_urlsafe(32)
    token = RefreshToken(
        session_id=session_id, token_hash=hash_secret(secret), expires_at=_refresh_end(kind)
    )
    db.session.add(token)
    db.session.flush()
    return secret


def _end_surplus_sessions(user: User, kind: SessionKind) -> None:
    newest = (
        select(UserSession.id)
        .where(UserSession.user_id == user.id, UserSession.kind == kind.value)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        .offset(MAX_API_SESSIONS)
    )
    surplus = db.session.scalars(newest).all()
    db.session.execute(delete(UserSession).where(UserSession.id.in_(surplus)))


def refresh_api_session(
    secret: str, *, kind: SessionKind = SessionKind.API, address: str = ""
) -> Grant:
    """The next refresh token in exchange for this one, which works once.

    Raises TokenRefused; or TokenReused, after which the caller commits the end of the session.
    """
    session_id, now = _use_refresh_token(hash_secret(secret), kind), utcnow()
    seen: dict[str, Any] = {"last_seen_at": now, "expires_at": _refresh_end(kind)}
    # Not through the object: another request may just have ended the session.
    user_id = db.session.scalar(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.expires_at > now)
        .values(**seen | ({"address": address[:64]} if address else {}))
        .returning(UserSession.user_id)
    )
    user = db.session.get(User, user_id) if user_id is not None else None
    if user is None or not user.is_active:
        raise TokenRefused
    return Grant(user, session_id, _add_refresh_token(session_id, kind))


def _use_refresh_token(token_hash: str, kind: SessionKind) -> int:
    """Mark it used; of two that come at the same moment one does. The session's id."""
    now, same = utcnow(), RefreshToken.token_hash == token_hash
    # The session's row before the token's, as its end locks them: the other way round two that
    # come at the same moment would wait for each other.
    of = select(RefreshToken.session_id).where(same).scalar_subquery()
    session = select(UserSession.id).where(UserSession.id == of, UserSession.kind == kind.value)
    if db.session.scalar(session.with_for_update()) is None:
        raise TokenRefused
    first_use: int | None = db.session.scalar(
        update(RefreshToken)
        .where(same, RefreshToken.used_at.is_(None), RefreshToken.expires_at > now)
        .values(used_at=now)
        .returning(RefreshToken.session_id)
    )
    if first_use is not None:
        return first_use
    used = select(RefreshToken.session_id).where(same, RefreshToken.used_at.is_not(None))
    session_id = db.session.scalar(used)
    if session_id is None:
        raise TokenRefused
    end_api_session(session_id)
    raise TokenReused


def end_api_session(session_id: int) -> None:
    """Sign a program out; its refresh tokens go with the session's row."""
    db.session.execute(delete(UserSession).where(UserSession.id == session_id))


def find_session_person(claims: Claims) -> User | None:
    """The person of an access token, while the session lasts and nothing has ended it."""
    session = db.session.get(UserSession, claims.session_id)
    if session is None or session.kind == SessionKind.BROWSER.value:
        return None
    user, same_person = session.user, session.user_id == claims.user_id
    same_stamp = secrets.compare_digest(user.session_stamp.encode(), claims.stamp.encode())
    lasts = session.expires_at > utcnow() and user.is_active
    return user if same_person and same_stamp and lasts else None


def find_refreshable(secret: str, kind: SessionKind) -> int | None:
    """The id of the sign-in of this kind that the refresh token belongs to, used ones included."""
    query = select(RefreshToken.session_id).where(RefreshToken.token_hash == hash_secret(secret))
    of_kind = query.join(UserSession).where(UserSession.kind == kind.value)
    return db.session.scalar(of_kind)


def find_claimed(claims: Claims, kind: SessionKind) -> int | None:
    """The id of the sign-in of this kind that an access token belongs to, while it lasts."""
    if find_session_person(claims) is None:
        return None
    session = db.session.get_one(UserSession, claims.session_id)
    return session.id if session.kind == kind else None


# Personal tokens --------------------------------------------------------------------------------


def list_personal_tokens(user: User) -> list[PersonalToken]:
    """The person's own, the newest first, expired ones included."""
    own = select(PersonalToken).where(PersonalToken.user_id == user.id)
    return list(db.session.scalars(own.order_by(PersonalToken.id.desc())))


def make_personal_token(
    user: User, name: str, scopes: Iterable[Scope], days: int | None = None
) -> tuple[PersonalToken, str]:
    """A token for a script and its secret, which is not kept and cannot be shown again.

    Raises InvalidInput, or Conflict when the person has too many.
    """
    chosen = [scope.value for scope in Scope if scope in set(scopes)]
    title = " ".join(name.split())
    if not 0 < len(title) <= MAX_TOKEN_NAME:
        raise InvalidInput(_("Give the token a name."), field="name")
    if not chosen:
        raise InvalidInput(_("Choose at least one thing that the token may do."), field="scopes")
    if days is not None and days not in TOKEN_DAYS:
        raise InvalidInput(_("Choose one of the offered periods."), field="days")
    if len(list_personal_tokens(user)) >= MAX_PERSONAL_TOKENS:
        text = _("You have %(n)d tokens. Delete one first.", n=MAX_PERSONAL_TOKENS)
        raise Conflict(text, code="too_many_tokens")
    secret = PERSONAL_PREFIX + secrets.token_urlsafe(32)
    token = PersonalToken(
        user_id=user.id,
        name=title,
        token_hash=hash_secret(secret),
        hint=secret[-4:],
        scopes=chosen,
        expires_at=utcnow() + timedelta(days=days) if days else None,
    )
    db.session.add(token)
    db.session.flush()
    return token, secret


def delete_personal_token(user: User, token_id: int) -> None:
    """End one of the person's own tokens. Raises NotFound."""
    token = find_row(PersonalToken, token_id)
    if token is None or token.user_id != user.id:
        raise NotFound(_("There is no such token."))
    db.session.delete(token)
    db.session.flush()


def find_personal_token(secret: str) -> PersonalToken | None:
    """The token with this secret, unless it is expired or its person kept out."""
    wanted = select(PersonalToken).where(PersonalToken.token_hash == hash_secret(secret))
    token = db.session.scalar(wanted)
    if token is None or (token.expires_at and token.expires_at <= utcnow()):
        return None
    return token if token.user.is_active else None


def note_token_use(token: PersonalToken) -> bool:
    """Remember that the token is in use; True when there is something to commit."""
    now = utcnow()
    if token.last_used_at and now - token.last_used_at < NOTE_USE_EVERY:
        return False
    # Not through the object: another request may just have deleted the token.
    own = update(PersonalToken).where(PersonalToken.id == token.id)
    db.session.execute(own.values(last_used_at=now))
    return True


def remove_expired(now: datetime) -> int:
    """Drop refresh tokens and personal tokens past their time; how many rows went."""
    old = now - timedelta(days=KEEP_EXPIRED_TOKENS_DAYS)
    refresh = delete(RefreshToken).where(RefreshToken.expires_at < now)
    return change_rows(refresh) + change_rows(
        delete(PersonalToken).where(PersonalToken.expires_at < old)
    )
