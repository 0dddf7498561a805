"""The assistant over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from edu.extensions import db
from edu.search.base import IndexUnavailable
from edu.search.whoosh.index import WhooshIndex
from jobs.assistant import answer_question
from tests.api.conftest import Program, sign_in_program
from tests.conftest import MakeApp, make_people


@pytest.fixture
def alice(app: Flask, library: dict[str, int]) -> Program:
    return sign_in_program(app)


def test_an_answer_comes_at_once(alice: Program, library: dict[str, int]) -> None:
    answer = alice.post("/ai/assist", json={"query": "лекции: признак Даламбера"})
    assert answer.status_code == 200
    assert answer.json
    body = answer.json
    assert body["status"] == "answered"
    assert f"[{library['series']}]" in body["text"]
    first = body["materials"][0]
    assert first["id"] == library["series"]
    assert first["url"] == f"http://localhost/materials/{library['series']}"
    assert first["places"][0].items() >= {"kind": "page", "number": 2}.items()
    assert alice.get(f"/ai/assist/{body['id']}").json == body


@pytest.mark.parametrize(
    "prefer", ["respond-async", "Respond-Async", "wait=5, respond-async", "respond-async; foo=1"]
)
def test_who_prefers_may_poll(app: Flask, alice: Program, prefer: str) -> None:
    app.extensions["edu.queue"].immediate = False
    taken = alice.client.post(
        "/api/ai/assist",
        json={"query": "ряды"},
        headers={"Authorization": f"Bearer {alice.token}", "Prefer": prefer},
    )
    assert taken.status_code == 202
    assert taken.headers["Preference-Applied"] == "respond-async"
    assert int(taken.headers["Retry-After"]) >= 1
    assert taken.json
    number = taken.json["id"]
    assert taken.headers["Location"] == f"/api/ai/assist/{number}"
    assert taken.json == {
        "id": number,
        "status": "waiting",
        "url": f"http://localhost/api/ai/assist/{number}",
    }
    waiting = alice.get(f"/ai/assist/{number}")
    assert waiting.status_code == 200
    assert waiting.json
    assert (waiting.json["status"], waiting.json["text"]) == ("waiting", "")
    assert "Retry-After" in waiting.headers
    with app.app_context():
        answer_question(number)
        db.session.remove()
    answered = alice.get(f"/ai/assist/{number}")
    assert answered.json
    assert answered.json["status"] == "answered"
    assert answered.json["materials"]
    assert "Retry-After" not in answered.headers


def test_other_preferences_are_no_reason_to_wait(alice: Program) -> None:
    head = {"Authorization": f"Bearer {alice.token}", "Prefer": "return=minimal"}
    answer = alice.client.post("/api/ai/assist", json={"query": "ряды"}, headers=head)
    assert answer.status_code == 200


def test_strangers_ask_nothing(app: Flask, alice: Program) -> None:
    stranger = Program(app.test_client())
    assert stranger.post("/ai/assist", json={"query": "ряды"}).status_code == 401
    number = (alice.post("/ai/assist", json={"query": "ряды"}).json or {})["id"]
    assert stranger.get(f"/ai/assist/{number}").status_code == 401
    charlie = sign_in_program(app, "charlie")
    assert charlie.get(f"/ai/assist/{number}").status_code == 404
    assert alice.get(f"/ai/assist/{10**20}").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"query": ""}, {"query": "  "}, {"query": "x" * 1001}, {"query": "a\0"}, []]
)
def test_what_is_no_question_is_refused(alice: Program, body: Any) -> None:
    answer = alice.post("/ai/assist", json=body)
    assert answer.status_code == 422


def test_the_longest_and_the_strangest_questions_are_answered(alice: Program) -> None:
    for query in ("матан " * 166, "?" * 1000, "«»[]{}%(what)s %s", "\u202e\u0301", "-ряды", "🙂"):
        assert alice.post("/ai/assist", json={"query": query}).status_code == 200


def test_a_search_that_does_not_answer_is_said_so(
    alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexUnavailable

    monkeypatch.setattr(WhooshIndex, "search", fail)
    answer = alice.post("/ai/assist", json={"query": "ряды"})
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"


def test_questions_are_limited(make_app: MakeApp) -> None:
    app = make_app(ASSIST_LIMIT="1 per minute")
    make_people(app)
    alice, charlie = sign_in_program(app), sign_in_program(app, "charlie")
    codes = [alice.post("/ai/assist", json={"query": "ряды"}).status_code for _n in range(2)]
    assert codes == [200, 429]
    assert charlie.post("/ai/assist", json={"query": "ряды"}).status_code == 200
