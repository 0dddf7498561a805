"""The assistant over the API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from edu.assistant import api, queue
from edu.assistant.answering import Draft
from edu.assistant.models import Question
from edu.extensions import db
from edu.search.base import IndexUnavailable
from edu.search.whoosh.index import WhooshIndex
from jobs import assistant as jobs
from jobs.queue import find_queue
from tests.api.conftest import Program, sign_in_program
from tests.assistant.writing import Script, draft, state
from tests.conftest import MakeApp, make_people
from tests.keeping import code_of, json_of

ENGINE = {"ASSISTANT_ENGINE": "openai", "ASSISTANT_MODEL": "small"}
ENGINE |= {"ASSISTANT_BASE_URL": "http://127.0.0.1:9/v1"}  # never asked


@pytest.fixture
def alice(app: Flask, library: dict[str, int]) -> Program:
    """Asks the composer, whose answers need no worker."""
    hold_queue(app)
    return sign_in_program(app)


@pytest.fixture
def script(script: Script, monkeypatch: pytest.MonkeyPatch) -> Script:
    """The same, where no model is loaded for it."""
    monkeypatch.setattr(jobs, "get_engine", lambda _settings: None)
    return script


@pytest.fixture
def make_asker(make_app: MakeApp, script: Script) -> Any:
    """`make_asker(ASSISTANT_WAIT_S="0")`: an app with a model, and Alice; nobody works."""

    def make(**changes: str) -> tuple[Flask, Program]:
        app = make_app(**ENGINE, **changes)
        make_people(app)
        hold_queue(app)
        return app, sign_in_program(app)

    return make


def hold_queue(app: Flask) -> None:
    with app.app_context():
        find_queue("assistant").immediate = False


def prefer(alice: Program, value: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {alice.token}", "Prefer": value}
    return alice.client.post("/api/ai/assist", json={"query": "ряды"}, headers=headers)


def work(app: Flask) -> None:
    with app.app_context():
        while queue.count_waiting():
            jobs.answer_next()


def status_of(app: Flask, number: int) -> str:
    with app.app_context():
        return state(number)[0]


# Asking --------------------------------------------------------------------------------------


def test_the_composer_answers_at_once_and_without_a_worker(
    alice: Program, library: dict[str, int]
) -> None:
    body = json_of(alice.post("/ai/assist", json={"query": "лекции: признак Даламбера"}))
    assert (body["status"], body["failure"], body["wait"]) == ("answered", "", None)
    assert f"[{library['series']}" in body["text"]
    cited = {one["id"]: one for one in body["materials"]}
    series = cited[library["series"]]
    assert series["url"] == f"http://localhost/materials/{library['series']}"
    assert (series["title"], series["type"], series["page"]) == ("Числовые ряды", "lecture", 2)
    assert series["rating"] == {"mean": 0, "votes": 0}
    assert series["places"][0].items() >= {"kind": "page", "number": 2}.items()
    assert library["hidden"] not in cited
    assert json_of(alice.get(f"/ai/assist/{body['id']}")) == body


def test_a_conversation_goes_on(alice: Program) -> None:
    first = json_of(alice.post("/ai/assist", json={"query": "Ряды?"}))
    on = {"query": "А посложнее?", "conversation_id": first["conversation_id"]}
    second = json_of(alice.post("/ai/assist", json=on))
    assert second["conversation_id"] == first["conversation_id"]
    talk = json_of(alice.get(f"/ai/conversations/{first['conversation_id']}"))
    assert talk["questions"] == [first, second]
    assert talk["title"] == "Ряды?"
    assert alice.post("/ai/assist", json=on | {"conversation_id": 99}).status_code == 404


@pytest.mark.parametrize(
    "value", ["respond-async", "Respond-Async", "wait=5, respond-async", "respond-async; foo=1"]
)
def test_who_prefers_may_poll(app: Flask, alice: Program, value: str) -> None:
    taken = prefer(alice, value)
    body = json_of(taken, 202)
    assert taken.headers["Preference-Applied"] == "respond-async"
    assert int(taken.headers["Retry-After"]) >= 1
    number = body["id"]
    assert taken.headers["Location"] == f"/api/ai/assist/{number}"
    assert body == {
        "id": number,
        "status": "waiting",
        "url": f"http://localhost/api/ai/assist/{number}",
        "conversation_id": body["conversation_id"],
    }
    waiting = alice.get(f"/ai/assist/{number}")
    shown = json_of(waiting)
    assert (shown["status"], shown["text"]) == ("waiting", "")
    assert shown["wait"] == {"ahead": 0, "seconds": None}
    assert "Retry-After" in waiting.headers
    work(app)
    answered = alice.get(f"/ai/assist/{number}")
    assert json_of(answered)["status"] == "answered"
    assert json_of(answered)["materials"]
    assert "Retry-After" not in answered.headers


def test_other_preferences_are_no_reason_to_wait(alice: Program) -> None:
    assert prefer(alice, "return=minimal").status_code == 200


def test_who_does_not_prefer_waits_for_the_answer(make_asker: Any, script: Script) -> None:
    app, alice = make_asker()
    worker = threading.Timer(0.3, work, (app,))
    worker.start()
    body = json_of(alice.post("/ai/assist", json={"query": "Ряды?"}))
    worker.join()
    assert (body["status"], body["text"]) == ("answered", "About Ряды?")


def test_nobody_waits_for_ever(make_asker: Any, script: Script) -> None:
    app, alice = make_asker(ASSISTANT_WAIT_S="0")
    taken = alice.post("/ai/assist", json={"query": "Ряды?"})
    assert "Preference-Applied" not in taken.headers
    body = json_of(taken, 202)
    assert body["status"] == "waiting"
    with app.app_context():
        assert find_queue("assistant").check() == 1
    work(app)
    assert json_of(alice.get(f"/ai/assist/{body['id']}"))["text"] == "About Ряды?"


def test_waiting_takes_a_third_of_the_threads_at_most(make_asker: Any, script: Script) -> None:
    app, alice = make_asker(WEB_THREADS="5", ASSISTANT_WAIT_S="100")
    with api.WAITING.enter(1) as entered:
        assert entered
        body = json_of(alice.post("/ai/assist", json={"query": "Ряды?"}), 202)
    assert status_of(app, body["id"]) == "waiting"


def test_a_connection_is_free_while_one_waits(
    make_asker: Any, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, alice = make_asker()
    taken: list[int] = []

    def pause(_seconds: float) -> None:
        taken.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # a QueuePool
        work(app)

    monkeypatch.setattr(api, "sleep", pause)
    assert json_of(alice.post("/ai/assist", json={"query": "Ряды?"}))["status"] == "answered"
    assert taken == [0]


def test_an_answer_is_read_while_it_grows(make_asker: Any, script: Script) -> None:
    app, alice = make_asker(ASSISTANT_WAIT_S="0")
    seen: list[dict[str, Any]] = []

    def look(question: Question, _cancelled: object) -> Iterator[Draft]:
        yield draft("Half")
        seen.append(json_of(alice.get(f"/ai/assist/{question.id}")))
        yield draft("Half and half", final=True)

    script.answer = look
    alice.post("/ai/assist", json={"query": "Ряды?"})
    work(app)
    assert (seen[0]["status"], seen[0]["text"], seen[0]["wait"]) == ("answering", "Half", None)


def test_strangers_and_others_get_nothing(app: Flask, alice: Program) -> None:
    stranger, charlie = Program(app.test_client()), sign_in_program(app, "charlie")
    assert stranger.post("/ai/assist", json={"query": "ряды"}).status_code == 401
    body = json_of(alice.post("/ai/assist", json={"query": "ряды"}))
    paths = [f"/ai/assist/{body['id']}", f"/ai/conversations/{body['conversation_id']}"]
    for path in paths:
        assert stranger.get(path).status_code == 401
        assert charlie.get(path).status_code == 404
        assert alice.get(f"{path.rpartition('/')[0]}/{10**20}").status_code == 404
    mine = {"query": "ряды", "conversation_id": body["conversation_id"]}
    assert charlie.post("/ai/assist", json=mine).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"query": ""}, {"query": "  "}, {"query": "x" * 1001}, {"query": "a\0"}, []),
        {"query": "ряды", "conversation_id": "mine"},
    ],
)
def test_what_is_no_question_is_refused(alice: Program, body: Any) -> None:
    assert alice.post("/ai/assist", json=body).status_code == 422


def test_the_longest_and_the_strangest_questions_are_answered(alice: Program) -> None:
    for query in ("матан " * 166, "?" * 1000, "«»[]{}%(what)s %s", "\u202e\u0301", "-ряды", "🙂"):
        answer = json_of(alice.post("/ai/assist", json={"query": query}))
        assert (answer["status"], bool(answer["text"])) == ("answered", True)


def test_a_search_that_is_silent_is_waited_for(
    app: Flask, alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexUnavailable

    hasty = replace(app.extensions["edu.settings"], assistant_wait_s=0)
    monkeypatch.setitem(app.extensions, "edu.settings", hasty)
    with monkeypatch.context() as silent:
        silent.setattr(WhooshIndex, "search", fail)
        body = json_of(alice.post("/ai/assist", json={"query": "ряды"}), 202)
        assert status_of(app, body["id"]) == "waiting"
    work(app)
    assert json_of(alice.get(f"/ai/assist/{body['id']}"))["materials"]


def test_questions_are_limited(make_app: MakeApp) -> None:
    app = make_app(ASSIST_LIMIT="1 per minute")
    make_people(app)
    alice, charlie = sign_in_program(app), sign_in_program(app, "charlie")
    codes = [alice.post("/ai/assist", json={"query": "ряды"}).status_code for _n in range(2)]
    assert codes[1] == 429
    assert charlie.post("/ai/assist", json={"query": "ряды"}).status_code == codes[0] != 429


def test_too_many_that_wait_are_refused(
    make_asker: Any, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edu.assistant.service.MAX_WAITING", 1)
    _app, alice = make_asker(ASSISTANT_WAIT_S="0")
    assert alice.post("/ai/assist", json={"query": "1"}).status_code == 202
    refused = alice.post("/ai/assist", json={"query": "2"})
    assert code_of(refused) == (409, "too_many_questions")


# What is done with answers -------------------------------------------------------------------


def test_a_question_is_cancelled(make_asker: Any, script: Script) -> None:
    app, alice = make_asker(ASSISTANT_WAIT_S="0")
    number = json_of(alice.post("/ai/assist", json={"query": "Ряды?"}), 202)["id"]
    cancelled = alice.post(f"/ai/assist/{number}/cancel")
    assert json_of(cancelled)["status"] == "cancelled"
    assert "Retry-After" not in cancelled.headers
    work(app)
    assert script.asked == []
    assert alice.post(f"/ai/assist/{number}/cancel").status_code == 200
    refused = alice.post(f"/ai/assist/{number}/opinion", json={"opinion": 1})
    assert code_of(refused) == (409, "not_answered")


def test_an_opinion_is_kept(alice: Program) -> None:
    number = json_of(alice.post("/ai/assist", json={"query": "Ряды?"}))["id"]
    for value in (1, -1, 0):
        path = f"/ai/assist/{number}/opinion"
        assert json_of(alice.post(path, json={"opinion": value}))["opinion"] == value
    for bad in (2, "good", None):
        assert alice.post(path, json={"opinion": bad}).status_code == 422


def test_conversations_are_listed_renamed_and_deleted(alice: Program) -> None:
    ids = [
        json_of(alice.post("/ai/assist", json={"query": f"Ряды {n}"}))["conversation_id"]
        for n in range(3)
    ]
    listed = json_of(alice.get("/ai/conversations", per_page=2))
    assert [one["id"] for one in listed["items"]] == [ids[2], ids[1]]
    assert (listed["total"], listed["pages"]) == (3, 2)
    path = f"/ai/conversations/{ids[0]}"
    renamed = json_of(alice.patch(path, json={"title": " К экзамену "}))
    assert (renamed["title"], len(renamed["questions"])) == ("К экзамену", 1)
    assert alice.patch(path, json={"title": " "}).status_code == 422
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == alice.delete(path).status_code == 404
    assert json_of(alice.get("/ai/conversations"))["total"] == 2


def test_answers_are_saved_and_forgotten(alice: Program) -> None:
    answer = json_of(alice.post("/ai/assist", json={"query": "лекции о рядах"}))
    kept = json_of(alice.post("/ai/saved", json={"question_id": answer["id"]}), 201)
    assert (kept["text"], kept["materials"]) == (answer["text"], answer["materials"])
    again = json_of(alice.post("/ai/saved", json={"question_id": answer["id"]}), 201)
    assert again["id"] == kept["id"]
    alice.delete(f"/ai/conversations/{answer['conversation_id']}")
    (left,) = json_of(alice.get("/ai/saved"))["items"]
    assert (left["question_id"], left["title"]) == (None, "лекции о рядах")
    assert alice.delete(f"/ai/saved/{kept['id']}").status_code == 204
    assert alice.delete(f"/ai/saved/{kept['id']}").status_code == 404
    assert json_of(alice.get("/ai/saved"))["total"] == 0
    assert alice.post("/ai/saved", json={"question_id": 10**20}).status_code == 404


def test_a_question_that_is_deleted_while_one_waits_is_gone(
    app: Flask, alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(number: int) -> bool:
        db.session.delete(db.session.get_one(Question, number))
        db.session.commit()
        return False

    monkeypatch.setattr(api, "_await", lose)
    answer = alice.client.post(
        "/api/ai/assist", json={"query": "ряды"}, headers={"Authorization": f"Bearer {alice.token}"}
    )
    assert answer.status_code == 404
