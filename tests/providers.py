"""Stand-ins for the sites through which people sign in, on loopback.

Both refuse what the real ones refuse: foreign callbacks, codes used twice or too late, a wrong
verifier of PKCE, a wrong secret. Attributes let a test make a site lie or break.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "konspekt", "a secret that only the two know"
Fields = dict[str, str]
P = TypeVar("P", bound="Provider")


class Refused(Exception):
    """Status and body of an answer that says no."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error}


class Provider:
    """What both kinds have: codes that are given once, for a callback and a challenge."""

    def __init__(self) -> None:
        self.url = ""
        self.codes: dict[str, Fields] = {}
        self.tokens: set[str] = set()
        self.denies = False  # the person says no
        self.is_broken = False  # every answer is 500
        self.forgets_codes = False  # they have expired when they come
        self.asked: list[str] = []

    def answer(self, method: str, path: str, fields: Fields, headers: Any) -> tuple[int, Any]:
        """Status and body of an answer; of a redirect the body is the address."""
        self.asked.append(path)
        if self.is_broken:
            return 500, {"error": "out of order"}
        view = self.views().get((method, path))
        if view is None:
            return 404, {"error": "not_found"}
        try:
            return view(fields, headers)
        except Refused as refusal:
            return refusal.status, refusal.body

    def views(self) -> dict[tuple[str, str], Callable[[Fields, Any], tuple[int, Any]]]:
        """What answers to a method and a path."""
        raise NotImplementedError

    def authorize(self, fields: Fields, _headers: Any) -> tuple[int, Any]:
        """Send the browser back at once: the person is signed in and agrees."""
        if fields.get("client_id") != CLIENT_ID or fields.get("response_type") != "code":
            raise Refused(400, "invalid_request")
        if fields.get("code_challenge_method") != "S256" or not fields.get("state"):
            raise Refused(400, "invalid_request")
        code = secrets.token_urlsafe(16)
        self.codes[code] = fields
        answer = {"error": "access_denied"} if self.denies else {"code": code}
        query = urlencode({**answer, "state": fields["state"]})
        return 302, f"{fields['redirect_uri']}?{query}"

    def take_code(self, fields: Fields, failure: int) -> Fields:
        """What was asked for with a code, once, by whom it was given to."""
        asked = self.codes.pop(fields.get("code", ""), None)
        verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = _encode(verifier)
        fits = asked is not None and (asked["redirect_uri"], asked["code_challenge"]) == (
            fields.get("redirect_uri"),
            challenge,
        )
        if asked is None or not fits or self.forgets_codes:
            raise Refused(failure, "bad_verification_code" if failure == 200 else "invalid_grant")
        return asked

    def give_token(self) -> str:
        """A fresh access token."""
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return token

    def check_token(self, headers: Any) -> None:
        """Raises Refused without a good access token."""
        scheme, _space, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise Refused(401, "invalid_token")


@functools.cache
def first_key() -> RSAKey:
    """The key that providers begin with; making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": "first"})


class OpenIdProvider(Provider):
    """An OpenID Connect provider; `claims` is what it says of the person."""

    def __init__(self) -> None:
        super().__init__()
        self.key = first_key()
        self.claims: dict[str, Any] = {
            "sub": "person-1",
            "email": "dana@example.org",
            "email_verified": True,
            "name": "Dana",
        }
        self.id_token_changes: dict[str, Any] = {}
        self.metadata_changes: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.sign_well
        self.takes_posted_secrets = False

    def views(self) -> dict[tuple[str, str], Callable[[Fields, Any], tuple[int, Any]]]:
        """Discovery, authorisation, tokens, keys, userinfo."""
        return {
            ("GET", "/.well-known/openid-configuration"): self.discovery,
            ("GET", "/authorize"): self.authorize,
            ("POST", "/token"): self.token,
            ("GET", "/keys"): lambda _fields, _headers: (200, {"keys": [self.public_key()]}),
            ("GET", "/userinfo"): self.tell_more,
        }

    def discovery(self, _fields: Fields, _headers: Any) -> tuple[int, Any]:
        """What the provider says of itself."""
        places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        metadata: dict[str, Any] = {
            "issuer": self.url,
            **{f"{name}_endpoint": f"{self.url}/{path}" for name, path in places.items()},
            "jwks_uri": f"{self.url}/keys",
            # As liberal as they come: what is not to be trusted is for the reader to know.
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }
        if self.takes_posted_secrets:
            metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        return 200, metadata | self.metadata_changes

    def public_key(self) -> dict[str, Any]:
        """The key in JWKS."""
        return dict(self.key.as_dict(private=False))

    def token(self, fields: Fields, headers: Any) -> tuple[int, Any]:
        """The tokens for a code."""
        secret = fields.get("client_secret")
        if not self.takes_posted_secrets:
            both = base64.b64decode(headers.get("Authorization", "").removeprefix("Basic "))
            secret = both.decode().removeprefix(f"{CLIENT_ID}:")
        if secret != CLIENT_SECRET:
            raise Refused(401, "invalid_client")
        asked = self.take_code(fields, 400)
        answer = {"access_token": self.give_token(), "token_type": "Bearer", "expires_in": 300}
        return 200, answer | {"id_token": self.id_token(asked)}

    def id_token(self, asked: Fields) -> str:
        """Who it is, signed."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        return self.sign(
            {**claims, "nonce": asked["nonce"], **self.claims, **self.id_token_changes}
        )

    def sign_well(self, claims: dict[str, Any]) -> str:
        """A token that deserves trust."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def tell_more(self, _fields: Fields, headers: Any) -> tuple[int, Any]:
        """Claims that are not in the ID token."""
        self.check_token(headers)
        return 200, {"sub": self.claims["sub"], **self.userinfo}


class GithubLike(Provider):
    """OAuth 2.0 as GitHub does it: refusals come with status 200, JSON on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.user: dict[str, Any] = {"id": 42, "login": "dana-dev", "name": "Dana"}
        self.emails: list[dict[str, Any]] = [
            {"email": "old@example.org", "primary": False, "verified": True},
            {"email": "dana@example.org", "primary": True, "verified": True},
        ]

    def views(self) -> dict[tuple[str, str], Callable[[Fields, Any], tuple[int, Any]]]:
        """The pages of sign-in, and the API."""
        return {
            ("GET", "/login/oauth/authorize"): self.authorize,
            ("POST", "/login/oauth/access_token"): self.token,
            ("GET", "/api/user"): lambda _fields, headers: self.tell(headers, self.user),
            ("GET", "/api/user/emails"): lambda _fields, headers: self.tell(headers, self.emails),
        }

    def token(self, fields: Fields, headers: Any) -> tuple[int, Any]:
        """The token for a code."""
        if headers.get("Accept") != "application/json":
            raise Refused(406, "not_acceptable")
        if fields.get("client_secret") != CLIENT_SECRET:
            raise Refused(200, "incorrect_client_credentials")
        self.take_code(fields, 200)
        return 200, {"access_token": self.give_token(), "token_type": "bearer", "scope": ""}

    def tell(self, headers: Any, what: Any) -> tuple[int, Any]:
        """Something of the API."""
        self.check_token(headers)
        return 200, what


def sign_with_nothing(claims: dict[str, Any]) -> str:
    """An ID token of the algorithm `none`."""
    return f"{_unsigned('none', claims)}."


def sign_with_secret(claims: dict[str, Any], secret: bytes) -> str:
    """An ID token of HS256, by hand: libraries refuse what an attacker takes for a secret."""
    text = _unsigned("HS256", claims)
    return f"{text}.{_encode(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def _unsigned(algorithm: str, claims: dict[str, Any]) -> str:
    return ".".join(_encode(json.dumps(part).encode()) for part in ({"alg": algorithm}, claims))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self.reply(urlsplit(self.path).query)

        def do_POST(self) -> None:  # the name that http.server calls
            self.reply(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def reply(self, query: str) -> None:
            fields = {name: values[-1] for name, values in parse_qs(query).items()}
            path = urlsplit(self.path).path
            status, body = provider.answer(self.command, path, fields, self.headers)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"" if status == 302 else json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def run_provider(provider: P) -> Iterator[P]:
    """The provider on a port of its own; its address is in `url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
