"""Who asks: the person whom the Authorization header names, and what their token may be used for.

Cookies of the website say nothing here, so no other site can make a browser act through the API.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.accounts.models import User
from edu.api.tokens import InvalidToken, read_token, sign_token
from edu.errors import EduError, SignInRequired
from edu.extensions import client_address, db
from edu.tokens import service as tokens
from edu.tokens.models import Scope as Scope
from edu.tokens.service import PERSONAL_PREFIX, Grant

_ENVIRON_KEY = "edu.api_caller"


class MissingScope(EduError):
    """The personal token was made for other things."""

    status = 403
    code = "missing_scope"
    message = _l("This token may not be used for that; sign in, or make a token that may.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with the token that they send; a sign-in's own may be used for everything."""

    user: User
    session_id: int | None = None
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()

    def may_use(self, scope: Scope | None) -> bool:
        """Whether the token reaches this far; None is what personal tokens are never for."""
        return self.session_id is not None or scope in self.scopes

    @property
    def limit_key(self) -> str:
        """Whose requests are counted together: a person's programs', or a personal token's."""
        return f"token:{self.token_id}" if self.token_id else f"user:{self.user.id}"


def current_caller() -> Caller | None:
    """Who sends this request's bearer token, None without one. Raises InvalidToken."""
    # Kept with the request, not in `g`, which an app context around several requests would share.
    if _ENVIRON_KEY not in request.environ:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        named = scheme.lower() == "bearer"
        request.environ[_ENVIRON_KEY] = _recognise(token.strip()) if named else None
    caller: Caller | None = request.environ[_ENVIRON_KEY]
    return caller


def _recognise(token: str) -> Caller:
    if token.startswith(PERSONAL_PREFIX):
        return _recognise_personal(token)
    claims = read_token(token)
    user = tokens.find_session_person(claims)
    if user is None:
        raise InvalidToken
    return Caller(user, session_id=claims.session_id)


def _recognise_personal(secret: str) -> Caller:
    token = tokens.find_personal_token(secret)
    if token is None:
        raise InvalidToken(_("There is no such personal token, or it has expired."))
    caller = Caller(token.user, token_id=token.id, scopes=frozenset(token.scopes))
    if tokens.note_token_use(token):
        db.session.commit()
    return caller


def caller_or_stranger() -> Caller | None:
    """Like current_caller(), for what runs before the view: a bad token is the view's to refuse."""
    try:
        return current_caller()
    except InvalidToken:
        return None


def api_person() -> User | None:
    """The person of this request's token, which has to be one for reading; None without one.

    Raises InvalidToken or MissingScope.
    """
    return require_person(Scope.READ) if current_caller() else None


def api_person_or_stranger() -> User | None:
    """The person of this request's token; nobody when it is a bad one."""
    caller = caller_or_stranger()
    return caller.user if caller else None


def require_caller(scope: Scope | None = None) -> Caller:
    """Who asks, with a token that may be used for `scope`; this is where scopes are enforced.

    Without a scope only a sign-in's token will do, never a personal one. Raises SignInRequired,
    InvalidToken or MissingScope.
    """
    caller = current_caller()
    if caller is None:
        raise SignInRequired
    if not caller.may_use(scope):
        raise MissingScope
    return caller


def require_person(scope: Scope | None = None) -> User:
    """The signed-in person; `scope` as in require_caller()."""
    return require_caller(scope).user


def require_session() -> int:
    """The id of the sign-in that the token belongs to; a personal token belongs to none."""
    session_id = require_caller().session_id
    assert session_id is not None  # noqa: S101  # a caller without one may use nothing unscoped
    return session_id


def access_token(grant: Grant) -> str:
    """The access token that belongs to a grant."""
    return sign_token(grant.user, grant.session_id)


def issue_token(user: User) -> str:
    """An access token of a new session, committed; for programs of the installation itself."""
    token = access_token(tokens.open_api_session(user))
    db.session.commit()
    return token


def limit_key() -> str:
    """Whose requests are counted together; without a (good) token an address's."""
    caller = caller_or_stranger()
    return caller.limit_key if caller else f"address:{client_address()}"


def person_key() -> str:
    """Like limit_key(), for limits that many tokens must not widen."""
    person = api_person_or_stranger()
    return f"user:{person.id}" if person else limit_key()
