"""Access tokens: who gets one, and which are refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey

from edu.accounts.models import User
from edu.api import security
from edu.extensions import db, utcnow
from tests.api.conftest import Program, ProgramOf
from tests.conftest import PASSWORD, MakeApp, make_user, sign_in


def login(program: Program, name: str = "alice", password: str = PASSWORD) -> Any:
    return program.post("/auth/login", json={"email": f"{name}@example.org", "password": password})


def forge(app: Flask, token: str, *, key: OctKey | None = None, **changes: Any) -> str:
    """The token with other claims, signed with the site's key unless another is given."""
    with app.app_context():
        claims = jwt.decode(token, security._key(), algorithms=["HS256"]).claims
        claims |= changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "HS256"}, claims, key or security._key())


def assert_refused(program: Program) -> None:
    answer = program.get("/users/me")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == "invalid_token"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_password_gives_a_token_that_names_its_person(program: ProgramOf) -> None:
    answer = login(program())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 900
    me = Program(program().client, answer.json["access_token"]).get("/users/me").json
    assert me == answer.json["user"]
    assert me["email"] == "alice@example.org"
    assert me["role"] == "user"
    assert me["confirmed"] is True
    assert "password_hash" not in me


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_wrong_password_and_unknown_address_look_alike(program: ProgramOf, name: str) -> None:
    answer = login(program(), name, "not her password")
    assert answer.status_code == 401
    assert answer.json["code"] == "wrong_credentials"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_blocked_person_gets_no_token_and_loses_the_old_one(
    app: Flask, program: ProgramOf, people: dict[str, int]
) -> None:
    alice = program("alice")
    with app.app_context():
        db.session.get_one(User, people["alice"]).blocked_at = utcnow()
        db.session.commit()
    assert login(program()).status_code == 401
    assert_refused(alice)


def test_new_session_stamp_ends_tokens(
    app: Flask, program: ProgramOf, people: dict[str, int]
) -> None:
    alice = program("alice")
    with app.app_context():
        db.session.get_one(User, people["alice"]).session_stamp = "f" * 32
        db.session.commit()
    assert_refused(alice)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"iat": 2**33},
        {"aud": "http://localhost"},
        {"aud": None},
        {"iss": "http://elsewhere.example"},
        {"iss": None},
        {"sub": "999"},
        {"sub": "²"},
        {"sub": ["1"]},
        {"sub": None},
        {"jti": None},
        {"stamp": "0" * 32},
        {"stamp": "ё"},
        {"stamp": None},
    ],
    ids=str,
)
def test_token_with_other_claims_is_refused(
    app: Flask, program: ProgramOf, changes: dict[str, Any]
) -> None:
    alice = program("alice")
    assert_refused(Program(alice.client, forge(app, alice.token, **changes)))


def test_token_of_another_key_is_refused(app: Flask, program: ProgramOf) -> None:
    alice = program("alice")
    key = OctKey.import_key(app.config["SECRET_KEY"])
    assert_refused(Program(alice.client, forge(app, alice.token, key=key)))


def test_unsigned_and_tampered_tokens_are_refused(program: ProgramOf) -> None:
    alice = program("alice")
    head, body, signature = alice.token.split(".")

    def encode(part: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")

    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for token in (
        f"{encode({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{encode({'alg': 'none'})}.{body}.{signature}",
        f"{encode({'alg': 'HS512'})}.{body}.{signature}",
        f"{head}.{encode(claims | {'sub': '2'})}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "x",
        "é.é.é",
    ):
        assert_refused(Program(alice.client, token))


def test_cookies_sign_nobody_in(app: Flask, people: dict[str, int]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    browser = sign_in(app.test_client(), "maria")
    answer = browser.get("/api/users/me")
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["code"] == "sign_in_required"
    assert browser.post("/api/materials/1/rate", json={"rating": 5}).status_code == 401


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"email": "alice@example.org"}},
        {"json": {"email": ["alice@example.org"], "password": "x"}},
        {"json": {"email": "a\0b", "password": "x"}},
        {"data": '{"email": "\\ud800", "password": "x"}', "content_type": "application/json"},
        {"json": []},
        {"data": "{", "content_type": "application/json"},
        {"data": {"email": "alice@example.org", "password": PASSWORD}},
    ],
)
def test_what_is_no_login_is_refused_without_an_echo(
    program: ProgramOf, request_: dict[str, Any]
) -> None:
    answer = program().post("/auth/login", **request_)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == "invalid"
    assert "alice" not in answer.text
    assert all(error.keys() == {"field", "message"} for error in answer.json.get("errors", []))


def test_guessing_is_limited_by_account(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT="2 per minute")
    with app.app_context():
        make_user("alice")
    program = Program(app.test_client())
    codes = [login(program, password="wrong").status_code for _ in range(3)]
    assert codes == [401, 401, 429]
    assert login(program, "ALICE").status_code == 429
    assert login(program, "charlie").status_code == 401


def test_requests_are_limited_by_person_then_by_address(make_app: MakeApp) -> None:
    app = make_app(API_LIMIT="3 per minute")
    with app.app_context():
        tokens = [security.issue_token(make_user(name)) for name in ("alice", "charlie")]
    alice, charlie = (Program(app.test_client(), token) for token in tokens)
    stranger = Program(app.test_client())
    # The limit is one for all operations together.
    codes = [alice.get(path).status_code for path in ("/users/me", "/materials", "/materials/1")]
    assert codes == [200, 200, 404]
    refused = alice.get("/users/me")
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert charlie.get("/users/me").status_code == 200
    assert [stranger.get("/materials").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert login(stranger).status_code == 429
    assert charlie.get("/users/me").status_code == 200


@pytest.mark.parametrize("body", ["[" * 100_000, '{"email":' + "[" * 100_000, "{", "[]", "null"])
def test_no_json_however_deep_breaks_the_sign_in(program: ProgramOf, body: str) -> None:
    answer = program().post("/auth/login", data=body, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json
    assert answer.json["detail"] == "Send a JSON object, as application/json."
