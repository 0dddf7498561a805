"""Who asks: access tokens, and the person whom the Authorization header names.

Cookies of the website say nothing here, so no other site can make a browser act through the API.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from edu.accounts.models import User
from edu.accounts.service import load_session_user
from edu.errors import EduError, Forbidden, SignInRequired
from edu.extensions import client_address, settings

ALGORITHM = "HS256"
_ENVIRON_KEY = "edu.api_person"


class InvalidToken(EduError):
    """The token is forged, expired, or its person is blocked or has signed out everywhere."""

    status = 401
    code = "invalid_token"
    message = _l("The access token is not valid any more. Sign in again.")


def _key() -> OctKey:
    # A key of its own: what the site signs with SECRET_KEY for other ends is never a token.
    secret = settings().secret_key.encode()
    return OctKey.import_key(hmac.digest(secret, b"edu.api access token", hashlib.sha256))


def _audience() -> str:
    return f"{settings().site_url}/api"


def issue_token(user: User) -> str:
    """A signed access token for `user`, good for settings().access_token_s seconds."""
    now = int(time.time())
    claims = {
        "iss": settings().site_url,
        "aud": _audience(),
        "sub": str(user.id),
        "iat": now,
        "exp": now + settings().access_token_s,
        "jti": secrets.token_hex(16),
        "stamp": user.session_stamp,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, _key())


def read_token(token: str) -> User:
    """The person of an access token. Raises InvalidToken."""
    try:
        claims = jwt.decode(token, _key(), algorithms=[ALGORITHM]).claims
        _rules().validate(claims)
    except (JoseError, ValueError) as error:
        raise InvalidToken from error
    # The stamp is compared as for a session, so what ends sessions ends tokens too.
    session_id = f"{claims['sub']}:{claims['stamp']}"
    user = load_session_user(session_id) if session_id.isascii() else None
    if user is None:
        raise InvalidToken
    return user


def _rules() -> jwt.JWTClaimsRegistry:
    needed: Any = {"essential": True}
    return jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings().site_url},
        aud={"essential": True, "value": _audience()},
        sub=needed,
        iat=needed,
        exp=needed,
        jti=needed,
        stamp=needed,
    )


def api_person() -> User | None:
    """The person of this request's bearer token, None without one. Raises InvalidToken.

    Another kind of token is told apart here, by its form, and answered with its User.
    """
    # Kept with the request, not in `g`, which an app context around several requests would share.
    if _ENVIRON_KEY not in request.environ:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        named = scheme.lower() == "bearer"
        request.environ[_ENVIRON_KEY] = read_token(token.strip()) if named else None
    person: User | None = request.environ[_ENVIRON_KEY]
    return person


def api_person_or_stranger() -> User | None:
    """Like api_person(), for what runs before the view: a bad token is the view's to refuse."""
    try:
        return api_person()
    except InvalidToken:
        return None


def require_person() -> User:
    """The signed-in person. Raises SignInRequired or InvalidToken."""
    person = api_person()
    if person is None:
        raise SignInRequired
    return person


def require_moderator() -> User:
    """The signed-in moderator. Raises SignInRequired, InvalidToken or Forbidden."""
    person = require_person()
    if not person.is_moderator:
        raise Forbidden
    return person


def limit_key() -> str:
    """Whose requests are counted together: a person's, or without a token an address's."""
    person = api_person_or_stranger()
    return f"user:{person.id}" if person else f"address:{client_address()}"
