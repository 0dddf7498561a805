"""Reports over the API."""

from __future__ import annotations

from typing import Any

import pytest

from edu.materials.models import MaterialStatus
from tests.keeping import Ask, code_of, json_of, make_ask
from tests.reports.conftest import World, states


@pytest.fixture
def ask(world: World) -> Ask:
    return make_ask(world.app, world.people)


def report(world: World, ask: Ask, name: str, **body: Any) -> Any:
    said = {"reason": "file", "note": "Page 3 is blank.", "place": 3}
    return ask(name, "POST", f"/materials/{world.lecture}/report", said | body)


def test_a_program_reports_and_reads_its_own(world: World, ask: Ask) -> None:
    made = json_of(report(world, ask, "charlie"))
    assert (made["state"], made["place"], made["title"]) == ("open", 3, "Числовые ряды")
    assert made["url"] == f"http://localhost/materials/{world.lecture}"
    assert json_of(report(world, ask, "charlie", reason="content"))["id"] == made["id"]
    (own,) = json_of(ask("charlie", "GET", "/users/me/reports"))["items"]
    assert own["reason"] == "content"
    assert json_of(ask("dora", "GET", "/users/me/reports"))["total"] == 0
    assert code_of(report(world, ask, "")) == (401, "sign_in_required")
    assert code_of(report(world, ask, "alice")) == (403, "forbidden")
    for body in ({"reason": "x"}, {"reason": "other", "note": ""}, {"place": 10**9}, {"note": 1}):
        assert report(world, ask, "charlie", **body).status_code == 422
    hidden = ask("charlie", "POST", f"/materials/{world.hidden}/report", {"reason": "file"})
    assert hidden.status_code == 404


def test_a_report_is_withdrawn_once_and_by_its_reporter(world: World, ask: Ask) -> None:
    report(world, ask, "charlie")
    address = f"/materials/{world.lecture}/report"
    assert ask("dora", "DELETE", address).status_code == 404
    assert ask("charlie", "DELETE", address).status_code == 204
    assert json_of(ask("charlie", "GET", "/users/me/reports"))["total"] == 0
    assert json_of(ask("maria", "GET", "/reports"))["total"] == 0
    assert ask("charlie", "DELETE", address).status_code == 404


def test_moderators_read_and_settle(world: World, ask: Ask) -> None:
    report(world, ask, "charlie")
    report(world, ask, "dora", reason="abuse")
    listed = json_of(ask("maria", "GET", "/reports"))
    (item,) = listed["items"]
    assert (item["material"]["id"], item["count"]) == (world.lecture, 2)
    assert [one["reporter"]["name"] for one in item["reports"]] == ["Dora", "Charlie"]
    assert json_of(ask("boris", "GET", "/reports"))["total"] == 0
    assert code_of(ask("charlie", "GET", "/reports")) == (403, "forbidden")
    settle = f"/reports/{world.lecture}/settle"
    for body in ({}, {"outcome": "open"}, {"outcome": "kept"}, {"outcome": "kept", "answer": 1}):
        assert ask("maria", "POST", settle, body).status_code == 422
    stale = {"outcome": "deleted", "edition": "0" * 16}
    assert code_of(ask("maria", "POST", settle, stale)) == (409, "conflict")
    assert code_of(ask("boris", "POST", settle, {"outcome": "deleted"})) == (403, "forbidden")
    decision = {"outcome": "deleted", "answer": "Thank you.", "edition": item["edition"]}
    done = json_of(ask("maria", "POST", settle, decision))
    assert done == {"material_id": world.lecture, "outcome": "deleted", "reports": 2}
    assert code_of(ask("maria", "POST", settle, {"outcome": "deleted"})) == (409, "conflict")
    with world.app.app_context():
        assert world.material().status == MaterialStatus.ARCHIVED
        assert states() == [("deleted", "Thank you.")] * 2
    (own,) = json_of(ask("charlie", "GET", "/users/me/reports"))["items"]
    assert (own["state"], own["answer"], own["url"]) == ("deleted", "Thank you.", None)
    (news,) = json_of(ask("charlie", "GET", "/users/me/notifications"))["items"]
    assert (news["topic"], news["kind"], news["note"]) == (
        "reports",
        "report_deleted",
        "Thank you.",
    )
