"""Access tokens: who gets one, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Program, ProgramOf
from tests.conftest import PASSWORD, MakeApp, make_user


def login(program: Program, name: str = "alice", password: str = PASSWORD) -> Any:
    return program.post("/auth/login", json={"email": f"{name}@example.org", "password": password})


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


@pytest.mark.parametrize("body", ["[" * 100_000, '{"email":' + "[" * 100_000, "{", "[]", "null"])
def test_no_json_however_deep_breaks_the_sign_in(program: ProgramOf, body: str) -> None:
    answer = program().post("/auth/login", data=body, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json
    assert answer.json["detail"] == "Send a JSON object, as application/json."
