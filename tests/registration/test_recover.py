"""A forgotten password: one letter, one link, one use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import LetterToken, User
from edu.accounts.service import create_user
from edu.extensions import db, utcnow
from edu.second_factor import service as second_factor
from edu.second_factor.models import Authenticator
from edu.sessions.models import UserSession
from edu.tokens.models import PersonalToken, Scope
from edu.tokens.service import make_personal_token, open_api_session
from tests.conftest import PASSWORD, MakeApp, sign_in
from tests.registration.conftest import letters_to, path_in_letter, words
from tests.smtp import SmtpServer

NEW = "a password that is new"


def ask(client: FlaskClient, name: str = "alice") -> None:
    response = client.post("/recover", data={"email": f" {name.title()}@Example.org "})
    assert (response.status_code, response.headers["Location"]) == (303, "/recover/sent")


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/uploads").status_code == 200


def login_code(app: Flask, name: str, password: str) -> int:
    form = {"email": f"{name}@example.org", "password": password}
    return app.test_client().post("/login", data=form).status_code


def change_user(app: Flask, user_id: int, **values: object) -> None:
    with app.app_context():
        user = db.session.get_one(User, user_id)
        for name, value in values.items():
            setattr(user, name, value)
        db.session.commit()


def test_the_link_sets_a_password_and_signs_in(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(client)
    path = path_in_letter(server, "alice")
    for _scan in range(2):
        assert app.test_client().get(path).status_code == 200
    response = client.post(path, data={"password": NEW})
    assert response.status_code == 303
    assert is_signed_in(client)
    assert login_code(app, "alice", PASSWORD) == 422
    assert login_code(app, "alice", NEW) == 303
    assert letters_to(server, "alice")[-1] == "Your password was changed"


def test_the_link_ends_everything_that_was_signed_in(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    old = sign_in(app.test_client(), "alice")
    other = sign_in(app.test_client(), "charlie")
    with app.app_context():
        alice = db.session.get_one(User, people["alice"])
        stamp = alice.session_stamp
        open_api_session(alice)
        make_personal_token(alice, "script", [Scope.READ])
        db.session.commit()
    ask(client)
    client.post(path_in_letter(server, "alice"), data={"password": NEW})
    assert not is_signed_in(old)
    assert is_signed_in(other)
    with app.app_context():
        assert db.session.query(PersonalToken).count() == 0
        kept = db.session.query(UserSession).filter_by(user_id=people["alice"]).all()
        assert [session.kind for session in kept] == ["browser"]
        assert db.session.get_one(User, people["alice"]).session_stamp != stamp


def test_a_link_works_once_and_ends_the_others(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(client)
    first = path_in_letter(server, "alice")
    ask(client)
    second = path_in_letter(server, "alice")
    assert first != second
    assert client.post(second, data={"password": NEW}).status_code == 303
    for path in (first, second):
        assert client.get(path).status_code == 410
        assert client.post(path, data={"password": "yet another one"}).status_code == 410
    assert login_code(app, "alice", NEW) == 303


def test_a_refused_password_leaves_the_link_alive(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(client)
    path = path_in_letter(server, "alice")
    response = client.post(path, data={"password": "short"})
    assert response.status_code == 422
    assert 'id="password-errors"' in response.text
    assert client.post(path, data={"password": NEW}).status_code == 303


def test_a_link_lasts_an_hour(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    ask(client)
    with app.app_context():
        token = db.session.query(LetterToken).one()
        assert timedelta(minutes=59) < token.expires_at - utcnow() <= timedelta(hours=1)
        token.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
    path = path_in_letter(server, "alice")
    assert client.get(path).status_code == 410
    assert client.post(path, data={"password": NEW}).status_code == 410
    assert login_code(app, "alice", PASSWORD) == 303


@pytest.mark.parametrize(
    "change", [{"blocked_at": utcnow()}, {"deleted_at": utcnow()}, {"email": "other@example.org"}]
)
def test_what_changed_meanwhile_ends_the_link(
    app: Flask,
    client: FlaskClient,
    server: SmtpServer,
    people: dict[str, int],
    change: dict[str, object],
) -> None:
    ask(client)
    change_user(app, people["alice"], **change)
    path = path_in_letter(server, "alice")
    assert client.get(path).status_code == 410
    assert client.post(path, data={"password": NEW}).status_code == 410


def test_known_unknown_and_blocked_are_answered_the_same(
    app: Flask, server: SmtpServer, people: dict[str, int]
) -> None:
    change_user(app, people["charlie"], blocked_at=utcnow())
    pages, rows = set(), []
    for name in ("alice", "nobody", "charlie"):
        client = app.test_client()
        ask(client, name)
        with app.app_context():
            rows.append(db.session.query(LetterToken).count())
        page = client.get("/recover/sent").text
        pages.add(words(page.replace(f"{name}@", "x@")))
    assert len(pages) == 1
    assert rows == [1, 2, 3]  # the same is written for each of them
    assert letters_to(server, "alice") == ["Set a new password"]
    assert letters_to(server, "nobody") == ["There is no account with this address"]
    assert letters_to(server, "charlie") == []


def test_an_account_without_password_gets_its_first_one(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    with app.app_context():
        create_user("alice@example.org", None, "Alice")
        db.session.commit()
    assert login_code(app, "alice", "") == 422
    ask(client)
    client.post(path_in_letter(server, "alice"), data={"password": NEW})
    assert login_code(app, "alice", NEW) == 303


def test_the_link_ends_the_waiting_after_wrong_passwords(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    codes = [login_code(app, "alice", "wrong") for _guess in range(10)]
    assert codes == [422] * 10
    # The limit by the minute is another one; from here the account itself would wait.
    ask(client)
    client.post(path_in_letter(server, "alice"), data={"password": NEW})
    with app.app_context():
        from edu.lockout.service import refuse_waiting

        refuse_waiting("alice@example.org", "127.0.0.1")


def test_the_second_factor_is_asked_for_all_the_same(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    with app.app_context():
        maria = db.session.get_one(User, people["maria"])
        second_factor.begin_setup(maria)
        db.session.get_one(Authenticator, maria.id).confirmed_at = utcnow()
        db.session.commit()
    ask(client, "maria")
    response = client.post(path_in_letter(server, "maria"), data={"password": NEW})
    assert response.headers["Location"] == "/login/code"
    assert not is_signed_in(client)


def test_nonsense_is_refused(client: FlaskClient, server: SmtpServer) -> None:
    for email in ("", "nonsense", f"{'x' * 250}@example.org"):
        response = client.post("/recover", data={"email": email})
        assert response.status_code == 422
        assert 'id="email-errors"' in response.text
    assert server.messages == []


@pytest.mark.parametrize("where", ["/recover", "/api/auth/recover"])
def test_no_spelling_of_an_address_gets_it_more_letters(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int], where: str
) -> None:
    domains = (
        "example.org",
        "EXAMPLE.org",
        "\uff45xample.org",
        "e\uff58ample.org",
        "example\u3002org",
    )
    for domain in domains:
        for _time in range(3):
            body = {"email": f"alice@{domain}"}
            sent = {"json": body} if where.startswith("/api") else {"data": body}
            assert client.post(where, **sent).status_code in {202, 303}
    assert len(letters_to(server, "alice")) == 5


def test_one_place_cannot_have_ever_more_strangers_written_to(
    make_app: MakeApp, server: SmtpServer
) -> None:
    app = make_app(**server.env, LETTER_LIMIT_ADDRESS="4 per hour")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    person = {"password": PASSWORD, "name": "Somebody"}
    for number, where in enumerate(("/recover", "/register", "/api/auth/recover", "/recover")):
        body = {"email": f"stranger{number}@example.org", **person}
        sent = {"json": body} if where.startswith("/api") else {"data": body}
        assert client.post(where, **sent).status_code in {202, 303}
    refused = client.post("/api/auth/register", json={"email": "fifth@example.org", **person})
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert client.post("/recover", data={"email": "fifth@example.org"}).status_code == 429
    assert letters_to(server, "fifth") == []
