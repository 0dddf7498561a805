"""Sign-up and sign-in as a browser sees them."""

from __future__ import annotations

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.accounts.views import safe_target
from edu.extensions import db, utcnow
from tests.conftest import PASSWORD, MakeApp, make_people, make_user, sign_in

SECRET = "k2Vb81xq-7rT_9ymZpLw0sDf3hGjN5aQe4cXu6iO"


def change_user(app: Flask, user_id: int, **values: object) -> None:
    with app.app_context():
        user = db.session.get_one(User, user_id)
        for name, value in values.items():
            setattr(user, name, value)
        db.session.commit()


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/uploads").status_code == 200


def error_text(page: str) -> str:
    found = re.search(r'class="form-error"[^>]*>([^<]+)<', page)
    assert found, page
    return found[1]


# Sign-in --------------------------------------------------------------------------------------


def test_sign_in_takes_any_case_and_spaces(client: FlaskClient, people: dict[str, int]) -> None:
    form = {"email": " Alice@EXAMPLE.org ", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    assert is_signed_in(client)


def test_unknown_wrong_blocked_and_deleted_read_the_same(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    change_user(app, people["charlie"], blocked_at=utcnow())
    change_user(app, people["maria"], deleted_at=utcnow())
    answers = set()
    attempts = {"nobody": PASSWORD, "alice": "wrong", "charlie": PASSWORD, "maria": PASSWORD}
    for name, password in attempts.items():
        form = {"email": f"{name}@example.org", "password": password}
        response = client.post("/login", data=form)
        answers.add((response.status_code, error_text(response.text)))
    assert answers == {(422, "This e-mail and password do not belong together.")}
    assert not is_signed_in(client)


def test_signed_in_people_skip_the_sign_in_page(
    client: FlaskClient, people: dict[str, int]
) -> None:
    response = sign_in(client, "alice").get("/login?next=/upload")
    assert (response.status_code, response.headers["Location"]) == (303, "/upload")


def test_signing_out_ends_the_session_and_the_memory_of_it(
    client: FlaskClient, people: dict[str, int]
) -> None:
    form = {"email": "alice@example.org", "password": PASSWORD, "remember": "y"}
    client.post("/login", data=form)
    assert client.get_cookie("remember_token") is not None
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 303
    assert not is_signed_in(client)
    assert client.get_cookie("remember_token") is None


def test_the_memory_signs_in_again(client: FlaskClient, people: dict[str, int]) -> None:
    form = {"email": "alice@example.org", "password": PASSWORD, "remember": "y"}
    client.post("/login", data=form)
    client.delete_cookie("edu_session")
    assert is_signed_in(client)


def test_blocking_ends_a_session_at_once(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    sign_in(client, "alice")
    change_user(app, people["alice"], blocked_at=utcnow())
    assert not is_signed_in(client)


def test_the_page_that_needs_a_person_leads_back_to_itself(
    client: FlaskClient, people: dict[str, int]
) -> None:
    response = client.get("/me/uploads?page=2")
    assert response.status_code == 303
    form = {"email": "alice@example.org", "password": PASSWORD}
    response = client.post(response.headers["Location"], data=form)
    assert response.headers["Location"] == "/me/uploads?page=2"


def test_demo_passwords_are_shown_where_there_are_demo_accounts_only(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    assert "Demo accounts" not in client.get("/login").text
    change_user(app, people["alice"], is_demo=True)
    assert "Demo accounts" in client.get("/login").text


# Where a sign-in may lead ---------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/search?q=ряды&page=2", "/materials/1#page"])
def test_addresses_of_this_site_are_kept(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert safe_target(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "subjects",
        "http://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/ok\\..\\evil",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "//[evil",
        "/%0d%0aSet-Cookie: x\r\n",
    ],
)
def test_other_addresses_lead_home(app: Flask, target: str | None) -> None:
    with app.test_request_context():
        assert safe_target(target) == url_for("main.home")


# CSRF and cookies -----------------------------------------------------------------------------


# Mail programs press this button, who have no session of ours; the address itself is the secret.
# Uploads ask first who it is: tests/uploads/test_access.py.
WITHOUT_TOKEN = {"notifications.unsubscribe_submit", "uploads.create", "uploads.overridden"}


def posting_addresses(app: Flask) -> list[str]:
    adapter = app.url_map.bind("localhost")
    return [
        adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method="POST")
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
        and rule.endpoint not in WITHOUT_TOKEN
    ]


def test_no_post_passes_without_its_token(make_app: MakeApp) -> None:
    app = make_app()
    make_people(app)
    addresses = posting_addresses(app)
    assert len(addresses) >= 9
    for address in addresses:
        response = app.test_client().post(address, data={"csrf_token": "made-up"})
        assert response.status_code == 400, address


def test_a_form_with_its_token_passes(make_app: MakeApp) -> None:
    app = make_app()
    make_people(app)
    client = app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert found
    form = {"email": "alice@example.org", "password": PASSWORD, "csrf_token": found[1]}
    assert client.post("/login", data=form).status_code == 303
    # HTMX sends the token of the page in a header.
    page = client.get("/").text
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    assert client.post("/logout", headers={"X-CSRFToken": found[1]}).status_code == 303


def set_cookies(app: Flask, base_url: str) -> dict[str, str]:
    client = app.test_client()
    form = {"email": "alice@example.org", "password": PASSWORD, "remember": "y"}
    form |= {"lang": "ru", "theme": "dark"}
    paths = ("/login", "/language", "/theme")
    answers = [client.post(path, data=form, base_url=base_url) for path in paths]
    cookies = [value for answer in answers for value in answer.headers.getlist("Set-Cookie")]
    return {value.split("=", 1)[0]: value for value in cookies}


def test_cookies_of_a_public_site_travel_by_https_only(make_app: MakeApp) -> None:
    public = "https://library.example"
    app = make_app(SITE_URL=public, SECRET_KEY=SECRET)
    app.config.update(WTF_CSRF_ENABLED=False)
    with app.app_context():
        make_user("alice")
    cookies = set_cookies(app, public)
    assert cookies.keys() == {"edu_session", "edu_device", "remember_token", "lang", "theme"}
    for cookie in cookies.values():
        flags = {part.strip() for part in cookie.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= flags, cookie


def test_cookies_of_a_private_site_work_without_https(app: Flask, people: dict[str, int]) -> None:
    cookies = set_cookies(app, "http://localhost")
    assert "Secure" not in cookies["edu_session"]
    assert "HttpOnly" in cookies["edu_session"]


# Limits ---------------------------------------------------------------------------------------


def test_guessing_a_password_is_slowed_down(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT="2 per minute")
    app.config.update(WTF_CSRF_ENABLED=False)
    make_people(app)
    client = app.test_client()
    guess = {"email": "alice@example.org", "password": "guess"}
    assert [client.post("/login", data=guess).status_code for _ in range(3)] == [422, 422, 429]
    # Another spelling of the address is the same account; the right password comes too late too.
    right = {"email": " ALICE@example.org", "password": PASSWORD}
    response = client.post("/login", data=right)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "Wait a minute" in response.text
    # A class behind one address is not one person.
    sign_in(app.test_client(), "charlie")


def test_one_address_cannot_try_every_account(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT_ADDRESS="3 per minute")
    app.config.update(WTF_CSRF_ENABLED=False)
    client = app.test_client()
    forms = [{"email": f"user{n}@example.org", "password": "guess"} for n in range(4)]
    codes = [client.post("/login", data=form).status_code for form in forms]
    assert codes == [422, 422, 422, 429]


def test_limits_are_counted_in_redis_where_there_is_one(make_app: MakeApp, redis_url: str) -> None:
    app = make_app(LOGIN_LIMIT="1 per minute", REDIS_URL=redis_url)
    app.config.update(WTF_CSRF_ENABLED=False)
    guess = {"email": "someone@example.org", "password": "guess"}
    codes = [app.test_client().post("/login", data=guess).status_code for _ in range(2)]
    assert codes == [422, 429]
