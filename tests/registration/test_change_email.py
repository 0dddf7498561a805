"""A new address: asked for with the password, confirmed by a letter, told to the old one."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.extensions import db
from edu.sessions.models import UserSession
from edu.tokens.service import open_api_session
from tests.conftest import PASSWORD, make_user, sign_in
from tests.registration.conftest import letters_to, path_in_letter, words
from tests.smtp import SmtpServer

NEW = "alice.new"
FORM = {"email": f"{NEW}@example.org", "password": PASSWORD}


def email_of(app: Flask, user_id: int) -> str:
    with app.app_context():
        return db.session.get_one(User, user_id).email


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/uploads").status_code == 200


def ask(client: FlaskClient, **changes: str) -> None:
    response = client.post("/me/security/email", data=FORM | changes)
    assert (response.status_code, response.headers["Location"]) == (303, "/me/security")


def test_the_link_changes_the_address_and_tells_the_old_one(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    ask(client, email=" Alice.New@Example.org ")
    path = path_in_letter(server, NEW)
    assert client.get(path).status_code == 200
    assert email_of(app, people["alice"]) == "alice@example.org"
    assert client.post(path).headers["Location"] == "/me/security"
    assert email_of(app, people["alice"]) == "alice.new@example.org"
    assert letters_to(server, NEW) == ["Confirm your new e-mail address"]
    assert letters_to(server, "alice") == ["Your e-mail address was changed"]
    sign_in(app.test_client(), NEW)
    # The link is used up.
    assert client.get(path).status_code == 410


def test_all_but_the_present_browser_are_signed_out(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    other = sign_in(app.test_client(), "alice")
    with app.app_context():
        open_api_session(db.session.get_one(User, people["alice"]))
        db.session.commit()
    ask(client)
    assert is_signed_in(other)
    client.post(path_in_letter(server, NEW))
    assert is_signed_in(client)
    assert not is_signed_in(other)
    with app.app_context():
        assert [session.kind for session in db.session.query(UserSession)] == ["browser"]


def test_the_password_is_needed(
    client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    response = client.post("/me/security/email", data=FORM | {"password": "wrong one"})
    assert response.status_code == 422
    assert 'id="password-errors"' in response.text
    assert server.messages == []


def test_a_taken_address_is_asked_for_like_any_other(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    pages = []
    for name in ("charlie", "nobody"):
        ask(client, email=f"{name}@example.org")
        pages.append(words(client.get("/me/security").text))
        assert letters_to(server, name) == ["Confirm your new e-mail address"]
    assert pages[0] == pages[1]
    # Only who reads Charlie's letters gets to see that it cannot be.
    response = client.post(path_in_letter(server, "charlie"), follow_redirects=True)
    assert "This address cannot be used." in response.text
    assert email_of(app, people["alice"]) == "alice@example.org"


def test_the_link_is_for_the_person_who_asked(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(sign_in(client, "alice"))
    path = path_in_letter(server, NEW)
    stranger = app.test_client().get(path)
    assert stranger.headers["Location"].startswith("/login?next=")
    charlie = sign_in(app.test_client(), "charlie")
    assert charlie.get(path).status_code == 410
    assert charlie.post(path).status_code == 410
    assert email_of(app, people["charlie"]) == "charlie@example.org"
    assert client.post(path).status_code == 303


def test_an_older_recovery_link_dies_with_the_address(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    app.test_client().post("/recover", data={"email": "alice@example.org"})
    recovery = path_in_letter(server, "alice")
    ask(sign_in(client, "alice"))
    client.post(path_in_letter(server, NEW))
    assert app.test_client().get(recovery).status_code == 410


def test_an_address_that_was_taken_meanwhile_stays_anothers(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(sign_in(client, "alice"))
    with app.app_context():
        other = make_user(NEW).id
    client.post(path_in_letter(server, NEW))
    assert email_of(app, people["alice"]) == "alice@example.org"
    assert email_of(app, other) == "alice.new@example.org"


def test_nonsense_and_the_present_address_are_refused(
    client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    for email in ("", "nonsense", "Alice@example.org"):
        response = client.post("/me/security/email", data=FORM | {"email": email})
        assert response.status_code == 422
        assert 'id="email-errors"' in response.text
    assert server.messages == []
