"""Where people are signed in with a browser, and how that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.accounts.service import block_user
from edu.extensions import db, utcnow
from edu.sessions import service
from edu.sessions.models import UserSession
from edu.site.devices import describe_device
from edu.tokens.service import open_api_session
from tests.conftest import PASSWORD, make_user, sign_in
from tests.registration.conftest import words

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in_remembered(client: FlaskClient) -> FlaskClient:
    form = {"email": "alice@example.org", "password": PASSWORD, "remember": "y"}
    assert client.post("/login", data=form).status_code == 303
    return client


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/uploads").status_code == 200


def only_session(app: Flask) -> UserSession:
    with app.app_context():
        return db.session.query(UserSession).one()


def change_session(app: Flask, **values: object) -> None:
    with app.app_context():
        session = db.session.query(UserSession).one()
        for name, value in values.items():
            setattr(session, name, value)
        db.session.commit()


# The cookie -----------------------------------------------------------------------------------


def test_a_sign_in_is_a_row_that_keeps_no_secret(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    row = only_session(app)
    assert (row.user_id, row.kind, row.address) == (people["alice"], "browser", "127.0.0.1")
    with client.session_transaction() as session:
        user_id, _sep, secret = session["_user_id"].partition(":")
    assert int(user_id) == people["alice"]
    assert len(secret) >= 40
    assert row.secret_hash == service.hash_secret(secret)


@pytest.mark.parametrize(
    "cookie", ["", ":", "1", "1:", "x:y", "99:abc", "1:wrong", "²:x", "9" * 30 + ":x", "1:é"]
)
def test_a_made_up_cookie_belongs_to_nobody(any_app: Flask, cookie: str) -> None:
    with any_app.app_context():
        user = make_user("alice")
        open_api_session(user)
        assert service.find_browser_session(cookie) is None


def test_a_secret_belongs_to_its_person(any_app: Flask) -> None:
    with any_app.app_context():
        alice, charlie = make_user("alice"), make_user("charlie")
        secret = service.open_browser_session(alice, remember=False)
        assert service.find_browser_session(f"{charlie.id}:{secret}") is None
        assert service.find_browser_session(f"{alice.id}:{secret}") is not None


def test_signing_in_begins_a_new_flask_session(client: FlaskClient, people: dict[str, int]) -> None:
    client.get("/login")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session.get("csrf_token")
    sign_in(client, "alice")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != before or before is None


def test_signing_in_again_ends_the_session_before(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    old = client.get_cookie("edu_session")
    assert old is not None
    sign_in(client, "charlie")
    assert only_session(app).user_id == people["charlie"]
    thief = app.test_client()
    thief.set_cookie("edu_session", old.value)
    assert not is_signed_in(thief)


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookies(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    thief = app.test_client()
    for name in ("edu_session", "remember_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        thief.set_cookie(name, cookie.value)
    assert is_signed_in(thief)
    client.post("/logout")
    assert not is_signed_in(thief)
    with app.app_context():
        assert db.session.query(UserSession).count() == 0


def test_a_browser_that_was_only_remembered_signs_out_for_good(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    client.delete_cookie("edu_session")
    client.post("/logout")
    with app.app_context():
        assert db.session.query(UserSession).count() == 0


# How long -------------------------------------------------------------------------------------


def test_a_session_lasts_a_day_and_a_remembered_one_thirty(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    row = only_session(app)
    assert row.expires_at - row.last_seen_at == timedelta(days=1)
    client.post("/logout")
    sign_in_remembered(client)
    row = only_session(app)
    assert row.expires_at - row.last_seen_at == timedelta(days=30)


def test_an_expired_session_is_none(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    change_session(app, expires_at=utcnow() - timedelta(seconds=1))
    assert not is_signed_in(client)


def test_a_visit_is_noted_now_and_then_and_prolongs_the_session(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    before = only_session(app)
    is_signed_in(client)
    assert only_session(app).last_seen_at == before.last_seen_at
    earlier = utcnow() - timedelta(minutes=11)
    change_session(app, last_seen_at=earlier, expires_at=earlier + timedelta(days=1))
    assert is_signed_in(client)
    after = only_session(app)
    assert utcnow() - after.last_seen_at < timedelta(minutes=1)
    assert after.expires_at - after.last_seen_at == timedelta(days=1)


def test_the_cookie_of_a_remembered_session_is_prolonged_with_it(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    assert "remember_token" not in str(client.get("/me/uploads").headers)
    earlier = utcnow() - timedelta(days=20)
    change_session(app, last_seen_at=earlier, expires_at=earlier + timedelta(days=30))
    client.delete_cookie("edu_session")
    response = client.get("/me/uploads")
    assert response.status_code == 200
    assert "remember_token=" in str(response.headers)
    assert only_session(app).expires_at > utcnow() + timedelta(days=29)


def test_blocking_ends_every_session(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    with app.app_context():
        block_user(db.session.get_one(User, people["alice"]), blocked=True)
        db.session.commit()
        assert db.session.query(UserSession).count() == 0
    assert not is_signed_in(client)
    with app.app_context():
        block_user(db.session.get_one(User, people["alice"]), blocked=False)
        db.session.commit()
    assert not is_signed_in(client)


@pytest.mark.parametrize("field", ["blocked_at", "deleted_at"])
def test_who_is_kept_out_is_out_even_with_a_session(
    app: Flask, client: FlaskClient, people: dict[str, int], field: str
) -> None:
    sign_in(client, "alice")
    with app.app_context():
        setattr(db.session.get_one(User, people["alice"]), field, utcnow())
        db.session.commit()
    assert not is_signed_in(client)


# The page -------------------------------------------------------------------------------------


def session_ids(app: Flask, user_id: int) -> list[int]:
    with app.app_context():
        user = db.session.get_one(User, user_id)
        return [session.id for session in service.list_sessions(user)]


def test_the_page_names_devices(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    sign_in(client, "alice")
    other = app.test_client()
    form = {"email": "alice@example.org", "password": PASSWORD}
    other.post("/login", data=form, headers={"User-Agent": FIREFOX})
    with app.app_context():
        alice = db.session.get_one(User, people["alice"])
        open_api_session(alice, user_agent="curl/8.5.0", address="192.0.2.9")
        charlie = db.session.get_one(User, people["charlie"])
        open_api_session(charlie, user_agent="spy/1.0")
        db.session.commit()
    page = words(client.get("/me/devices").text)
    assert "Firefox, Windows" in page
    assert "curl Program" in page
    assert "192.0.2.9" in page
    assert page.count("This device") == 1
    assert "spy" not in page


def test_one_of_the_own_devices_is_signed_out(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    other = sign_in(app.test_client(), "alice")
    newest = session_ids(app, people["alice"])[0]
    response = client.post(f"/me/devices/{newest}/end")
    assert (response.status_code, response.headers["Location"]) == (303, "/me/devices")
    assert (is_signed_in(client), is_signed_in(other)) == (True, False)
    assert client.post(f"/me/devices/{newest}/end").status_code == 404


def test_ending_the_present_device_signs_out(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in_remembered(client)
    [present] = session_ids(app, people["alice"])
    assert client.post(f"/me/devices/{present}/end").headers["Location"] == "/"
    assert not is_signed_in(client)
    assert client.get_cookie("remember_token") is None


def test_all_others_are_signed_out_at_once(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    others = [sign_in(app.test_client(), "alice") for _other in range(2)]
    charlie = sign_in(app.test_client(), "charlie")
    sign_in(client, "alice")
    assert client.post("/me/devices/end-others").status_code == 303
    assert [is_signed_in(each) for each in (client, *others, charlie)] == [True, False, False, True]


@pytest.mark.parametrize("which", [2**31, 2**63, 10**30, 0])
def test_other_peoples_devices_are_not_found(
    app: Flask, client: FlaskClient, people: dict[str, int], which: int
) -> None:
    charlie = sign_in(app.test_client(), "charlie")
    [charlies] = session_ids(app, people["charlie"])
    sign_in(client, "alice")
    for session_id in (which, charlies):
        assert client.post(f"/me/devices/{session_id}/end").status_code == 404
    assert is_signed_in(charlie)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (Linux; Android 14) Chrome/128 YaBrowser/24",
            "Yandex Browser, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; like Mac OS X) Version/18 Safari/60",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18 Safari/60", "Safari, macOS"),
        ("Mozilla/5.0 (Linux; Android 14) Something/1", "Browser, Android"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "python-requests"),
        ("", "Unknown program"),
        ("<script>alert(1)</script>", "Unknown program"),
    ],
)
def test_devices_have_names(app: Flask, agent: str, name: str) -> None:
    with app.test_request_context():
        assert describe_device(agent) == name
