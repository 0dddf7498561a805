"""The own profile, language, theme and password."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.accounts.service import create_user
from edu.extensions import db
from edu.mail.models import Letter
from edu.sessions.models import UserSession
from edu.tokens.models import PersonalToken, Scope
from edu.tokens.service import make_personal_token, open_api_session
from tests.conftest import PASSWORD, MakeApp, make_people, sign_in

NEW = "a password that is new"


def person(app: Flask, user_id: int) -> User:
    with app.app_context():
        return db.session.get_one(User, user_id)


def login_code(app: Flask, password: str, name: str = "alice") -> int:
    form = {"email": f"{name}@example.org", "password": password}
    return app.test_client().post("/login", data=form).status_code


def shows(client: FlaskClient, path: str = "/subjects") -> tuple[bool, bool]:
    """Whether a page is Russian, and whether it is dark."""
    page = client.get(path).text
    return '<html lang="ru"' in page, 'data-theme="dark"' in page


# Profile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/me/settings", "/me/security", "/me/devices"])
def test_settings_need_a_person(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Location"] == f"/login?next={path}"


def test_name_language_and_theme_are_kept(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    form = {"name": "  Алиса   С. ", "locale": "ru", "theme": "dark"}
    response = client.post("/me/settings", data=form)
    assert (response.status_code, response.headers["Location"]) == (303, "/me/settings")
    alice = person(app, people["alice"])
    assert (alice.name, alice.locale, alice.theme) == ("Алиса С.", "ru", "dark")
    # On every device where she signs in, whatever was chosen there before.
    other = app.test_client()
    other.set_cookie("lang", "en")
    other.set_cookie("theme", "light")
    assert shows(other) == (False, False)
    assert shows(sign_in(other, "alice")) == (True, True)
    page = other.get("/me/settings").text
    assert '<option selected value="ru">' in page
    assert '<option selected value="dark">' in page


@pytest.mark.parametrize(
    "change", [{"name": " "}, {"name": "x" * 81}, {"locale": "de"}, {"theme": "pink"}]
)
def test_what_cannot_be_is_refused(
    app: Flask, client: FlaskClient, people: dict[str, int], change: dict[str, str]
) -> None:
    sign_in(client, "alice")
    form = {"name": "Alice", "locale": "ru", "theme": "dark"} | change
    response = client.post("/me/settings", data=form)
    assert response.status_code == 422
    assert f'id="{next(iter(change))}-errors"' in response.text
    assert person(app, people["alice"]).locale == ""


def test_the_switches_of_the_header_are_kept_with_the_person(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    assert client.post("/language", data={"lang": "ru", "next": "/subjects"}).status_code == 303
    assert client.post("/theme", data={"theme": "dark"}).status_code == 303
    assert shows(sign_in(app.test_client(), "alice")) == (True, True)
    client.post("/language", data={"lang": "xx"})
    client.post("/theme", data={"theme": "xx"})
    alice = person(app, people["alice"])
    assert (alice.locale, alice.theme) == ("ru", "dark")


def test_a_strangers_switches_are_kept_in_the_browser(client: FlaskClient) -> None:
    assert shows(client) == (False, False)
    response = client.post("/theme", data={"theme": "dark", "next": "/subjects"})
    assert (response.status_code, response.headers["Location"]) == (303, "/subjects")
    client.post("/language", data={"lang": "ru"})
    assert shows(client) == (True, True)
    client.post("/theme", data={"theme": "auto"})
    assert shows(client) == (True, False)


def test_a_browsers_choice_holds_until_the_person_makes_one(
    client: FlaskClient, people: dict[str, int]
) -> None:
    client.post("/theme", data={"theme": "dark"})
    client.post("/language", data={"lang": "ru"})
    assert shows(sign_in(client, "alice")) == (True, True)


# Password -------------------------------------------------------------------------------------


def change_password(client: FlaskClient, **form: str) -> Any:
    return client.post("/me/security/password", data=form)


def test_a_new_password_needs_the_old_one(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    for old in ("", "wrong one"):
        response = change_password(client, old_password=old, new_password=NEW)
        assert response.status_code == 422
        assert 'id="old_password-errors"' in response.text
    response = change_password(client, old_password=PASSWORD, new_password="short")
    assert 'id="new_password-errors"' in response.text
    assert login_code(app, PASSWORD) == 303


def test_a_new_password_ends_everything_but_the_present_browser(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    other = sign_in(app.test_client(), "alice")
    with app.app_context():
        alice = db.session.get_one(User, people["alice"])
        open_api_session(alice)
        make_personal_token(alice, "script", [Scope.READ])
        db.session.commit()
    assert change_password(client, old_password=PASSWORD, new_password=NEW).status_code == 303
    assert client.get("/me/security").status_code == 200
    assert other.get("/me/security").status_code == 303
    assert (login_code(app, PASSWORD), login_code(app, NEW)) == (422, 303)
    with app.app_context():
        assert db.session.query(PersonalToken).count() == 0
        assert {session.kind for session in db.session.query(UserSession)} == {"browser"}
        letter = db.session.query(Letter).one()
        assert (letter.kind, letter.address) == ("password_changed", "alice@example.org")


def test_the_old_password_cannot_be_guessed_through_an_open_browser(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT="1000 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    client = sign_in(app.test_client(), "alice")
    codes = [
        change_password(client, old_password=f"guess {n}", new_password=NEW).status_code
        for n in range(11)
    ]
    assert codes == [422] * 10 + [429]


def test_who_has_no_password_sets_one_and_then_may_change_the_address(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    with app.app_context():
        db.session.get_one(User, people["alice"]).password_hash = ""
        db.session.commit()
    page = client.get("/me/security").text
    assert 'name="old_password"' not in page
    assert "set a password first" in page
    form = {"email": "new@example.org", "password": "x"}
    assert client.post("/me/security/email", data=form).status_code == 422
    assert change_password(client, new_password=NEW).status_code == 303
    assert login_code(app, NEW) == 303
    assert 'name="old_password"' in client.get("/me/security").text


def test_nobody_signs_in_to_an_account_without_a_password(app: Flask) -> None:
    with app.app_context():
        create_user("social@example.org", None, "Social")
        db.session.commit()
    for password in ("!", "x", "." * 31):
        assert login_code(app, password, "social") == 422
