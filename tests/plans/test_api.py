"""Plans over the API."""

from __future__ import annotations

import pytest
from flask import Flask
from icalendar import Calendar

from edu.assistant import retrieval
from edu.assistant.models import Conversation, Question
from edu.extensions import db
from edu.materials.models import Material
from tests.keeping import Ask, code_of, json_of, make_ask
from tests.plans.conftest import Made
from tests.plans.making import findings_of


@pytest.fixture
def ask(app: Flask, people: dict[str, int]) -> Ask:
    return make_ask(app, people)


def test_a_plan_is_read_with_its_weeks_and_places(ask: Ask, plan: Made) -> None:
    [card] = json_of(ask("alice", "GET", "/plans"))["items"]
    assert card["progress"] == {"total": 260, "done": 0, "late": 0, "percent": 0}
    found = json_of(ask("alice", "GET", plan.address))
    assert found["url"] == f"http://localhost{plan.address}"
    second = found["weeks"][1]
    assert (second["number"], second["budget"]) == (2, 240)
    [step] = second["steps"]
    assert (step["kind"], step["first"], step["last"], step["minutes"]) == ("page", 21, 40, 60)
    url = f"http://localhost/materials/{plan.material_id}?page=21"
    assert step["material"] == {"id": plan.material_id, "title": "Лекции", "url": url}
    assert found["weeks"][3]["steps"][0]["material"] is None


def test_a_plan_is_nobody_elses(ask: Ask, plan: Made) -> None:
    step = plan.steps()[0]["id"]
    for method, path, body in (
        ("GET", plan.address, None),
        ("PATCH", plan.address, {"title": "Mine"}),
        ("DELETE", plan.address, None),
        ("POST", f"{plan.address}/replan", None),
        ("GET", f"{plan.address}/calendar.ics", None),
        ("PATCH", f"{plan.address}/steps/{step}", {"done": True}),
    ):
        assert code_of(ask("charlie", method, path, body)) == (404, "not_found")
    assert json_of(ask("charlie", "GET", "/plans"))["items"] == []


def test_a_plan_is_changed_and_deleted(ask: Ask, plan: Made) -> None:
    changed = json_of(ask("alice", "PATCH", plan.address, {"minutes_a_week": 120}))
    assert (changed["minutes_a_week"], changed["title"]) == (120, "Матан, к экзамену")
    assert changed["exam_on"] is not None
    assert json_of(ask("alice", "PATCH", plan.address, {"exam_on": None}))["exam_on"] is None
    for wrong in ({"title": ""}, {"minutes_a_week": 1}, {"exam_on": "1999-01-01"}):
        assert code_of(ask("alice", "PATCH", plan.address, wrong)) == (422, "invalid")
    assert ask("alice", "DELETE", plan.address).status_code == 204
    assert code_of(ask("alice", "GET", plan.address)) == (404, "not_found")


def test_a_step_is_ticked_off_and_changed(ask: Ask, plan: Made) -> None:
    address = f"{plan.address}/steps/{plan.steps()[0]['id']}"
    done = json_of(ask("alice", "PATCH", address, {"done": True}))
    assert done["done_at"] is not None
    body = {"done": False, "week": 2, "topic": "Границы", "minutes": 5, "note": "n"}
    changed = json_of(ask("alice", "PATCH", address, body))
    assert [changed[name] for name in ("done_at", "week", "position")] == [None, 2, 2]
    assert [changed[name] for name in ("topic", "minutes", "note")] == ["Границы", 5, "n"]
    assert code_of(ask("alice", "PATCH", address, {"week": 9})) == (422, "invalid")
    assert code_of(ask("alice", "PATCH", f"{plan.address}/steps/999", {})) == (404, "not_found")


def test_what_was_missed_is_spread_anew(ask: Ask, plan: Made) -> None:
    plan.begin_earlier(15)
    spread = json_of(ask("alice", "POST", f"{plan.address}/replan"))
    assert (spread["moved"], spread["left"]) == (2, [])
    assert [len(week["steps"]) for week in spread["weeks"]][:4] == [0, 0, 3, 1]
    json_of(ask("alice", "PATCH", plan.address, {"exam_on": str(plan.today)}))
    assert code_of(ask("alice", "POST", f"{plan.address}/replan")) == (409, "exam_over")


def test_the_calendar_can_be_read(ask: Ask, plan: Made) -> None:
    answer = ask("alice", "GET", f"{plan.address}/calendar.ics")
    assert len(Calendar.from_ical(answer.data).walk("VEVENT")) == 5


def test_a_plan_is_made_of_an_answer(
    app: Flask, people: dict[str, int], ask: Ask, plan: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {}
    with app.app_context():
        for status in ("answered", "waiting"):
            question = Question(
                user_id=people["alice"],
                conversation=Conversation(user_id=people["alice"], title="T"),
                text="План",
                locale="en",
                status=status,
            )
            db.session.add(question)
            db.session.commit()
            ids[status] = question.id

    def retrieve(user: object, meaning: object) -> object:
        return findings_of(db.session.get_one(Material, plan.material_id))

    monkeypatch.setattr(retrieval, "retrieve", retrieve)
    body = {"question_id": ids["answered"]}
    answer = ask("alice", "POST", "/plans", body)
    made = json_of(answer, 201)
    assert answer.headers["Location"] == f"/api/plans/{made['id']}"
    assert json_of(ask("alice", "POST", "/plans", body), 201)["id"] == made["id"]
    assert code_of(ask("charlie", "POST", "/plans", body)) == (404, "not_found")
    waiting = ask("alice", "POST", "/plans", {"question_id": ids["waiting"]})
    assert code_of(waiting) == (409, "not_answered")
