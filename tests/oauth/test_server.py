"""The authorization server over HTTP, as a program of somebody's own would try it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.oauth.models import AuthorizationCode
from edu.sessions.models import UserSession
from edu.telegram_links import service as links
from edu.telegram_links.models import LinkRequest
from edu.tokens.service import open_api_session
from tests.conftest import MakeApp, make_people, sign_in
from tests.telegram_links.world import BOT, ask, consent, count, find_user

REDIRECT = "https://t.me/konspekt_bot"


def verifier_of(app: Flask) -> str:
    """Of the only request."""
    with app.app_context():
        opened = links._open(db.session.query(LinkRequest).one().verifier)
    assert opened
    return opened


def changed(path: str, **changes: str | None) -> str:
    """The address with other parameters; None takes one away."""
    fields: dict[str, str | None] = {**dict(parse_qsl(urlsplit(path).query)), **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return f"{urlsplit(path).path}?{urlencode(kept)}"


def exchange(client: FlaskClient, own: str, verifier: str, **changes: str) -> Any:
    form = {
        "grant_type": "authorization_code",
        "client_id": "telegram",
        "redirect_uri": REDIRECT,
        "code": own,
        "code_verifier": verifier,
    }
    return client.post("/oauth/token", data={**form, **changes})


def get_tokens(app: Flask, alice: FlaskClient) -> dict[str, str]:
    code = consent(alice, ask(app))
    response = exchange(app.test_client(), code, verifier_of(app))
    assert response.status_code == 200
    return dict(response.json)


def refresh(client: FlaskClient, token: str) -> Any:
    form = {"grant_type": "refresh_token", "client_id": "telegram", "refresh_token": token}
    return client.post("/oauth/token", data=form)


def revoke(client: FlaskClient, token: str, **more: str) -> Any:
    return client.post("/oauth/revoke", data={"client_id": "telegram", "token": token, **more})


def reads(app: Flask, access: str) -> int:
    """What the API answers to the access token."""
    header = {"Authorization": f"Bearer {access}"}
    return app.test_client().get("/api/users/me", headers=header).status_code


# The consent page ------------------------------------------------------------------------------


def test_strangers_sign_in_first_and_come_back(app: Flask, client: FlaskClient) -> None:
    path = ask(app)
    response = client.get(path)
    assert response.status_code == 303
    form = {"email": "alice@example.org", "password": "correct horse battery"}
    response = client.post(response.headers["Location"], data=form)
    back = urlsplit(response.headers["Location"])
    assert (back.netloc, f"{back.path}?{back.query}") == ("", path)
    assert client.get(path).status_code == 200


def test_a_stranger_allows_nothing(app: Flask, client: FlaskClient) -> None:
    assert "/login" in client.post(ask(app), data={"answer": "allow"}).headers["Location"]
    assert count(app, AuthorizationCode) == [0]


NOT_ASKED: list[dict[str, str | None]] = [
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": "https://t.me/other_bot"},
    {"redirect_uri": f"{REDIRECT}?start=x"},
    {"redirect_uri": f"{REDIRECT}.evil.example"},
    {"redirect_uri": None},
    {"client_id": "another"},
    {"client_id": None},
    {"response_type": "token"},
    {"response_type": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": None},
    {"code_challenge": None},
    {"code_challenge": "short"},
]


def test_what_the_bot_has_not_asked_for_is_refused_without_leaving_the_site(
    app: Flask, alice: FlaskClient
) -> None:
    path = ask(app)
    for changes in NOT_ASKED:
        wrong = changed(path, **changes)
        forms = ({"answer": "allow"}, {"answer": "deny"})
        answers = [alice.get(wrong), *(alice.post(wrong, data=form) for form in forms)]
        assert [response.status_code for response in answers] == [400] * 3, changes
        assert not any("Location" in response.headers for response in answers)
    assert count(app, AuthorizationCode, LinkRequest) == [0, 1]


def test_a_consent_is_for_the_chat_that_asked(app: Flask, alice: FlaskClient) -> None:
    path, other = ask(app), create_s256_code_challenge("v" * 64)
    for changes in ({"state": "made-up"}, {"state": None}, {"code_challenge": other}):
        wrong = changed(path, **changes)
        assert alice.get(wrong).status_code == 410
        assert alice.post(wrong, data={"answer": "allow"}).status_code == 410
    assert count(app, AuthorizationCode) == [0]


def test_a_parameter_that_is_there_twice_is_refused(app: Flask, alice: FlaskClient) -> None:
    path = f"{ask(app)}&{urlencode({'redirect_uri': 'https://evil.example'})}"
    assert alice.get(path).status_code == 400


def test_nothing_but_allow_allows(app: Flask, alice: FlaskClient) -> None:
    for form in ({}, {"answer": "deny"}, {"answer": "ALLOW"}):
        assert alice.post(ask(app), data=form).headers["Location"] == f"{REDIRECT}?start=denied"
    assert count(app, AuthorizationCode) == [0]


def test_no_other_site_presses_the_button(make_app: MakeApp) -> None:
    app = make_app(**BOT)  # with CSRF checks
    make_people(app)
    path = ask(app)
    app.config["WTF_CSRF_ENABLED"] = False
    alice = sign_in(app.test_client(), "alice")
    app.config["WTF_CSRF_ENABLED"] = True
    assert alice.post(path, data={"answer": "allow"}).status_code == 400
    found = re.search(r'name="csrf_token" value="([^"]+)"', alice.get(path).text)
    assert found
    form = {"answer": "allow", "csrf_token": found[1]}
    assert alice.post(path, data=form).status_code == 303


def test_the_page_is_framed_by_nobody_and_its_form_leads_to_telegram(
    app: Flask, alice: FlaskClient
) -> None:
    headers = alice.get(ask(app)).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "form-action 'self' https://t.me;" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "private, no-store"
    assert "t.me" not in alice.get("/").headers["Content-Security-Policy"]


def test_the_address_with_the_code_is_not_kept(app: Flask, alice: FlaskClient) -> None:
    response = alice.post(ask(app), data={"answer": "allow"})
    assert response.headers["Cache-Control"] == "no-store"


def test_without_a_bot_there_is_no_client(make_app: MakeApp, app: Flask) -> None:
    path = ask(app)
    bare = make_app()
    assert bare.test_client().get(path).status_code == 400


# Tokens ----------------------------------------------------------------------------------------


def test_a_code_is_worth_tokens_of_the_product(app: Flask, alice: FlaskClient) -> None:
    code = consent(alice, ask(app))
    response = exchange(app.test_client(), code, verifier_of(app))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.json
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    assert reads(app, answer["access_token"]) == 200
    with app.app_context():
        row = db.session.query(UserSession).filter_by(kind="telegram").one()
        assert row.user_agent == "Telegram/Alice (@alice)"


def test_a_code_works_once_and_its_replay_ends_what_came_of_it(
    app: Flask, alice: FlaskClient
) -> None:
    code, client = consent(alice, ask(app)), app.test_client()
    verifier = verifier_of(app)
    access = exchange(client, code, verifier).json["access_token"]
    again = exchange(client, code, verifier)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert reads(app, access) == 401


UNFIT = [
    ({"code_verifier": "v" * 64}, "invalid_grant"),
    ({"code_verifier": ""}, "invalid_request"),
    ({"code_verifier": "short"}, "invalid_request"),
    ({"redirect_uri": "https://t.me/other_bot"}, "invalid_grant"),
    ({"redirect_uri": ""}, "invalid_grant"),
    ({"code": "made-up"}, "invalid_grant"),
    ({"client_id": "another"}, "invalid_client"),
    ({"client_id": ""}, "invalid_client"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
]


def test_what_does_not_fit_is_refused(app: Flask, alice: FlaskClient) -> None:
    path = ask(app)
    for changes, error in UNFIT:
        code = consent(alice, path)
        response = exchange(app.test_client(), code, verifier_of(app), **changes)
        assert response.status_code in {400, 401}
        assert response.json["error"] == error, changes
    with app.app_context():
        assert db.session.query(UserSession).filter_by(kind="telegram").count() == 0


def test_a_code_that_was_tried_wrongly_is_burnt(app: Flask, alice: FlaskClient) -> None:
    path = ask(app)
    for changes in ({"code_verifier": "v" * 64}, {"redirect_uri": "https://a.b"}):
        code, verifier = consent(alice, path), verifier_of(app)
        exchange(app.test_client(), code, verifier, **changes)
        assert exchange(app.test_client(), code, verifier).status_code == 400


def test_refresh_tokens_rotate_and_reuse_ends_the_family(any_app: Flask) -> None:
    alice, client = sign_in(any_app.test_client(), "alice"), any_app.test_client()
    first = get_tokens(any_app, alice)
    second = refresh(client, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert reads(any_app, second["access_token"]) == 200
    again = refresh(client, first["refresh_token"])
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert reads(any_app, second["access_token"]) == 401
    assert refresh(client, second["refresh_token"]).status_code == 400


def test_sign_ins_of_the_api_are_not_the_bots(app: Flask, alice: FlaskClient) -> None:
    chat, client = get_tokens(app, alice), app.test_client()
    with app.app_context():
        grant = open_api_session(find_user(app, "alice"))
        db.session.commit()
    assert refresh(client, grant.refresh_token).status_code == 400
    assert revoke(client, grant.refresh_token).status_code == 200
    body = {"refresh_token": grant.refresh_token}
    assert client.post("/api/auth/refresh", json=body).status_code == 200
    body = {"refresh_token": chat["refresh_token"]}
    assert client.post("/api/auth/refresh", json=body).status_code == 401
    assert reads(app, chat["access_token"]) == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_the_sign_in(app: Flask, alice: FlaskClient, which: str) -> None:
    tokens, client = get_tokens(app, alice), app.test_client()
    assert revoke(client, tokens[which], token_type_hint=which).status_code == 200
    assert reads(app, tokens["access_token"]) == 401
    assert refresh(client, tokens["refresh_token"]).status_code == 400
    assert revoke(client, tokens[which]).status_code == 200


def test_revocation_is_for_the_client(app: Flask, alice: FlaskClient) -> None:
    tokens, client = get_tokens(app, alice), app.test_client()
    form = {"token": tokens["refresh_token"]}
    nobody: Any = client.post("/oauth/revoke", data=form)
    assert nobody.json["error"] == "invalid_client"
    assert revoke(client, "made.up.token").status_code == 200
    strange = revoke(client, tokens["refresh_token"], token_type_hint="x")
    assert strange.json["error"] == "unsupported_token_type"
    assert reads(app, tokens["access_token"]) == 200


def test_the_endpoints_are_limited(make_app: MakeApp) -> None:
    client = make_app(**BOT, LOGIN_LIMIT_ADDRESS="3 per minute").test_client()
    for path in ("/oauth/token", "/oauth/revoke"):
        answers = [client.post(path, data={"client_id": "x"}).status_code for _n in range(4)]
        assert answers[-1] == 429
        assert 429 not in answers[:-1]
