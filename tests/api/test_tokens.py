"""Staying signed in, signing out, and personal tokens for scripts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask

from edu.accounts import service as accounts
from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.second_factor import service as second_factor
from edu.sessions.models import UserSession
from edu.tokens import service
from edu.tokens.models import PersonalToken, RefreshToken, Scope
from jobs.sessions import sweep_sessions
from tests.api.conftest import Program, ProgramOf, sign_in_program
from tests.conftest import PASSWORD, MakeApp, make_people


def person(name: str = "alice") -> User:
    user = accounts.find_user(f"{name}@example.org")
    assert user is not None
    return user


def code(answer: Any) -> str:
    assert answer.content_type == "application/problem+json", answer.text
    return str(answer.json["code"])


@pytest.fixture
def alice(app: Flask, people: dict[str, int]) -> Program:
    return sign_in_program(app)


def make_token(program: Program, *scopes: str, **more: Any) -> Any:
    answer = program.post("/users/me/tokens", json={"name": "script", "scopes": scopes, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


# Refreshing and signing out ----------------------------------------------------------------------


def test_a_refresh_gives_both_tokens_anew(alice: Program) -> None:
    answer = alice.refresh()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    fresh = answer.json
    assert fresh
    assert fresh["access_token"] != alice.token
    assert fresh["refresh_token"] != alice.refresh_token
    assert (fresh["expires_in"], fresh["refresh_expires_in"]) == (900, 30 * 24 * 3600)
    assert Program(alice.client, fresh["access_token"]).get("/users/me").json == fresh["user"]
    assert alice.get("/users/me").status_code == 200  # the old access token has its time yet


def test_a_program_stays_signed_in_from_refresh_to_refresh(alice: Program) -> None:
    token = alice.refresh_token
    for _round in range(5):
        answer = alice.client.post("/api/auth/refresh", json={"refresh_token": token})
        assert answer.status_code == 200
        assert answer.json
        token = answer.json["refresh_token"]


@pytest.mark.parametrize("token", ["refresh_unknown", "x", "konspekt_x", "é" * 50])
def test_an_unknown_refresh_token_is_refused(alice: Program, token: str) -> None:
    answer = alice.client.post("/api/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 401
    assert code(answer) == "invalid_token"
    assert alice.get("/users/me").status_code == 200


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": None}, [], None])
def test_what_is_no_refresh_is_refused(alice: Program, body: Any) -> None:
    answer = alice.client.post("/api/auth/refresh", json=body)
    assert answer.status_code == 422


def test_an_expired_refresh_token_is_refused(app: Flask, alice: Program) -> None:
    with app.app_context():
        db.session.query(RefreshToken).update({"expires_at": utcnow()})
        db.session.commit()
    answer = alice.refresh()
    assert answer.status_code == 401
    assert code(answer) == "invalid_token"


def test_refresh_tokens_last_as_long_as_the_settings_say(make_app: MakeApp) -> None:
    app = make_app(REFRESH_TOKEN_DAYS=7, ACCESS_TOKEN_S=60)
    make_people(app)
    alice = sign_in_program(app)
    answer = alice.refresh().json
    assert answer
    assert (answer["expires_in"], answer["refresh_expires_in"]) == (60, 7 * 24 * 3600)
    with app.app_context():
        ends = db.session.query(RefreshToken).filter_by(used_at=None).one().expires_at
        assert timedelta(days=6.9) < ends - utcnow() <= timedelta(days=7)


def test_of_two_refreshes_at_the_same_moment_one_succeeds(
    any_app: Flask,
) -> None:
    make_people(any_app)
    alice = sign_in_program(any_app)

    def refresh() -> int:
        body = {"refresh_token": alice.refresh_token}
        return any_app.test_client().post("/api/auth/refresh", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _n: refresh(), range(4)))
    assert statuses == [200, 401, 401, 401]
    # And whoever was first has lost as well: nobody knows who is the thief.
    assert alice.get("/users/me").status_code == 401
    with any_app.app_context():
        assert db.session.query(UserSession).count() == 0
        assert db.session.query(RefreshToken).count() == 0


def test_secrets_are_not_in_the_database(app: Flask, alice: Program) -> None:
    secret = make_token(alice, "read")["token"]
    with app.app_context():
        kept = [token.token_hash for token in db.session.query(RefreshToken)]
        kept += [token.token_hash for token in db.session.query(PersonalToken)]
    assert len(kept) == 2
    assert all(len(one) == 64 and one not in {secret, alice.refresh_token} for one in kept)


def test_signing_out_ends_this_program_and_no_other(app: Flask, alice: Program) -> None:
    other = sign_in_program(app)
    answer = alice.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.data == b""
    assert alice.get("/users/me").status_code == 401
    assert alice.refresh().status_code == 401
    assert alice.post("/auth/logout").status_code == 401
    assert other.get("/users/me").status_code == 200


def test_expired_rows_are_swept(app: Flask, alice: Program) -> None:
    sign_in_program(app, "charlie")
    make_token(alice, "read", days=30)
    make_token(alice, "read")
    with app.app_context():
        own = db.session.query(UserSession).filter_by(user_id=person().id)
        own.update({"expires_at": utcnow() - timedelta(minutes=1)})
        timed = db.session.query(PersonalToken).filter(PersonalToken.expires_at.is_not(None))
        timed.update({"expires_at": utcnow() - timedelta(days=31)})
        db.session.commit()
        sweep_sessions()
        assert [row.user_id for row in db.session.query(UserSession)] == [person("charlie").id]
        assert db.session.query(RefreshToken).count() == 1
        assert [row.expires_at for row in db.session.query(PersonalToken)] == [None]


def test_a_person_has_a_bounded_number_of_programs(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        alice, charlie = person(), person("charlie")
        first = service.open_api_session(alice)
        other = service.open_api_session(charlie)
        grants = [service.open_api_session(alice) for _n in range(service.MAX_API_SESSIONS)]
        db.session.commit()
        left = {row.id for row in db.session.query(UserSession)}
    assert left == {grant.session_id for grant in [other, *grants]}
    assert first.session_id not in left


# Where one is signed in --------------------------------------------------------------------------


def test_a_person_sees_own_sign_ins_and_ends_them(app: Flask, alice: Program) -> None:
    other, charlie = sign_in_program(app), sign_in_program(app, "charlie")
    listed = alice.get("/users/me/sessions").json
    assert listed
    assert len(listed["items"]) == 2
    (mine,) = (one for one in listed["items"] if one["current"])
    (others,) = (one for one in listed["items"] if not one["current"])
    assert mine["kind"] == "api"
    assert mine["user_agent"].startswith("Werkzeug")
    assert mine["address"] == "127.0.0.1"
    assert charlie.delete(f"/users/me/sessions/{others['id']}").status_code == 404
    assert alice.delete(f"/users/me/sessions/{others['id']}").status_code == 204
    assert other.get("/users/me").status_code == 401
    assert alice.delete(f"/users/me/sessions/{others['id']}").status_code == 404
    assert alice.delete(f"/users/me/sessions/{10**20}").status_code == 404
    assert alice.get("/users/me").status_code == 200


# Personal tokens ---------------------------------------------------------------------------------


def test_a_personal_token_is_shown_once_and_works(alice: Program) -> None:
    made = make_token(alice, "read", days=30)
    assert made["token"].startswith("konspekt_")
    assert made["token"].endswith(made["hint"])
    script = Program(alice.client, made["token"])
    me = script.get("/users/me")
    assert me.status_code == 200
    assert me.json == alice.get("/users/me").json
    listed = alice.get("/users/me/tokens")
    assert listed.json
    (shown,) = listed.json["items"]
    assert {**shown, "last_used_at": None} == {k: v for k, v in made.items() if k != "token"}
    assert shown["last_used_at"]
    assert made["token"] not in listed.text


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", {"read", "maybe"}),
        ("write", {"write"}),
        ("upload", {"upload"}),
        ("moderate", set()),
    ],
)
def test_a_scope_opens_its_own_doors_only(
    app: Flask, library: dict[str, int], scope: str, allowed: set[str]
) -> None:
    maria = sign_in_program(app, "maria")
    script = Program(maria.client, make_token(maria, scope)["token"])
    answers = {
        "read": script.get("/users/me"),
        "maybe": script.get("/materials"),
        "write": script.post(f"/materials/{library['series']}/rate", json={"rating": 4}),
        "upload": script.post("/materials"),
    }
    for name, answer in answers.items():
        if name in allowed:
            assert answer.status_code in {200, 422}, name
        else:
            assert answer.status_code == 403, name
            assert code(answer) == "missing_scope"


def test_a_scope_gives_nothing_that_its_person_may_not(
    alice: Program, library: dict[str, int]
) -> None:
    script = Program(alice.client, make_token(alice, *Scope)["token"])
    answer = script.post("/materials")
    assert answer.status_code == 403
    assert code(answer) == "forbidden"


def test_a_personal_token_makes_no_tokens_and_ends_nothing(alice: Program) -> None:
    made = make_token(alice, *Scope)
    script = Program(alice.client, made["token"])
    refused = [
        script.post("/users/me/tokens", json={"name": "more", "scopes": ["read"]}),
        script.delete(f"/users/me/tokens/{made['id']}"),
        script.delete("/users/me/sessions/1"),
        script.post("/auth/logout"),
    ]
    assert [(answer.status_code, code(answer)) for answer in refused] == [
        (403, "missing_scope")
    ] * 4
    assert alice.get("/users/me").status_code == 200


def test_a_deleted_token_is_refused_at_once(app: Flask, alice: Program) -> None:
    made = make_token(alice, "read")
    script = Program(alice.client, made["token"])
    charlie = sign_in_program(app, "charlie")
    assert charlie.delete(f"/users/me/tokens/{made['id']}").status_code == 404
    assert alice.delete(f"/users/me/tokens/{10**20}").status_code == 404
    assert script.get("/users/me").status_code == 200
    assert alice.delete(f"/users/me/tokens/{made['id']}").status_code == 204
    answer = script.get("/users/me")
    assert answer.status_code == 401
    assert code(answer) == "invalid_token"


def test_an_expired_token_is_refused(app: Flask, alice: Program) -> None:
    script = Program(alice.client, make_token(alice, "read", days=90)["token"])
    assert script.get("/users/me").status_code == 200
    with app.app_context():
        db.session.query(PersonalToken).update({"expires_at": utcnow()})
        db.session.commit()
    assert script.get("/users/me").status_code == 401
    assert script.get("/materials").status_code == 401


def test_a_token_of_a_blocked_person_is_refused(app: Flask, alice: Program) -> None:
    script = Program(alice.client, make_token(alice, "read")["token"])
    with app.app_context():
        person().blocked_at = utcnow()
        db.session.commit()
    assert script.get("/users/me").status_code == 401


@pytest.mark.parametrize("tail", ["", "x", "A" * 43, "é"])
def test_a_guessed_token_is_refused(alice: Program, tail: str) -> None:
    make_token(alice, "read")
    assert Program(alice.client, f"konspekt_{tail}").get("/users/me").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "   ", "scopes": ["read"]}, "name"),
        ({"name": "x" * 81, "scopes": ["read"]}, "name"),
        ({"name": "a\0b", "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["everything"]}, "scopes.0"),
        ({"name": "x"}, "scopes"),
        ({"name": "x", "scopes": ["read"], "days": 31}, "days"),
        ({"name": "x", "scopes": ["read"], "days": 0}, "days"),
        ({"name": "x", "scopes": ["read"], "days": True}, "days"),
    ],
    ids=str,
)
def test_senseless_tokens_are_refused_by_field(
    alice: Program, body: dict[str, Any], field: str
) -> None:
    answer = alice.post("/users/me/tokens", json=body)
    assert answer.status_code == 422
    assert answer.json
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_twenty_tokens_are_enough(alice: Program) -> None:
    for _n in range(service.MAX_PERSONAL_TOKENS):
        made = make_token(alice, "read")
    answer = alice.post("/users/me/tokens", json={"name": "x", "scopes": ["read"]})
    assert answer.status_code == 409
    assert code(answer) == "too_many_tokens"
    alice.delete(f"/users/me/tokens/{made['id']}")
    make_token(alice, "read")


def test_use_is_noted_every_five_minutes(app: Flask, alice: Program) -> None:
    script = Program(alice.client, make_token(alice, "read")["token"])

    def used() -> Any:
        with app.app_context():
            return db.session.query(PersonalToken).one().last_used_at

    assert used() is None
    script.get("/users/me")
    first = used()
    assert utcnow() - first < timedelta(seconds=30)
    script.get("/users/me")
    assert used() == first
    with app.app_context():
        db.session.query(PersonalToken).update({"last_used_at": first - timedelta(minutes=6)})
        db.session.commit()
    script.get("/users/me")
    assert used() > first - timedelta(minutes=5)


# The second factor -------------------------------------------------------------------------------


@pytest.fixture
def codes(app: Flask, people: dict[str, int]) -> list[str]:
    """Spare codes of Maria, whose second factor is on."""
    with app.app_context():
        maria = person("maria")
        second_factor.begin_setup(maria)
        setup = second_factor.pending_setup(maria)
        assert setup is not None
        code_now = pyotp.TOTP(setup.secret.replace(" ", "")).now()
        spare = second_factor.confirm_setup(maria, code_now)
        db.session.commit()
        return spare


def login(program: Program, **more: Any) -> Any:
    return program.post(
        "/auth/login", json={"email": "maria@example.org", "password": PASSWORD, **more}
    )


def test_who_has_a_second_factor_needs_its_code(program: ProgramOf, codes: list[str]) -> None:
    without, wrong = login(program()), login(program(), code="000000")
    assert (without.status_code, code(without)) == (401, "second_factor_required")
    assert (wrong.status_code, code(wrong)) == (401, "wrong_code")
    assert login(program(), code=codes[0]).status_code == 200
    again = login(program(), code=codes[0])
    assert (again.status_code, code(again)) == (401, "wrong_code")


def test_a_code_tells_nothing_without_the_password(program: ProgramOf, codes: list[str]) -> None:
    answer = program().post(
        "/auth/login",
        json={"email": "maria@example.org", "password": "wrong", "code": codes[0]},
    )
    assert code(answer) == "wrong_credentials"
    assert login(program(), code=codes[0]).status_code == 200  # it was not used up


def test_guessing_codes_ends_in_waiting(program: ProgramOf, codes: list[str]) -> None:
    answers = [login(program(), code=f"00000{n % 10}") for n in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    # The right password counts as an attempt no more than the wrong code is forgotten by it.
    assert login(program(), code=codes[0]).status_code == 429


def test_who_has_no_second_factor_may_send_a_code(
    program: ProgramOf, people: dict[str, int]
) -> None:
    assert login(program(), code="123456").status_code == 200
