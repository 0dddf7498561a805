"""The question after the password, and the page that switches the second factor on and off."""

from __future__ import annotations

import html
import re

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import Role
from edu.accounts.service import change_password, create_user, find_user
from edu.extensions import db
from edu.second_factor import service, views
from edu.second_factor.models import Authenticator
from edu.site import signing
from tests.conftest import PASSWORD, sign_in
from tests.second_factor.conftest import Clock, set_up

MARIA = "maria@example.org"
pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def codes(app: Flask, people: dict[str, int], clock: Clock) -> list[str]:
    """Maria has a second factor; her spare codes."""
    with app.app_context():
        maria = find_user(MARIA)
        assert maria is not None
        codes = set_up(maria, clock)
    clock.now += 30
    return codes


def code_of(app: Flask, clock: Clock, email: str = MARIA) -> str:
    with app.app_context():
        user = find_user(email)
        assert user is not None
        authenticator = db.session.get_one(Authenticator, user.id)
        return pyotp.TOTP(service._open(authenticator) or "").at(clock.now)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/second-factor").status_code == 200


def enter_password(client: FlaskClient, query: str = "") -> FlaskClient:
    answer = client.post(f"/login{query}", data={"email": MARIA, "password": PASSWORD})
    assert answer.headers["Location"] == "/login/code"
    return client


def is_on(app: Flask) -> bool:
    with app.app_context():
        user = find_user(MARIA)
        return user is not None and service.has_second_factor(user)


# Signing in


def test_the_password_alone_opens_nothing(client: FlaskClient, codes: list[str]) -> None:
    enter_password(client)
    assert not is_signed_in(client)
    assert "one-time-code" in client.get("/login/code").text


def test_the_code_opens_the_account_where_one_wanted_to_go(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    enter_password(client, "?next=/upload")
    answer = client.post("/login/code", data={"code": code_of(app, clock)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/upload")
    assert is_signed_in(client)


def test_a_spare_code_opens_the_account_once(
    app: Flask, client: FlaskClient, codes: list[str]
) -> None:
    enter_password(client)
    assert client.post("/login/code", data={"code": codes[0]}).status_code == 303
    other = enter_password(app.test_client())
    answer = other.post("/login/code", data={"code": codes[0]})
    assert answer.status_code == 422
    assert "not right" in answer.text
    assert not is_signed_in(other)


def test_a_code_cannot_be_used_again(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    code = code_of(app, clock)
    enter_password(client)
    client.post("/login/code", data={"code": code})
    other = enter_password(app.test_client())
    assert other.post("/login/code", data={"code": code}).status_code == 422


@pytest.mark.parametrize("code", ["", "000000", "x" * 100])
def test_a_wrong_code_is_told(client: FlaskClient, codes: list[str], code: str) -> None:
    enter_password(client)
    assert client.post("/login/code", data={"code": code}).status_code == 422
    assert not is_signed_in(client)


def test_guessing_is_slowed_for_the_account_not_the_browser(
    app: Flask, codes: list[str], clock: Clock
) -> None:
    statuses = []
    for _guess in range(6):
        guesser = enter_password(app.test_client())
        statuses.append(guesser.post("/login/code", data={"code": "000000"}).status_code)
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_wrong_codes_count_as_failures_of_the_account(
    app: Flask, client: FlaskClient, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(views, "count_failure", counted.append)
    enter_password(client)
    client.post("/login/code", data={"code": "000000"})
    assert counted == [MARIA]


def test_after_five_minutes_one_begins_anew(
    app: Flask,
    client: FlaskClient,
    codes: list[str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signing, "PENDING_S", -1)
    enter_password(client)
    assert client.get("/login/code").headers["Location"] == "/login"
    answer = client.post("/login/code", data={"code": code_of(app, clock)})
    assert answer.headers["Location"] == "/login"
    assert not is_signed_in(client)


def test_a_new_password_ends_the_question(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    enter_password(client)
    with app.app_context():
        maria = find_user(MARIA)
        assert maria is not None
        change_password(maria, "another long phrase")
        db.session.commit()
    answer = client.post("/login/code", data={"code": code_of(app, clock)})
    assert answer.headers["Location"] == "/login"


def test_without_a_password_there_is_no_question(client: FlaskClient) -> None:
    assert client.get("/login/code").headers["Location"] == "/login"
    assert client.post("/login/code", data={"code": "123456"}).headers["Location"] == "/login"


# Setting up


def read_secret(page: str) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def test_maria_sets_it_up(app: Flask, client: FlaskClient, clock: Clock) -> None:
    sign_in(client, "maria")
    assert "data:image" not in client.get("/me/second-factor").text
    answer = client.post("/me/second-factor/begin", data={"password": PASSWORD})
    assert answer.status_code == 303
    page = client.get("/me/second-factor").text
    assert 'src="data:image/svg+xml;base64,' in page
    code = pyotp.TOTP(read_secret(page)).at(clock.now)
    shown = client.post("/me/second-factor/confirm", data={"code": code})
    assert shown.status_code == 200
    assert len(re.findall(r"<code>[2-9a-z]{5}-[2-9a-z]{5}</code>", shown.text)) == 10
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert is_on(app)
    assert "10 spare codes are left" in client.get("/me/second-factor").text


def test_the_secret_is_shown_after_the_password_only(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "maria")
    answer = client.post("/me/second-factor/begin", data={"password": "wrong"})
    assert answer.status_code == 422
    assert "data:image" not in client.get("/me/second-factor").text


def test_the_secret_is_shown_in_that_browser_and_not_for_long(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, "maria")
    client.post("/me/second-factor/begin", data={"password": PASSWORD})
    other = sign_in(app.test_client(), "maria")
    assert "data:image" not in other.get("/me/second-factor").text
    assert "data:image" in client.get("/me/second-factor").text
    monkeypatch.setattr(views, "SETUP_S", -1)
    client.post("/me/second-factor/begin", data={"password": PASSWORD})
    assert "data:image" not in client.get("/me/second-factor").text


def test_a_wrong_first_code_shows_the_same_secret(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "maria")
    client.post("/me/second-factor/begin", data={"password": PASSWORD})
    secret = read_secret(client.get("/me/second-factor").text)
    answer = client.post("/me/second-factor/confirm", data={"code": "000000"})
    assert answer.status_code == 422
    assert read_secret(answer.text) == secret
    assert not is_on(app)


def test_who_has_no_password_is_not_asked_for_one(app: Flask, client: FlaskClient) -> None:
    sign_in(client, "maria")
    with app.app_context():
        maria = find_user(MARIA)
        assert maria is not None
        maria.password_hash = ""
        db.session.commit()
    assert 'type="password"' not in client.get("/me/second-factor").text
    assert client.post("/me/second-factor/begin").status_code == 303
    assert "data:image" in client.get("/me/second-factor").text


def test_alice_is_told_that_it_is_for_moderators(client: FlaskClient) -> None:
    sign_in(client, "alice")
    assert "Moderators and administrators can" in client.get("/me/second-factor").text
    answer = client.post("/me/second-factor/begin", data={"password": PASSWORD})
    assert answer.status_code == 403


def test_confirming_what_was_not_begun_leads_back(client: FlaskClient) -> None:
    sign_in(client, "maria")
    answer = client.post("/me/second-factor/confirm", data={"code": "000000"})
    assert answer.headers["Location"] == "/me/second-factor"


# Switching off


def enter(app: Flask, client: FlaskClient, clock: Clock) -> FlaskClient:
    enter_password(client)
    client.post("/login/code", data={"code": code_of(app, clock)})
    clock.now += 30
    return client


def test_switching_off_takes_a_code(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    enter(app, client, clock)
    answer = client.post("/me/second-factor", data={"act": "off", "code": "000000"})
    assert answer.status_code == 422
    assert is_on(app)
    answer = client.post("/me/second-factor", data={"act": "off", "code": code_of(app, clock)})
    assert answer.status_code == 303
    assert not is_on(app)
    sign_in(app.test_client(), "maria")


def test_new_spare_codes_take_a_code(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    enter(app, client, clock)
    answer = client.post("/me/second-factor", data={"act": "renew", "code": codes[0]})
    shown = re.findall(r"<code>([2-9a-z]{5}-[2-9a-z]{5})</code>", html.unescape(answer.text))
    assert len(shown) == 10
    assert not set(shown) & set(codes)


def test_a_demoted_person_keeps_it_and_switches_it_off(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    with app.app_context():
        maria = find_user(MARIA)
        assert maria is not None
        maria.role = Role.USER.value
        db.session.commit()
    enter(app, client, clock)
    client.post("/me/second-factor", data={"act": "off", "code": code_of(app, clock)})
    assert not is_on(app)
    assert "Moderators and administrators can" in client.get("/me/second-factor").text


def test_guessing_in_an_open_browser_is_slowed(
    app: Flask, client: FlaskClient, codes: list[str], clock: Clock
) -> None:
    enter(app, client, clock)
    statuses = [
        client.post("/me/second-factor", data={"act": "off", "code": "000000"}).status_code
        for _guess in range(6)
    ]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert is_on(app)


def test_strangers_are_led_to_the_sign_in_page(client: FlaskClient) -> None:
    assert client.get("/me/second-factor").headers["Location"].startswith("/login?next=")
    for path in ("", "/begin", "/confirm"):
        answer = client.post(f"/me/second-factor{path}")
        assert answer.headers["Location"].startswith("/login")


def test_the_command_takes_it_off(app: Flask, codes: list[str]) -> None:
    done = app.test_cli_runner().invoke(args=["users", "second-factor-off", MARIA])
    assert done.exit_code == 0, done.output
    assert not is_on(app)


def test_an_admin_without_a_password_is_asked_for_the_code_too(
    app: Flask, client: FlaskClient, clock: Clock
) -> None:
    with app.app_context():
        user = create_user("olga@example.org", None, "Olga", role=Role.ADMIN)
        db.session.commit()
        set_up(user, clock)
    with app.test_request_context():
        olga = find_user("olga@example.org")
        assert olga is not None
        answer = signing.complete_sign_in(olga, remember=False, target="/")
    assert answer.headers["Location"] == "/login/code"
