"""The review queue for programs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.tree.service import ensure_category
from tests.api.conftest import Program, sign_in_program
from tests.samples import confine, get_material, make_category, make_material


@pytest.fixture
def pending(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Alice's materials that wait, in two subjects; Maria reviews the first."""
    with app.app_context():
        matan, physics = make_category(), ensure_category("Физика", slug="fizika")
        confine(db.session.get_one(User, people["maria"]), matan)
        return {
            name: make_material(
                people["alice"], MaterialStatus.PENDING, title=name, category=category
            ).id
            for name, category in {"series": matan, "limits": matan, "laws": physics}.items()
        }


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> Program:
    return sign_in_program(app, "maria")


def said(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return answer.json


def read(program: Program, **query: Any) -> Any:
    answer = program.get("/moderation/queue", **query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_queue_holds_what_waits_in_the_own_subjects(
    maria: Program, pending: dict[str, int]
) -> None:
    page = read(maria)
    assert [item["id"] for item in page["items"]] == [pending["series"], pending["limits"]]
    assert (page["total"], page["pages"], page["page"]) == (2, 1, 1)
    assert {item["status"] for item in page["items"]} == {"pending"}
    assert [item["id"] for item in read(maria, per_page=1, page=2)["items"]] == [pending["limits"]]


def test_the_queue_can_be_narrowed(maria: Program, pending: dict[str, int]) -> None:
    assert read(maria, category="matan")["total"] == 2
    assert read(maria, category="fizika")["total"] == 0
    refused = maria.get("/moderation/queue", category="astrologiya")
    assert (refused.status_code, said(refused)["errors"][0]["field"]) == (422, "category")


def test_the_queue_names_materials_with_the_same_file(
    app: Flask, maria: Program, people: dict[str, int], pending: dict[str, int]
) -> None:
    with app.app_context():
        twin = make_material(people["charlie"], title="Twin", content=b"%PDF-1.7 series").id
    assert [item["same_file"] for item in read(maria)["items"]] == [[twin], []]


def test_only_moderators_ask_and_decide(
    app: Flask, people: dict[str, int], pending: dict[str, int]
) -> None:
    stranger, alice = Program(app.test_client()), sign_in_program(app, "alice")
    for program, status in ((stranger, 401), (alice, 403)):
        assert program.get("/moderation/queue").status_code == status
        for act in ("approve", "reject"):
            answer = program.post(f"/moderation/{pending['series']}/{act}", json={"reason": "no"})
            assert answer.status_code == status
    with app.app_context():
        assert get_material(pending["series"]).status == MaterialStatus.PENDING


def test_approval_publishes(app: Flask, maria: Program, pending: dict[str, int]) -> None:
    answer = maria.post(f"/moderation/{pending['series']}/approve")
    assert (answer.status_code, said(answer)["status"]) == (200, "active")
    assert Program(app.test_client()).get(f"/materials/{pending['series']}").status_code == 200
    again = maria.post(f"/moderation/{pending['series']}/approve")
    assert (again.status_code, said(again)["code"]) == (409, "conflict")


def test_rejection_gives_the_uploader_a_reason(
    app: Flask, maria: Program, people: dict[str, int], pending: dict[str, int]
) -> None:
    address = f"/moderation/{pending['series']}/reject"
    assert maria.post(address, json={"reason": " "}).status_code == 422
    assert maria.post(address, json={}).status_code == 422
    assert said(maria.post(address, json={"reason": "Нечётко"}))["status"] == "rejected"
    shown = sign_in_program(app, "alice").get(f"/materials/{pending['series']}").json
    assert shown
    assert shown["reject_reason"] == "Нечётко"


def test_elsewhere_there_is_nothing_to_decide(
    app: Flask, maria: Program, people: dict[str, int], pending: dict[str, int]
) -> None:
    with app.app_context():
        physics = get_material(pending["laws"]).category
        shown = make_material(people["alice"], title="Published", category=physics).id
    assert maria.post(f"/moderation/{pending['laws']}/approve").status_code == 404
    assert maria.post(f"/moderation/{shown}/approve").status_code == 403
    assert maria.post(f"/moderation/{2**31}/approve").status_code == 404


def test_a_decision_is_about_the_edition_that_was_seen(
    app: Flask, maria: Program, pending: dict[str, int]
) -> None:
    seen = read(maria)["items"][0]
    with app.app_context():
        get_material(seen["id"]).description = "Something else"
        db.session.commit()
    address = f"/moderation/{seen['id']}/approve"
    assert maria.post(f"{address}?edition={seen['edition']}").status_code == 409
    now = said(maria.get(f"/materials/{seen['id']}"))["edition"]
    assert maria.post(f"{address}?edition={now}").status_code == 200
