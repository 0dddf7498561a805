"""Answers that only look like the other site's."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conftest import make_people, sign_in
from tests.identities.conftest import (
    begin,
    come_back,
    complaint,
    count_identities,
    identities_of,
    link_token,
    travel,
    visit,
    who,
)
from tests.providers import (
    CLIENT_SECRET,
    GithubLike,
    OpenIdProvider,
    sign_with_nothing,
    sign_with_secret,
)

BOTH = pytest.mark.parametrize("provider", ["oidc", "github"])


def change(address: str, **query: str) -> str:
    """The address with other values in its query."""
    old = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    return f"{address.partition('?')[0]}?{urlencode({**old, **query})}"


def assert_refused(client: FlaskClient, answer: Any) -> None:
    assert "has not confirmed who you are" in complaint(client, answer)
    assert who(client) is None
    assert count_identities(client.application) == 0


def test_the_request_carries_state_nonce_and_challenge(client: FlaskClient) -> None:
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == ["http://localhost/oauth/oidc/callback"]


@BOTH
def test_a_wrong_state_is_refused(client: FlaskClient, provider: str) -> None:
    back = visit(begin(client, provider))
    assert_refused(client, come_back(client, change(back, state="x" * 30)))


@BOTH
def test_a_callback_in_another_browser_is_refused(
    app: Flask, client: FlaskClient, provider: str
) -> None:
    back = visit(begin(client, provider))
    other = app.test_client()
    assert "was not begun here" in complaint(other, come_back(other, back))
    assert who(other) is None


@BOTH
def test_a_callback_works_once(app: Flask, client: FlaskClient, provider: str) -> None:
    back = visit(begin(client, provider))
    come_back(client, back)
    client.post("/logout")
    assert "was not begun here" in complaint(client, come_back(client, back))


@BOTH
def test_an_expired_code_is_refused(
    client: FlaskClient, openid: OpenIdProvider, github: GithubLike, provider: str
) -> None:
    openid.forgets_codes = github.forgets_codes = True
    assert_refused(client, travel(client, provider))


@BOTH
def test_the_code_of_another_browser_is_refused(
    app: Flask, client: FlaskClient, provider: str
) -> None:
    """Its challenge has another verifier."""
    stolen = parse_qs(urlsplit(visit(begin(app.test_client(), provider))).query)["code"][0]
    back = visit(begin(client, provider))
    assert_refused(client, come_back(client, change(back, code=stolen)))


def test_an_answer_for_one_site_is_none_for_the_other(client: FlaskClient) -> None:
    back = visit(begin(client, "github"))
    answer = come_back(client, back.replace("/oauth/github/", "/oauth/oidc/"))
    assert "was not begun here" in complaint(client, answer)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": "another client", "azp": "konspekt"},
        {"iss": "https://accounts.example.org"},
        {"exp": 1_000_000_000},
        {"iat": 10_000_000_000},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": ["person-1"]},
    ],
    ids=str,
)
def test_an_id_token_that_is_meant_otherwise_is_refused(
    client: FlaskClient, openid: OpenIdProvider, changes: dict[str, Any]
) -> None:
    openid.id_token_changes = changes
    assert_refused(client, travel(client))


def sign_with_foreign_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, RSAKey.generate_key(2048))


def sign_with_client_secret(claims: dict[str, Any]) -> str:
    return sign_with_secret(claims, CLIENT_SECRET.encode())


@pytest.mark.parametrize(
    "sign", [sign_with_foreign_key, sign_with_client_secret, sign_with_nothing]
)
def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    client: FlaskClient, openid: OpenIdProvider, sign: Any
) -> None:
    openid.sign = sign
    assert_refused(client, travel(client))


def test_a_public_key_is_no_shared_secret(client: FlaskClient, openid: OpenIdProvider) -> None:
    pem = openid.key.as_pem(private=False)
    openid.sign = lambda claims: sign_with_secret(claims, pem)
    assert_refused(client, travel(client))


def test_a_provider_that_says_it_is_another_is_refused(
    client: FlaskClient, openid: OpenIdProvider
) -> None:
    openid.metadata_changes = {"issuer": "https://accounts.example.org"}
    assert "has not confirmed who you are" in complaint(client, client.get("/oauth/oidc"))


def test_new_keys_of_the_provider_are_fetched(
    app: Flask, client: FlaskClient, openid: OpenIdProvider
) -> None:
    travel(client)
    openid.key = RSAKey.generate_key(2048, {"kid": "second"})
    again = app.test_client()
    travel(again)
    assert who(again) == "dana@example.org"


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"])
def test_only_true_means_verified(
    app: Flask, client: FlaskClient, openid: OpenIdProvider, verified: Any
) -> None:
    make_people(app)
    openid.claims |= {"email": "alice@example.org", "email_verified": verified}
    assert travel(client).headers["Location"] == "/login/identity"
    assert who(client) is None
    assert count_identities(app) == 0


def test_only_the_primary_address_of_github_counts(
    app: Flask, client: FlaskClient, github: GithubLike
) -> None:
    make_people(app)
    github.emails = [
        {"email": "alice@example.org", "primary": False, "verified": True},
        {"email": "dana@example.org", "primary": True, "verified": False},
    ]
    assert travel(client, "github").headers["Location"] == "/login/identity"
    assert identities_of(app, "alice@example.org") == []


def test_another_site_cannot_link_its_identity(app: Flask, client: FlaskClient) -> None:
    """The browser may be signed in there as somebody else, by that somebody's doing."""
    make_people(app)
    sign_in(client, "alice")
    for query in ({}, {"link": "guessed"}):
        answer = client.get("/oauth/oidc", query_string=query)
        assert answer.headers["Location"] == "/me/identities"


def test_a_link_begun_by_alice_links_nothing_to_charlie(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    sign_in(client, "alice")
    back = visit(begin(client, link=link_token(client)))
    with client.session_transaction() as session:
        kept = {key: session[key] for key in session if "state" in key or "journey" in key}
    client.post("/logout")
    sign_in(client, "charlie")
    with client.session_transaction() as session:
        session.update(kept)
    assert come_back(client, back).status_code == 303
    assert count_identities(app) == 0
