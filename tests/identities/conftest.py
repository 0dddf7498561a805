"""The stand-ins for other sites, and browsers that go there and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.accounts.service import find_user
from edu.extensions import db
from edu.identities.models import Identity
from edu.identities.service import list_identities
from tests.conftest import MakeApp
from tests.providers import CLIENT_ID, CLIENT_SECRET, GithubLike, OpenIdProvider, run_provider
from tests.smtp import SmtpServer

SITE = "http://localhost"


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    """An OpenID provider that knows Dana."""
    with run_provider(OpenIdProvider()) as provider:
        yield provider


@pytest.fixture
def github() -> Iterator[GithubLike]:
    """A GitHub that knows Dana."""
    with run_provider(GithubLike()) as provider:
        yield provider


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    """Where the site's letters arrive."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
def app(make_app: MakeApp, openid: OpenIdProvider, github: GithubLike, mail: SmtpServer) -> Flask:
    """A site where one may sign in through both."""
    made = make_app(**site_settings_for(openid, github), **mail.env)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def site_settings_for(openid: OpenIdProvider, github: GithubLike) -> dict[str, str]:
    """The environment that names both."""
    return {
        "OIDC_ISSUER": openid.url,
        "OIDC_NAME": "Campus",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "GITHUB_URL": github.url,
        "GITHUB_API_URL": f"{github.url}/api",
        "GITHUB_CLIENT_ID": CLIENT_ID,
        "GITHUB_CLIENT_SECRET": CLIENT_SECRET,
    }


def visit(address: str) -> str:
    """The other site's page, which sends the browser back; where to."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def begin(client: FlaskClient, provider: str = "oidc", **query: str) -> str:
    """Press the button; the address at the other site."""
    answer = client.get(f"/oauth/{provider}", query_string=query)
    assert answer.status_code == 302, answer.status
    return answer.headers["Location"]


def come_back(client: FlaskClient, address: str) -> TestResponse:
    """Open the address to which the other site has sent the browser."""
    assert address.startswith(f"{SITE}/"), address
    return client.get(address.removeprefix(SITE))


def travel(client: FlaskClient, provider: str = "oidc", **query: str) -> TestResponse:
    """The whole way: button, other site, back."""
    return come_back(client, visit(begin(client, provider, **query)))


def link_token(client: FlaskClient) -> str:
    """What the button on the page of identities carries."""
    found = re.search(r"/oauth/\w+\?link=([^\"&]+)", client.get("/me/identities").text)
    assert found
    return found[1]


def who(client: FlaskClient) -> str | None:
    """The e-mail of who is signed in."""
    with client.session_transaction() as session:
        signed_in = session.get("_user_id")
    if signed_in is None:
        return None
    with client.application.app_context():
        user = db.session.get(User, int(signed_in.partition(":")[0]))
        return user.email if user else None


def identities_of(app: Flask, email: str) -> list[tuple[str, str]]:
    """Provider and subject of what a person has linked."""
    with app.app_context():
        user = find_user(email)
        return [(i.provider, i.subject) for i in list_identities(user)] if user else []


def count_identities(app: Flask) -> int:
    """All that is linked to anybody."""
    with app.app_context():
        return len(db.session.scalars(select(Identity)).all())


def complaint(client: FlaskClient, answer: TestResponse) -> str:
    """The page to which a refusal leads, with its sentence."""
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert urlsplit(location).path in {"/login", "/me/identities"}
    return client.get(location).text


def letter_link(mail: SmtpServer, address: str) -> str:
    """The path of the link in the last letter to an address."""
    return mail.sent_to(address)[-1].link.removeprefix(SITE)
