"""Signing in through other sites, over real HTTP."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import Role
from edu.accounts.service import block_user, find_user
from edu.admin.models import SiteSetting
from edu.extensions import db
from tests.conftest import make_user
from tests.identities.conftest import (
    begin,
    come_back,
    complaint,
    count_identities,
    identities_of,
    travel,
    visit,
    who,
)
from tests.providers import GithubLike, OpenIdProvider

DANA = "dana@example.org"


def test_the_sign_in_pages_offer_what_is_set_up(client: FlaskClient) -> None:
    with client.application.test_request_context("/login?next=/upload"):
        buttons = client.application.jinja_env.get_template("identities/_buttons.html")
        context: dict[str, object] = {}
        client.application.update_template_context(context)
        page = buttons.render(context)
    assert 'href="/oauth/oidc?next=/upload"' in page
    assert "Continue with Campus" in page
    assert "Continue with GitHub" in page
    assert "Google" not in page


def test_an_unknown_site_is_not_found(client: FlaskClient) -> None:
    assert client.get("/oauth/google").status_code == 404
    assert client.get("/oauth/google/callback").status_code == 404


@pytest.mark.parametrize("provider", ["oidc", "github"])
def test_a_new_person_gets_an_account_without_a_password(
    client: FlaskClient, provider: str
) -> None:
    answer = travel(client, provider, next="/upload")
    assert answer.headers["Location"] == "/upload"
    assert who(client) == DANA
    with client.application.app_context():
        user = find_user(DANA)
        assert user is not None
        assert (user.name, user.has_password, user.is_confirmed) == ("Dana", False, True)


@pytest.mark.parametrize("provider", ["oidc", "github"])
def test_the_same_person_comes_back_under_another_address(
    app: Flask, client: FlaskClient, openid: OpenIdProvider, github: GithubLike, provider: str
) -> None:
    travel(client, provider)
    openid.claims["email"] = github.emails[1]["email"] = "dana@elsewhere.example.org"
    again = app.test_client()
    travel(again, provider)
    assert who(again) == DANA
    assert count_identities(app) == 1


def test_the_way_leads_to_no_other_site(client: FlaskClient) -> None:
    assert travel(client, next="https://evil.example.org/").headers["Location"] == "/"


def test_a_verified_address_joins_the_account_that_has_it(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        make_user("dana")
    travel(client)
    assert who(client) == DANA
    assert identities_of(app, DANA) == [("oidc", "person-1")]


def test_an_account_of_an_unconfirmed_address_is_not_joined(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        make_user("dana").confirmed_at = None
        db.session.commit()
    assert "cannot be used" in complaint(client, travel(client))
    assert count_identities(app) == 0


def test_a_blocked_person_stays_out(app: Flask, client: FlaskClient) -> None:
    travel(client)
    with app.app_context():
        user = find_user(DANA)
        assert user is not None
        block_user(user, blocked=True)
        db.session.commit()
    again = app.test_client()
    assert "cannot be used" in complaint(again, travel(again))
    assert who(again) is None


def test_a_blocked_person_joins_nothing_with_a_new_identity(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        block_user(make_user("dana"), blocked=True)
        db.session.commit()
    assert "cannot be used" in complaint(client, travel(client))
    assert count_identities(app) == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("registration_open", "0", "takes no new accounts"),
        ("email_domains", "uni.example.org", "ends with @uni.example.org"),
    ],
)
def test_a_closed_registration_is_closed_here_too(
    app: Flask, client: FlaskClient, name: str, value: str, sentence: str
) -> None:
    with app.app_context():
        db.session.add(SiteSetting(name=name, value=value))
        db.session.commit()
    assert sentence in complaint(client, travel(client))
    with app.app_context():
        assert find_user(DANA) is None
        make_user("dana")
    travel(client)
    assert who(client) == DANA, "whoever has an account already is no newcomer"


def test_signing_in_to_a_demoted_or_promoted_account_changes_no_role(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        make_user("dana", Role.MODERATOR)
    travel(client)
    with app.app_context():
        user = find_user(DANA)
        assert user is not None
        assert user.role == Role.MODERATOR


def test_a_name_is_cut_and_cleaned(client: FlaskClient, openid: OpenIdProvider) -> None:
    openid.claims["name"] = "Da\u202ena\x00 " + "x" * 100
    travel(client)
    with client.application.app_context():
        user = find_user(DANA)
        assert user is not None
        assert user.name == "Da na " + "x" * 74


def test_claims_may_come_from_userinfo(client: FlaskClient, openid: OpenIdProvider) -> None:
    del openid.claims["email"], openid.claims["email_verified"]
    openid.userinfo = {"email": DANA, "email_verified": True}
    travel(client)
    assert who(client) == DANA


def test_userinfo_about_somebody_else_is_refused(
    client: FlaskClient, openid: OpenIdProvider
) -> None:
    del openid.claims["email"]
    openid.userinfo = {"sub": "person-2", "email": DANA, "email_verified": True}
    assert "has not confirmed who you are" in complaint(client, travel(client))


def test_a_provider_may_want_the_secret_in_the_body(
    client: FlaskClient, openid: OpenIdProvider
) -> None:
    openid.takes_posted_secrets = True
    travel(client)
    assert who(client) == DANA


def test_a_person_who_says_no_is_back_at_the_sign_in_page(
    client: FlaskClient, openid: OpenIdProvider
) -> None:
    openid.denies = True
    assert "Campus has not confirmed" in complaint(client, travel(client))
    assert who(client) is None


def test_a_provider_that_is_broken_at_the_start(
    client: FlaskClient, openid: OpenIdProvider
) -> None:
    openid.is_broken = True
    assert "Campus does not answer" in complaint(client, client.get("/oauth/oidc"))


@pytest.mark.parametrize("provider", ["oidc", "github"])
def test_a_provider_that_breaks_in_between(
    client: FlaskClient, openid: OpenIdProvider, github: GithubLike, provider: str
) -> None:
    back = visit(begin(client, provider))
    openid.is_broken = github.is_broken = True
    assert "does not answer" in complaint(client, come_back(client, back))
    assert who(client) is None


def test_a_provider_that_is_gone(client: FlaskClient, openid: OpenIdProvider) -> None:
    client.application.extensions["edu.oauth"].create_client(
        "oidc"
    )._server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
    assert "Campus does not answer" in complaint(client, client.get("/oauth/oidc"))


def test_another_site_cannot_start_a_sign_in(client: FlaskClient, openid: OpenIdProvider) -> None:
    answer = client.get("/oauth/oidc", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Location"] == "/login"
    assert not openid.asked


def test_unfinished_journeys_do_not_fill_the_cookie(client: FlaskClient) -> None:
    for _number in range(5):
        begin(client)
        begin(client, "github")
    with client.session_transaction() as session:
        assert len([key for key in session if key.startswith("_state_")]) == 1
