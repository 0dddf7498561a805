"""Other sites that say who somebody is: Google, GitHub, any OpenID Connect provider.

Authlib keeps state, nonce and PKCE's verifier in the browser's session, and checks them. What is
trusted beyond that is decided here: the issuer that was configured, this site as the audience, and
signatures that only the provider can make.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, session
from flask_babel import gettext as _
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from edu.config import Settings
from edu.errors import EduError, NotFound, Unavailable
from edu.extensions import oauth, settings
from edu.identities.service import Profile, make_profile, site_names

log = logging.getLogger(__name__)

GOOGLE = "https://accounts.google.com"
TIMEOUT_S = (5, 10)  # to connect, and between two parts of an answer
METADATA_S = 3600
BASIC, POSTED = "client_secret_basic", "client_secret_post"
LEEWAY_S = 60
# A provider may list "none", or a secret shared with others: neither shows who has signed.
SIGNATURES = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} | {"ES256", "ES384", "ES512"}


class NotConvinced(EduError):
    """The other site's answer does not show who somebody is."""

    status = 403
    code = "identity_not_shown"


def make_oauth(app: Flask, settings: Settings) -> OAuth:
    """A client for each site that the settings name; nothing is asked of them yet."""
    registry = OAuth(app)
    if settings.google_client_id:
        _add_openid(
            registry, "google", GOOGLE, settings.google_client_id, settings.google_client_secret
        )
    if settings.oidc_client_id:
        _add_openid(
            registry,
            "oidc",
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
        )
    if settings.github_client_id:
        registry.register(
            "github",
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret,
            authorize_url=f"{settings.github_url}/login/oauth/authorize",
            access_token_url=f"{settings.github_url}/login/oauth/access_token",
            client_kwargs={
                **_client_options("read:user user:email"),
                "token_endpoint_auth_method": POSTED,
            },
        )
    return registry


def _add_openid(registry: OAuth, name: str, issuer: str, client_id: str, secret: str) -> None:
    registry.register(
        name,
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs=_client_options("openid email profile"),
    )


def _client_options(scope: str) -> dict[str, Any]:
    return {"scope": scope, "code_challenge_method": "S256", "default_timeout": TIMEOUT_S}


def send_to_provider(name: str, callback: str) -> Response:
    """The answer that leads a browser to the site. Raises NotFound, Unavailable or NotConvinced."""
    client = _client(name)
    # One journey at a time: a heap of unfinished ones would not fit into a cookie.
    for key in [key for key in session if key.startswith("_state_")]:
        del session[key]
    with _speaking_to(name):
        if name != "github":
            _load_metadata(client, name)
        return cast("Response", client.authorize_redirect(callback))


def read_profile(name: str) -> Profile:
    """Who has come back from the site. Raises NotFound, Unavailable or NotConvinced."""
    client = _client(name)
    with _speaking_to(name):
        return _read_github(client) if name == "github" else _read_openid(client, name)


def _client(name: str) -> Any:
    client = oauth().create_client(name)
    if client is None:
        raise NotFound
    return client


@contextmanager
def _speaking_to(name: str) -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        log.warning("sign-in through %s: no answer: %.300r", name, error)
        text = _("%(site)s does not answer just now. Try again later.", site=site_names()[name])
        raise Unavailable(text) from error
    # Authlib trusts the shape of answers: one of another shape ends in any of the latter.
    except (
        *(AuthlibBaseError, JoseError),
        *(AttributeError, LookupError, RuntimeError, TypeError, ValueError),
    ) as error:
        log.warning("sign-in through %s: refused: %.300r", name, error)
        text = _(
            "%(site)s has not confirmed who you are. Please begin again.", site=site_names()[name]
        )
        raise NotConvinced(text) from error


def _load_metadata(client: Any, name: str) -> dict[str, Any]:
    """What an OpenID provider says of itself, an hour old at most, and only what is trusted."""
    known = client.server_metadata
    if time.time() - known.get("_loaded_at", 0) > METADATA_S:
        known.clear()
    metadata = cast("dict[str, Any]", client.load_server_metadata())
    expected = GOOGLE if name == "google" else settings().oidc_issuer
    if str(metadata["issuer"]).rstrip("/") != expected.rstrip("/"):
        raise ValueError(f"the issuer is {metadata['issuer']!r}")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = sorted(SIGNATURES.intersection(offered))
    if BASIC not in metadata.get("token_endpoint_auth_methods_supported", [BASIC]):
        client.client_kwargs["token_endpoint_auth_method"] = POSTED
    return metadata


def _read_openid(client: Any, name: str) -> Profile:
    metadata = _load_metadata(client, name)
    rules = {
        "iss": {"essential": True, "value": metadata["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    token = client.authorize_access_token(claims_options=rules, leeway=LEEWAY_S)
    if "id_token" not in token:
        raise ValueError("no ID token")
    claims = dict(token["userinfo"])  # the ID token's, checked
    if "email" not in claims and "userinfo_endpoint" in metadata:
        claims = _add_userinfo(client, token, claims)
    return make_profile(
        name,
        subject=claims["sub"],
        label=claims.get("email") or claims.get("preferred_username"),
        name=claims.get("name") or claims.get("preferred_username"),
        email=claims.get("email"),
        verified=claims.get("email_verified") is True or claims.get("email_verified") == "true",
    )


def _add_userinfo(client: Any, token: Any, claims: dict[str, Any]) -> dict[str, Any]:
    more = client.userinfo(token=token)
    if more["sub"] != claims["sub"]:
        raise ValueError("userinfo is about somebody else")
    return {**more, **claims}


def _read_github(client: Any) -> Profile:
    token = client.authorize_access_token()
    person = _ask_github(client, token, "/user")
    emails = _ask_github(client, token, "/user/emails")
    # Anybody may add an address to an account there: only a proven one says who somebody is.
    primary: dict[str, Any] = next((each for each in emails if each["primary"] is True), {})
    return make_profile(
        "github",
        subject=person["id"],
        label=person["login"],
        name=person.get("name") or person["login"],
        email=primary.get("email"),
        verified=primary.get("verified") is True,
    )


def _ask_github(client: Any, token: Any, path: str) -> Any:
    response = client.get(f"{settings().github_api_url}{path}", token=token)
    response.raise_for_status()
    return response.json()
