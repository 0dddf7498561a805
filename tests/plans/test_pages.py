"""Pages of plans, with and without HTMX."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.assistant import retrieval
from edu.assistant.models import Conversation, Question
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from tests.conftest import sign_in
from tests.plans.conftest import Made
from tests.plans.making import findings_of

HTMX = {"HX-Request": "true"}


def test_the_list_shows_progress_and_pace(alice: FlaskClient, plan: Made) -> None:
    page = alice.get("/plans").text
    assert "Матан, к экзамену" in page
    assert "on time" in page
    plan.begin_earlier(8)
    assert "behind by 1 h" in alice.get("/plans").text


def test_without_plans_the_page_says_how_to_get_one(alice: FlaskClient) -> None:
    page = alice.get("/plans").text
    assert "You have no plans yet" in page
    assert 'href="/plans"' in page, "the menu leads here"


def test_a_step_opens_the_viewer_on_its_page(alice: FlaskClient, plan: Made) -> None:
    page = alice.get(plan.address).text
    assert f'href="/materials/{plan.material_id}?page=21"' in page
    assert "Лекции, pp. 21–40" in page
    assert "<h2" in page
    assert "this week" in page


def test_a_material_that_left_the_site_leaves_its_topic(alice: FlaskClient, plan: Made) -> None:
    with plan.app.app_context():
        material = db.session.get_one(Material, plan.material_id)
        material.status = MaterialStatus.REJECTED.value
        db.session.commit()
    for address in (plan.address, f"{plan.address}/print"):
        page = alice.get(address).text
        assert "Пределы" in page
        assert "Лекции" not in page
    assert "the material is not in the library any more" in alice.get(plan.address).text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_step_is_ticked_off(alice: FlaskClient, plan: Made, headers: dict[str, str]) -> None:
    first = plan.steps()[0]["id"]
    address = f"{plan.address}/steps/{first}/tick"
    response = alice.post(address, data={"done": "1"}, headers=headers)
    if headers:
        assert response.status_code == 200
        assert response.text.lstrip().startswith('<div id="plan"')
        assert "Done: 1 h of 4 h 20 min" in response.text
    else:
        assert response.status_code == 303
        assert response.headers["Location"] == f"{plan.address}#step-{first}"
    assert plan.steps()[0]["done_at"] is not None
    alice.post(address, data={"done": "0"})
    assert plan.steps()[0]["done_at"] is None


def test_a_step_moves_and_goes(alice: FlaskClient, plan: Made) -> None:
    first = plan.steps()[0]["id"]
    address = f"{plan.address}/steps/{first}"
    assert alice.post(f"{address}/move", data={"direction": "down"}).status_code == 303
    assert [step["week"] for step in plan.steps()] == [2, 2, 3, 4]
    assert alice.post(f"{address}/remove").headers["Location"] == plan.address
    assert len(plan.steps()) == 3
    assert alice.post(f"{address}/remove").status_code == 404


def test_a_step_is_edited_or_refused_with_a_reason(alice: FlaskClient, plan: Made) -> None:
    address = f"{plan.address}/steps/{plan.steps()[0]['id']}/edit"
    assert 'value="Пределы"' in alice.get(address).text
    form = {"topic": "Границы", "minutes": "25", "week": "3", "note": "§ 2"}
    assert alice.post(address, data=form).status_code == 303
    assert [step["topic"] for step in plan.steps()][2] == "Границы"
    refused = alice.post(address, data=form | {"week": "9"})
    assert refused.status_code == 422
    assert "The plan has weeks 1 to 4." in refused.text
    assert alice.post(address, data=form | {"topic": ""}).status_code == 422


def test_a_plan_taken_up_again_a_year_later_can_still_be_edited(
    alice: FlaskClient, plan: Made
) -> None:
    form = {"title": "T", "exam_on": "", "minutes_a_week": "240"}
    assert alice.post(f"{plan.address}/edit", data=form).status_code == 303
    plan.begin_earlier(400)
    assert alice.post(f"{plan.address}/replan").status_code == 303
    step = plan.steps()[0]
    assert step["week"] == 58
    assert "Week 57" not in alice.get(plan.address).text
    changed = {"topic": "Границы", "minutes": "25", "week": "58", "note": ""}
    address = f"{plan.address}/steps/{step['id']}/edit"
    assert alice.post(address, data=changed).status_code == 303
    assert plan.steps()[0]["topic"] == "Границы"


def test_a_step_of_ones_own_is_added(alice: FlaskClient, plan: Made) -> None:
    form = {"topic": "Консультация", "minutes": "90", "week": "2", "note": ""}
    response = alice.post(f"{plan.address}/steps", data=form)
    assert response.status_code == 303
    assert [step["topic"] for step in plan.steps()][2] == "Консультация"
    refused = alice.post(f"{plan.address}/steps", data=form | {"minutes": "0"})
    assert refused.status_code == 422
    assert "From 1 to 600, please." in refused.text


def test_missed_steps_are_spread_anew(alice: FlaskClient, plan: Made) -> None:
    plan.begin_earlier(15)
    assert "You are behind by 2 h." in alice.get(plan.address).text
    response = alice.post(f"{plan.address}/replan", follow_redirects=True)
    assert "2 steps were moved." in response.text
    assert "You are behind" not in response.text
    assert [step["week"] for step in plan.steps()] == [3, 3, 3, 4]


def test_after_the_exam_nothing_is_spread(alice: FlaskClient, plan: Made) -> None:
    plan.begin_earlier(0)
    form = {"title": "T", "exam_on": str(plan.today), "minutes_a_week": "240"}
    assert alice.post(f"{plan.address}/edit", data=form).status_code == 303
    plan.begin_earlier(5)
    response = alice.post(f"{plan.address}/replan", follow_redirects=True)
    assert response.text.count("The time of this plan is over.") == 2


def test_a_plan_is_edited_and_deleted(alice: FlaskClient, plan: Made) -> None:
    form = {"title": "Новый", "exam_on": "", "minutes_a_week": "120"}
    assert alice.post(f"{plan.address}/edit", data=form).status_code == 303
    page = alice.get(plan.address).text
    assert "Новый" in page
    assert "Exam on" not in page
    for wrong in ({"minutes_a_week": "7"}, {"exam_on": "1999-01-01"}, {"title": " "}):
        assert alice.post(f"{plan.address}/edit", data=form | wrong).status_code == 422
    assert alice.post(f"{plan.address}/delete").headers["Location"] == "/plans"
    assert alice.get(plan.address).status_code == 404


def test_the_printed_sheet_has_boxes_and_no_controls(alice: FlaskClient, plan: Made) -> None:
    page = alice.get(f"{plan.address}/print").text
    main = page[page.index("<main") : page.index("</main>")]
    assert main.count("plan-box") == 4
    assert "<form" not in main


def test_an_answer_becomes_a_plan_once(
    app: Flask, people: dict[str, int], plan: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        alice_id = people["alice"]
        question = Question(
            user_id=alice_id,
            conversation=Conversation(user_id=alice_id, title="T"),
            text="План на две недели",
            locale="en",
            status="answered",
            meaning={"weeks": 2},
        )
        db.session.add(question)
        db.session.commit()
        form = {"question_id": str(question.id)}

    def retrieve(user: object, meaning: object) -> object:
        return findings_of(db.session.get_one(Material, plan.material_id))

    monkeypatch.setattr(retrieval, "retrieve", retrieve)
    browser = sign_in(app.test_client(), "alice")
    first, second = (browser.post("/plans", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"] != plan.address
    assert "План на две недели" in browser.get(first.headers["Location"]).text
    assert sign_in(app.test_client(), "charlie").post("/plans", data=form).status_code == 404
    assert browser.post("/plans", data={"question_id": "x"}).status_code == 404
