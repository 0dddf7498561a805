"""Access tokens: signed and read without a request, so whoever holds the settings can do both.

A token is a JWT that names the person and the session it was given to. What it says is looked up
in the database each time, so it ends with its session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from edu.accounts.models import User
from edu.errors import EduError
from edu.extensions import MAX_ID, settings

ALGORITHM = "HS256"
TYPE = "at+jwt"
LEEWAY_S = 5  # by which the clocks of two hosts may differ


class InvalidToken(EduError):
    """The token is forged, expired, or its person is blocked or has signed out."""

    status = 401
    code = "invalid_token"
    message = _l("The access token is not valid any more. Sign in again.")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says; whether it still holds is for the database to tell."""

    user_id: int
    session_id: int
    stamp: str


def _signing_keys() -> dict[str, OctKey]:
    """Keys by id; the first signs, all are believed."""
    pairs = settings().jwt_keys
    if pairs:
        return {kid: OctKey.import_key(secret) for kid, secret in pairs}
    # A key of its own: what the site signs with SECRET_KEY for other ends is never a token.
    secret = hmac.digest(settings().secret_key.encode(), b"edu.api access token", hashlib.sha256)
    return {hashlib.sha256(secret).hexdigest()[:12]: OctKey.import_key(secret)}


def _audience() -> str:
    return f"{settings().site_url}/api"


def sign_token(user: User, session_id: int) -> str:
    """An access token of this session, good for settings().access_token_s seconds."""
    kid, key = next(iter(_signing_keys().items()))
    now = int(time.time())
    claims = {
        "iss": settings().site_url,
        "aud": _audience(),
        "sub": str(user.id),
        "iat": now,
        "exp": now + settings().access_token_s,
        "jti": secrets.token_hex(16),
        "sid": session_id,
        "stamp": user.session_stamp,
    }
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def read_token(token: str) -> Claims:
    """What the token says, once signature, times, issuer and audience are right.

    Raises InvalidToken.
    """
    try:
        if token.count(".") != 2:  # five parts would be an encrypted one
            raise InvalidToken
        claims = jwt.decode(token, _find_key, algorithms=[ALGORITHM]).claims
        _rules().validate(claims)
        return _understand(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidToken from error


def _find_key(token: Any) -> OctKey:
    header = token.headers()
    kid = header.get("kid")
    key = _signing_keys().get(kid) if isinstance(kid, str) else None
    if key is None or header.get("typ") != TYPE:
        raise InvalidToken
    return key


def _rules() -> jwt.JWTClaimsRegistry:
    needed: Any = {"essential": True}
    return jwt.JWTClaimsRegistry(
        leeway=LEEWAY_S,
        iss={"essential": True, "value": settings().site_url},
        aud={"essential": True, "value": _audience()},
        sub=needed,
        iat=needed,
        exp=needed,
        jti=needed,
        sid=needed,
        stamp=needed,
    )


def _understand(claims: dict[str, Any]) -> Claims:
    subject, session_id, stamp = claims["sub"], claims["sid"], claims["stamp"]
    if not isinstance(subject, str) or not (subject.isascii() and subject.isdecimal()):
        raise InvalidToken
    if type(session_id) is not int or not isinstance(stamp, str) or len(subject) > 10:
        raise InvalidToken
    if not 0 < session_id <= MAX_ID or not 0 < int(subject) <= MAX_ID:
        raise InvalidToken
    return Claims(int(subject), session_id, stamp)
