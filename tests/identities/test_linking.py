"""Linking and unlinking, by people who are signed in."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.accounts.service import create_user, find_user
from edu.errors import Conflict
from edu.extensions import db
from edu.identities.models import Identity
from edu.identities.service import (
    MAX_IDENTITIES,
    LastWay,
    Profile,
    link_identity,
    list_identities,
    make_profile,
    unlink_identity,
)
from edu.mail.models import Letter
from tests.conftest import make_people, make_user, sign_in
from tests.identities.conftest import complaint, identities_of, link_token, travel, who

DANA = "dana@example.org"


def profile(subject: str = "s", provider: str = "oidc") -> Profile:
    return make_profile(
        provider, subject=subject, label=subject, name="Dana", email=DANA, verified=True
    )


def identity_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(Identity.id)).one()


def test_alice_links_and_unlinks(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    sign_in(client, "alice")
    answer = travel(client, "github", link=link_token(client))
    assert answer.headers["Location"] == "/me/identities"
    page = client.get("/me/identities").text
    assert "dana-dev" in page
    assert "Now you can also sign in with GitHub" in page
    answer = client.post(f"/me/identities/{identity_id(app)}/unlink")
    assert answer.status_code == 303
    assert identities_of(app, "alice@example.org") == []


def test_a_linked_identity_signs_in_whatever_its_address(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    sign_in(client, "alice")
    travel(client, "github", link=link_token(client))
    other = app.test_client()
    travel(other, "github")
    assert who(other) == "alice@example.org"


def test_linking_twice_is_linking_once(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    sign_in(client, "alice")
    for _time in range(2):
        travel(client, link=link_token(client))
    assert identities_of(app, "alice@example.org") == [("oidc", "person-1")]
    with app.app_context():
        written = select(Letter.address).where(Letter.kind == "identity_added")
        assert list(db.session.scalars(written)) == ["alice@example.org"], "told of it, once"


def test_an_identity_belongs_to_one_account(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    travel(client)
    charlie = sign_in(app.test_client(), "charlie")
    page = complaint(charlie, travel(charlie, link=link_token(charlie)))
    assert "linked to another account already" in page
    assert identities_of(app, "charlie@example.org") == []


def test_the_only_way_to_sign_in_stays(app: Flask, client: FlaskClient) -> None:
    travel(client)
    assert "Set a password first" in client.get("/me/identities").text
    answer = client.post(f"/me/identities/{identity_id(app)}/unlink")
    assert "only way to sign in" in complaint(client, answer)
    assert identities_of(app, DANA) == [("oidc", "person-1")]


def test_of_two_ways_one_may_go_and_then_none(any_app: Flask) -> None:
    any_app.extensions["edu.settings"] = _with_github(any_app)
    with any_app.app_context():
        user = create_user(DANA, None, "Dana")
        for subject in ("a", "b"):
            link_identity(user, profile(subject, "github"))
        first, second = list_identities(user)
        unlink_identity(user, first.id)
        with pytest.raises(LastWay):
            unlink_identity(user, second.id)
        db.session.commit()


def test_a_way_that_is_switched_off_is_no_way(any_app: Flask) -> None:
    any_app.extensions["edu.settings"] = _with_github(any_app)
    with any_app.app_context():
        user = create_user(DANA, None, "Dana")
        link_identity(user, profile("a", "github"))
        link_identity(user, profile("b", "google"))
        with pytest.raises(LastWay):
            unlink_identity(user, list_identities(user)[0].id)
        db.session.commit()


def test_an_identity_is_linked_to_one_of_two(any_app: Flask) -> None:
    with any_app.app_context():
        alice, charlie = make_user("alice"), make_user("charlie")
        link_identity(alice, profile())
        with pytest.raises(Conflict):
            link_identity(charlie, profile())
        db.session.commit()


def test_the_number_of_identities_is_bounded(app: Flask) -> None:
    with app.app_context():
        alice = make_user("alice")
        for number in range(MAX_IDENTITIES):
            link_identity(alice, profile(str(number)))
        with pytest.raises(Conflict):
            link_identity(alice, profile("one more"))


def test_nobody_unlinks_what_is_anothers(app: Flask, client: FlaskClient) -> None:
    make_people(app)
    travel(client)
    charlie = sign_in(app.test_client(), "charlie")
    for number in (identity_id(app), 2**31, 2**80):
        assert charlie.post(f"/me/identities/{number}/unlink").status_code == 404
    assert identities_of(app, DANA) == [("oidc", "person-1")]


def test_strangers_are_led_to_the_sign_in_page(app: Flask, client: FlaskClient) -> None:
    assert client.get("/me/identities").headers["Location"].startswith("/login?next=")
    assert client.post("/me/identities/1/unlink").headers["Location"].startswith("/login")


def test_an_account_that_is_gone_takes_its_identities_with_it(any_app: Flask) -> None:
    with any_app.app_context():
        link_identity(make_user("alice"), profile())
        db.session.commit()
        user = find_user("alice@example.org")
        db.session.delete(user)
        db.session.commit()
        assert db.session.scalars(select(Identity)).all() == []


def _with_github(app: Flask) -> object:
    from dataclasses import replace

    return replace(app.extensions["edu.settings"], github_client_id="x", github_client_secret="y")
