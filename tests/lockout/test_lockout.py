"""Guessing is slowed down; the person whose account it is gets in all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import SignInFailure
from edu.extensions import db, utcnow
from edu.lockout import service
from tests.conftest import PASSWORD, MakeApp, make_people, sign_in

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Alice, Maria and Charlie, with no other limits in the way."""
    made = make_app(LOGIN_LIMIT="1000 per minute", LOGIN_LIMIT_ADDRESS="1000 per minute")
    made.config["WTF_CSRF_ENABLED"] = False
    make_people(made)
    return made


def attempt(
    app: Flask,
    name: str = "alice",
    password: str = "wrong",  # noqa: S107  # it is none
    *,
    address: str = HERE,
    client: FlaskClient | None = None,
) -> int:
    form = {"email": f"{name}@example.org", "password": password}
    browser = client or app.test_client()
    environ = {"REMOTE_ADDR": address}
    return browser.post("/login", data=form, environ_overrides=environ).status_code


def guess(app: Flask, times: int, name: str = "alice", address: str = HERE) -> list[int]:
    return [attempt(app, name, f"guess {n}", address=address) for n in range(times)]


def guess_from_everywhere(app: Flask, name: str = "alice") -> None:
    for n in range(5):
        assert guess(app, 10, name, f"203.0.113.{n}") == [422] * 10


def make_older(app: Flask, by: timedelta) -> None:
    with app.app_context():
        for failure in db.session.query(SignInFailure):
            failure.created_at -= by
        db.session.commit()


# One account from one address -----------------------------------------------------------------


def test_ten_wrong_ones_from_an_address_make_it_wait(app: Flask) -> None:
    assert guess(app, 11) == [422] * 10 + [429]
    assert attempt(app, password=PASSWORD) == 429
    # Another spelling is the same account; other addresses and other accounts do not wait.
    assert attempt(app, " ALICE", PASSWORD) == 429
    assert attempt(app, password=PASSWORD, address=THERE) == 303
    assert attempt(app, "charlie", PASSWORD) == 303


def test_the_page_tells_how_long(app: Flask) -> None:
    guess(app, 10)
    make_older(app, timedelta(minutes=5))
    form = {"email": "alice@example.org", "password": PASSWORD}
    answer = app.test_client().post("/login", data=form, environ_overrides={"REMOTE_ADDR": HERE})
    assert answer.status_code == 429
    assert "Too many wrong attempts. Try again in 10 minutes." in answer.text
    assert 590 < int(answer.headers["Retry-After"]) <= 600
    assert 'name="password"' in answer.text
    assert 'href="/recover"' in answer.text
    assert PASSWORD not in answer.text


def test_the_api_counts_and_tells_the_same(app: Flask) -> None:
    guess(app, 9)
    body = {"email": "alice@example.org", "password": "wrong"}
    environ = {"REMOTE_ADDR": HERE}

    def ask() -> tuple[int, str]:
        answer = app.test_client().post("/api/auth/login", json=body, environ_overrides=environ)
        assert answer.json
        return answer.status_code, answer.json["code"]

    assert ask() == (401, "wrong_credentials")
    assert ask() == (429, "too_many_attempts")
    answer = app.test_client().post("/api/auth/login", json=body, environ_overrides=environ)
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_waiting_ends_after_a_quarter_of_an_hour_however_often_one_knocks(app: Flask) -> None:
    guess(app, 10)
    for _knock in range(14):
        make_older(app, timedelta(minutes=1))
        assert attempt(app, password=PASSWORD) == 429
    make_older(app, timedelta(minutes=1))
    assert attempt(app, password=PASSWORD) == 303


def test_old_failures_are_forgotten(app: Flask) -> None:
    guess(app, 9)
    make_older(app, timedelta(minutes=16))
    assert guess(app, 1, "charlie") == [422]
    with app.app_context():
        assert db.session.query(SignInFailure).count() == 1


def test_unknown_addresses_wait_just_the_same(app: Flask) -> None:
    assert guess(app, 11, "nobody") == [422] * 10 + [429]
    guess_from_everywhere(app, "stranger")
    assert attempt(app, "stranger", address=THERE) == 429


def test_the_table_names_nobody(app: Flask) -> None:
    guess(app, 1)
    with app.app_context():
        failure = db.session.query(SignInFailure).one()
        assert "alice" not in failure.account
        assert failure.account == service.name_account(" Alice@Example.ORG")
    other = "another secret key, of more than thirty-two characters"
    with app.app_context():
        app.extensions["edu.settings"] = type("S", (), {"secret_key": other})
        assert failure.account != service.name_account("alice@example.org")


# One account from everywhere ------------------------------------------------------------------


def test_fifty_wrong_ones_from_everywhere_make_strangers_wait_and_known_devices_not(
    app: Flask,
) -> None:
    home = sign_in(app.test_client(), "alice")
    home.post("/logout")
    guess_from_everywhere(app)
    assert attempt(app, password=PASSWORD, address=THERE) == 429
    assert attempt(app, password=PASSWORD, address=THERE, client=home) == 303
    assert attempt(app, "charlie", PASSWORD, address=THERE) == 303


def test_a_known_device_gets_in_from_an_address_that_has_to_wait(app: Flask) -> None:
    # A neighbour behind the same address cannot keep her out.
    home = sign_in(app.test_client(), "alice")
    home.post("/logout")
    assert guess(app, 11)[-1] == 429
    assert attempt(app, password=PASSWORD, client=home) == 303


def test_a_known_device_has_its_own_ten_attempts(app: Flask) -> None:
    thief = sign_in(app.test_client(), "alice")
    thief.post("/logout")
    codes = [attempt(app, address=f"203.0.113.{n}", client=thief) for n in range(11)]
    assert codes == [422] * 10 + [429]
    assert attempt(app, password=PASSWORD) == 303


def test_a_device_is_known_to_its_accounts_only(app: Flask) -> None:
    # Charlie's own device is a stranger's to Alice's account.
    charlies = sign_in(app.test_client(), "charlie")
    charlies.post("/logout")
    guess_from_everywhere(app)
    assert attempt(app, password=PASSWORD, client=charlies) == 429


def test_a_device_may_be_several_peoples(app: Flask) -> None:
    shared = app.test_client()
    for name in ("alice", "charlie"):
        sign_in(shared, name).post("/logout")
    for name in ("alice", "charlie"):
        guess_from_everywhere(app, name)
        assert attempt(app, name, PASSWORD, client=shared) == 303


@pytest.mark.parametrize("value", ["", "nonsense", "eyJhIjoxfQ.aaaaaa.bbbbbb"])
def test_a_made_up_device_is_a_stranger(app: Flask, value: str) -> None:
    client = app.test_client()
    client.set_cookie("edu_device", value)
    guess_from_everywhere(app)
    assert attempt(app, password=PASSWORD, client=client) == 429


def test_only_a_good_sign_in_makes_a_device_known(app: Flask) -> None:
    client = app.test_client()
    attempt(app, client=client)
    assert client.get_cookie("edu_device") is None
    sign_in(client, "alice")
    cookie = client.get_cookie("edu_device")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.max_age == 365 * 24 * 3600
    assert "alice" not in cookie.value


def test_waiting_never_passes_a_quarter_of_an_hour(app: Flask) -> None:
    with app.app_context():
        for n in range(200):
            db.session.add(
                SignInFailure(
                    account=service.name_account("alice@example.org"),
                    address=HERE,
                    created_at=utcnow() - timedelta(seconds=n),
                )
            )
        db.session.commit()
        with pytest.raises(service.MustWait) as caught:
            service.refuse_waiting("alice@example.org", HERE)
        assert 0 < caught.value.details["retry_after"] <= 900
