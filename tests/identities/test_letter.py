"""Where the other site vouches for no address, a letter does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from edu.accounts.models import LetterToken
from edu.accounts.service import block_user, find_user
from edu.admin.models import SiteSetting
from edu.extensions import db, utcnow
from edu.mail.models import Letter
from tests.conftest import make_people
from tests.identities.conftest import (
    complaint,
    count_identities,
    identities_of,
    letter_link,
    travel,
    who,
)
from tests.providers import GithubLike, OpenIdProvider
from tests.smtp import SmtpServer

ALICE = "alice@example.org"


@pytest.fixture(autouse=True)
def _unverified(openid: OpenIdProvider, github: GithubLike) -> None:
    openid.claims["email_verified"] = False
    github.emails = []


def ask(client: FlaskClient, mail: SmtpServer, email: str = ALICE) -> str:
    """Go through the other site and name an address; the path of the link in the letter."""
    travel(client, "github", next="/upload")
    answer = client.post("/login/identity", data={"email": email})
    assert answer.headers["Location"] == "/login/identity/sent"
    assert "Look into your mail" in client.get("/login/identity/sent").text
    return letter_link(mail, email)


def test_the_page_suggests_what_the_site_has_said(client: FlaskClient) -> None:
    travel(client)
    page = client.get("/login/identity").text
    assert 'value="dana@example.org"' in page
    assert "Campus has not confirmed" in page


def test_the_link_opens_the_account_of_the_address(
    app: Flask, client: FlaskClient, mail: SmtpServer
) -> None:
    make_people(app)
    link = ask(client, mail)
    assert "you sign in here with GitHub" in client.get(link).text
    assert who(client) is None, "looking at the page signs nobody in"
    assert client.post(link).headers["Location"] == "/upload"
    assert who(client) == ALICE
    assert identities_of(app, ALICE) == [("github", "42")]


def test_the_link_makes_an_account_where_there_is_none(
    app: Flask, client: FlaskClient, mail: SmtpServer
) -> None:
    client.post(ask(client, mail, "new@example.org"))
    assert who(client) == "new@example.org"


def test_the_link_works_once(app: Flask, client: FlaskClient, mail: SmtpServer) -> None:
    make_people(app)
    link = ask(client, mail)
    with client.session_transaction() as session:
        kept = dict(session)
    client.post(link)
    client.post("/logout")
    with client.session_transaction() as session:
        session.update(kept)
    assert client.post(link).status_code == 410
    assert "used already" in client.get(link).text


def test_the_link_expires(app: Flask, client: FlaskClient, mail: SmtpServer) -> None:
    make_people(app)
    link = ask(client, mail)
    with app.app_context():
        db.session.scalars(select(LetterToken)).one().expires_at = utcnow()
        db.session.commit()
    answer = client.post(link)
    assert answer.status_code == 410
    assert "too old" in answer.text
    assert who(client) is None


def test_in_another_browser_the_link_does_nothing(
    app: Flask, client: FlaskClient, mail: SmtpServer
) -> None:
    """Else Charlie would send it to Alice, and get into her account with his identity."""
    make_people(app)
    link = ask(client, mail)
    alice = app.test_client()
    assert "Begin again here" in alice.get(link).text
    assert "Begin again" in complaint(alice, alice.post(link))
    assert count_identities(app) == 0
    client.post(link)
    assert who(client) == ALICE, "the link was not used up"


def test_no_answer_tells_who_has_an_account(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    travel(client)
    pages = [
        client.post("/login/identity", data={"email": email}, follow_redirects=True)
        for email in (ALICE, "nobody@example.org")
    ]
    assert pages[0].status_code == pages[1].status_code == 200
    # The CSRF token holds the second in which it was made.
    texts = [re.sub(r'(csrf[-_]token" (?:content|value)=")[^"]+', r"\1", p.text) for p in pages]
    assert texts[0] == texts[1]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 2


@pytest.mark.parametrize("email", ["", "no address", "a@b@c", "x" * 260 + "@example.org"])
def test_what_is_no_address_is_refused(app: Flask, client: FlaskClient, email: str) -> None:
    travel(client)
    assert client.post("/login/identity", data={"email": email}).status_code == 422
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_journey_there_is_nothing_to_ask(client: FlaskClient, method: str) -> None:
    answer = getattr(client, method)("/login/identity", data={"email": ALICE})
    assert "was not begun here" in complaint(client, answer)


def test_a_blocked_account_is_not_opened(app: Flask, client: FlaskClient, mail: SmtpServer) -> None:
    make_people(app)
    link = ask(client, mail)
    with app.app_context():
        alice = find_user(ALICE)
        assert alice is not None
        block_user(alice, blocked=True)
        db.session.commit()
    assert "cannot be used" in complaint(client, client.post(link))
    assert count_identities(app) == 0


def test_a_closed_registration_is_told_to_the_owner_of_the_address(
    app: Flask, client: FlaskClient, mail: SmtpServer
) -> None:
    with app.app_context():
        db.session.add(SiteSetting(name="registration_open", value="0"))
        db.session.commit()
    assert "takes no new accounts" in complaint(client, client.post(ask(client, mail)))


def test_an_identity_linked_meanwhile_stays_where_it_is(
    app: Flask, client: FlaskClient, mail: SmtpServer
) -> None:
    make_people(app)
    other: Any = app.test_client()
    link, others = ask(client, mail), ask(other, mail, "charlie@example.org")
    client.post(link)
    assert "linked to another account" in complaint(other, other.post(others))
    assert identities_of(app, "charlie@example.org") == []


def test_letters_to_one_address_are_limited(client: FlaskClient) -> None:
    travel(client)
    answers = [client.post("/login/identity", data={"email": ALICE}) for _time in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
