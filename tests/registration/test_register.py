"""Nobody has an account before the letter's link, and nobody learns who has one."""

from __future__ import annotations

import threading
from datetime import timedelta

import bcrypt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts import service as accounts
from edu.accounts.models import LetterToken, Role, User
from edu.admin.models import SiteSetting
from edu.errors import EduError
from edu.extensions import db, utcnow
from tests.conftest import PASSWORD, MakeApp, make_user, sign_in
from tests.registration.conftest import letters_to, path_in_letter, words
from tests.smtp import SmtpServer

FORM = {"name": "Алиса", "email": "alice@example.org", "password": PASSWORD}


def count_users(app: Flask) -> int:
    with app.app_context():
        return db.session.query(User).count()


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/uploads").status_code == 200


def register(client: FlaskClient, **changes: str) -> None:
    response = client.post("/register", data={**FORM, **changes})
    assert (response.status_code, response.headers["Location"]) == (303, "/register/sent")


def change_site(app: Flask, name: str, value: str) -> None:
    with app.app_context():
        db.session.merge(SiteSetting(name=name, value=value))
        db.session.commit()


# The link -------------------------------------------------------------------------------------


def test_the_link_makes_the_account_and_signs_in(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    response = client.post("/register?next=/subjects", data=FORM)
    assert response.headers["Location"] == "/register/sent"
    assert "alice@example.org" in client.get("/register/sent").text
    assert count_users(app) == 0
    assert not is_signed_in(client)

    path = path_in_letter(server, "alice")
    assert 'type="password"' not in client.get(path).text
    response = client.post(path)
    assert (response.status_code, response.headers["Location"]) == (303, "/subjects")
    assert is_signed_in(client)
    with app.app_context():
        user = db.session.query(User).one()
        kept = (user.email, user.name, user.role, user.is_confirmed, user.locale)
        assert kept == ("alice@example.org", "Алиса", "user", True, "en")
    sign_in(app.test_client(), "alice")


def test_looking_at_the_link_does_not_use_it(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client)
    path = path_in_letter(server, "alice")
    for _scan in range(3):
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().head(path).status_code == 200
    assert count_users(app) == 0
    assert client.post(path).status_code == 303


def test_another_browser_asks_for_the_password_that_was_chosen(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client)
    path, other = path_in_letter(server, "alice"), app.test_client()
    assert 'type="password"' in other.get(path).text
    for guess in ("", "another one entirely"):
        response = other.post(path, data={"password": guess})
        assert response.status_code == 422
        assert "This is not the password." in response.text
    assert count_users(app) == 0
    assert other.post(path, data={"password": PASSWORD}).status_code == 303
    assert is_signed_in(other)


def test_the_password_of_a_link_cannot_be_guessed(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client)
    path, other = path_in_letter(server, "alice"), app.test_client()
    codes = [other.post(path, data={"password": f"guess {n}"}).status_code for n in range(11)]
    assert codes == [422] * 10 + [429]
    assert other.post(path, data={"password": PASSWORD}).status_code == 429
    # The browser that has registered needs no password.
    assert client.post(path).status_code == 303


def test_a_stranger_cannot_plant_a_password_behind_anothers_address(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    mallory = app.test_client()
    register(mallory, name="Alice", password="password of mallory")
    planted = path_in_letter(server, "alice")
    # Alice, who opens the letter, does not know that password; her own registration counts.
    assert client.post(planted).status_code == 422
    register(client)
    assert client.post(planted).status_code == 422
    assert client.post(path_in_letter(server, "alice")).status_code == 303
    # By then the planted one is dead, also where it came from.
    assert mallory.post(planted).status_code == 410
    form = {"email": FORM["email"], "password": "password of mallory"}
    assert mallory.post("/login", data=form).status_code == 422


def test_a_link_works_once(app: Flask, client: FlaskClient, server: SmtpServer) -> None:
    register(client)
    path = path_in_letter(server, "alice")
    assert client.post(path).status_code == 303
    for response in (client.get(path), client.post(path), app.test_client().get(path)):
        assert response.status_code == 410
        assert "This link does not work any more" in response.text
    assert 'href="/recover"' in app.test_client().get(path).text
    assert count_users(app) == 1


def test_a_link_grows_old(app: Flask, client: FlaskClient, server: SmtpServer) -> None:
    register(client)
    path = path_in_letter(server, "alice")
    with app.app_context():
        token = db.session.query(LetterToken).one()
        assert timedelta(days=1) < token.expires_at - utcnow() <= timedelta(days=2)
        token.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert count_users(app) == 0


@pytest.mark.parametrize("secret", ["x", "ё", "a" * 2000, "%00"])
def test_a_made_up_link_is_told_as_dead(client: FlaskClient, secret: str) -> None:
    expected = 400 if secret == "%00" else 410
    for path in (f"/register/{secret}", f"/recover/{secret}"):
        assert client.get(path).status_code == expected
        assert client.post(path).status_code == expected


def test_a_link_serves_its_own_purpose_only(
    app: Flask, client: FlaskClient, server: SmtpServer, people: dict[str, int]
) -> None:
    client.post("/recover", data={"email": "alice@example.org"})
    secret = path_in_letter(server, "alice").rpartition("/")[2]
    assert client.get(f"/register/{secret}").status_code == 410
    assert client.get(f"/recover/{secret}").status_code == 200


def test_an_account_that_came_in_between_leads_to_the_sign_in(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client)
    with app.app_context():
        make_user("alice")
    path = path_in_letter(server, "alice")
    for response in (client.get(path), client.post(path)):
        assert (response.status_code, response.headers["Location"]) == (303, "/login")
    assert "There is already an account" in client.get("/login").text


def test_two_clicks_at_once_make_one_account(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edu.registration import service

    with any_app.app_context():
        service.ask_registration(FORM["email"], PASSWORD, "Alice")
        db.session.commit()
        secret = accounts.make_letter_token(
            "register",
            FORM["email"],
            payload=db.session.query(LetterToken).one().payload,
            lifetime=timedelta(hours=1),
        )
        db.session.commit()
    ready, made = threading.Barrier(2), []

    def click() -> None:
        with any_app.app_context():
            ready.wait(10)
            try:
                service.confirm_registration(secret)
                db.session.commit()
                made.append(True)
            except EduError:
                db.session.rollback()

    threads = [threading.Thread(target=click) for _click in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(made) == 1
    assert count_users(any_app) == 1


# What is told ---------------------------------------------------------------------------------


def test_known_and_unknown_addresses_are_answered_the_same(
    app: Flask, server: SmtpServer, people: dict[str, int]
) -> None:
    pages, cookies = set(), set()
    for name in ("alice", "nobody"):
        client = app.test_client()
        answer = client.post("/register", data={**FORM, "email": f"{name}@example.org"})
        page = client.get("/register/sent").text.replace(f"{name}@", "somebody@")
        pages.add((answer.status_code, answer.headers["Location"], words(page)))
        with client.session_transaction() as session:
            cookies.add(tuple(sorted((key, len(str(session[key]))) for key in ("registered",))))
    assert len(pages) == 1
    assert len(cookies) == 1
    assert letters_to(server, "alice") == ["You already have an account"]
    assert letters_to(server, "nobody") == ["Confirm your e-mail address"]
    assert path_in_letter(server, "alice") == "/recover"


def test_a_password_is_hashed_for_a_known_address_too(
    app: Flask, client: FlaskClient, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[bytes] = []
    real = bcrypt.hashpw

    def watch(password: bytes, salt: bytes) -> bytes:
        hashed.append(salt)
        return real(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", watch)
    counts = []
    for email in ("alice@example.org", "nobody@example.org"):
        client.post("/register", data={**FORM, "email": email})
        counts.append(len(hashed))
        hashed.clear()
    assert counts == [1, 1]


def test_a_known_address_keeps_its_password_and_name(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    register(client, password="password of mallory")
    sign_in(app.test_client(), "alice")
    with app.app_context():
        assert db.session.get_one(User, people["alice"]).name == "Alice"


def test_one_address_gets_few_letters_and_nobody_is_told(
    make_app: MakeApp, server: SmtpServer
) -> None:
    app = make_app(**server.env, REGISTER_LIMIT="2 per hour")
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        make_user("alice")
    for name in ("alice", "nobody"):
        answers = set()
        for _try in range(4):
            client = app.test_client()
            register(client, email=f"{name}@example.org")
            answers.add(words(client.get("/register/sent").text))
        assert len(answers) == 1
        assert len(letters_to(server, name)) == 2
    # A refused form costs no letter.
    for _try in range(4):
        bad = {**FORM, "email": "bob@example.org", "password": "short"}
        assert app.test_client().post("/register", data=bad).status_code == 422
    register(app.test_client(), email="bob@example.org")
    assert len(letters_to(server, "bob")) == 1


def test_one_client_cannot_try_every_address(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT_ADDRESS="2 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    for path in ("/register", "/recover"):
        forms = [{**FORM, "email": f"user{n}@example.org"} for n in range(3)]
        codes = [app.test_client().post(path, data=form).status_code for form in forms]
        assert codes == [303, 303, 429]


def test_the_costly_work_of_passwords_is_counted_together(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT_ADDRESS="3 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    codes = [
        client.post("/login", data={**FORM, "email": "a@example.org"}).status_code,
        client.post("/register", data={**FORM, "email": "b@example.org"}).status_code,
        client.post("/api/auth/login", json={**FORM, "email": "c@example.org"}).status_code,
        client.post("/api/auth/register", json={**FORM, "email": "d@example.org"}).status_code,
    ]
    assert codes == [422, 303, 401, 429]


# Refusals -------------------------------------------------------------------------------------


def test_nobody_registers_as_a_moderator(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client, role="admin", is_admin="1", payload="{}")
    client.post(path_in_letter(server, "alice"), data={"role": "admin"})
    with app.app_context():
        assert db.session.query(User).one().role == Role.USER


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 81),
        ("email", "nonsense"),
        ("email", f"{'x' * 250}@example.org"),
        ("password", "short"),
        ("password", "x" * 201),
    ],
)
def test_a_refused_form_says_where(
    app: Flask, client: FlaskClient, server: SmtpServer, field: str, value: str
) -> None:
    response = client.post("/register", data={**FORM, field: value})
    assert response.status_code == 422
    assert f'id="{field}-errors"' in response.text
    assert PASSWORD not in response.text
    assert server.messages == []


def test_a_closed_site_takes_nobody(app: Flask, client: FlaskClient, server: SmtpServer) -> None:
    change_site(app, "registration_open", "0")
    assert 'name="password"' not in client.get("/register").text
    response = client.post("/register", data=FORM)
    assert response.status_code == 422
    assert "takes no new accounts" in response.text
    assert server.messages == []


def test_a_link_that_was_sent_before_the_site_closed_opens_nothing(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    register(client)
    path = path_in_letter(server, "alice")
    change_site(app, "registration_open", "0")
    assert [client.get(path).status_code, client.post(path, data=FORM).status_code] == [403, 403]
    with app.app_context():
        assert accounts.find_user("alice@example.org") is None


def test_a_site_may_take_addresses_of_its_own_only(
    app: Flask, client: FlaskClient, server: SmtpServer
) -> None:
    change_site(app, "email_domains", "uni.example lib.uni.example")
    assert "@uni.example, @lib.uni.example" in client.get("/register").text
    for email in ("alice@example.org", "alice@evil-uni.example", "alice@uni.example.org"):
        response = client.post("/register", data={**FORM, "email": email})
        assert response.status_code == 422
        assert 'id="email-errors"' in response.text
    register(client, email="Alice@UNI.example")
    assert len(server.sent_to("alice@uni.example")) == 1


def test_without_a_mail_server_the_page_says_so(make_app: MakeApp) -> None:
    app = make_app()
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        make_user("alice")
    pages = set()
    for name in ("alice", "nobody"):
        client = app.test_client()
        register(client, email=f"{name}@example.org")
        pages.add(words(client.get("/register/sent").text.replace(f"{name}@", "x@")))
    assert len(pages) == 1
    assert "Ask the administrator" in pages.pop()


def test_the_page_about_a_letter_needs_one(client: FlaskClient) -> None:
    assert client.get("/register/sent").headers["Location"] == "/register"
    assert client.get("/recover/sent").headers["Location"] == "/recover"
