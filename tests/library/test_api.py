"""History and uploads over the API."""

from __future__ import annotations

import pytest
from flask import Flask

from edu.extensions import db
from edu.materials.models import MaterialStatus
from tests.keeping import Ask, code_of, ids_of, json_of, make_ask, make_materials
from tests.samples import get_material, make_material


@pytest.fixture
def app(any_app: Flask) -> Flask:
    """The application on each database in turn."""
    return any_app


@pytest.fixture
def ask(app: Flask, people: dict[str, int]) -> Ask:
    return make_ask(app, people)


@pytest.fixture
def materials(app: Flask, people: dict[str, int]) -> list[int]:
    return make_materials(app, people["maria"])


def test_the_history_is_written_read_and_forgotten(ask: Ask, materials: list[int]) -> None:
    first, second, _third = materials
    saved = json_of(ask("alice", "PUT", f"/users/me/history/{first}", {"place": 12}))
    assert saved["place"] == 12
    assert saved["url"] == f"http://localhost/materials/{first}?page=12"
    ask("alice", "PUT", f"/users/me/history/{second}", {"place": 0})
    ask("alice", "PUT", f"/users/me/history/{first}", {"place": 13})
    listed = json_of(ask("alice", "GET", "/users/me/history"))
    assert [(i["material"]["id"], i["place"]) for i in listed["items"]] == [
        (first, 13),
        (second, 0),
    ]
    assert listed["total"] == 2
    page = json_of(ask("alice", "GET", "/users/me/history?per_page=1&page=2"))
    assert (page["pages"], page["items"][0]["url"]) == (2, f"http://localhost/materials/{second}")
    assert json_of(ask("charlie", "GET", "/users/me/history"))["items"] == []
    gone = ask("alice", "DELETE", f"/users/me/history/{first}")
    assert (gone.status_code, gone.data) == (204, b"")
    assert ids_of(ask("alice", "GET", "/users/me/history")) == [second]
    assert ask("alice", "DELETE", "/users/me/history").status_code == 204
    assert ids_of(ask("alice", "GET", "/users/me/history")) == []
    assert ask("alice", "DELETE", f"/users/me/history/{2**70}").status_code == 204


def test_places_out_of_bounds_and_hidden_materials_are_refused(
    app: Flask, ask: Ask, materials: list[int]
) -> None:
    address = f"/users/me/history/{materials[0]}"
    for place in (-1, 31, 2**40, "3", None, 1.5, True):
        answer = ask("alice", "PUT", address, {"place": place})
        assert code_of(answer) == (422, "invalid"), place
        assert json_of(answer, 422)["errors"][0]["field"] == "place"
    assert code_of(ask("alice", "PUT", address, [])) == (422, "invalid")
    with app.app_context():
        get_material(materials[0]).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    assert code_of(ask("alice", "PUT", address, {"place": 1})) == (404, "not_found")
    assert ask("alice", "PUT", f"/users/me/history/{2**70}", {"place": 1}).status_code == 404


def test_uploads_tell_their_state_and_why(
    app: Flask, ask: Ask, people: dict[str, int], materials: list[int]
) -> None:
    with app.app_context():
        alice, rejected = people["alice"], MaterialStatus.REJECTED
        make_material(alice, MaterialStatus.FAILED, title="Locked", error="encrypted")
        make_material(alice, rejected, title="Blurred", reject_reason="Scan it anew.")
        make_material(alice, title="Fine")
    listed = json_of(ask("alice", "GET", "/users/me/uploads"))
    reasons = {item["title"]: item["reason"] for item in listed["items"]}
    locked = "The file is protected by a password."
    assert reasons == {"Fine": "", "Blurred": "Scan it anew.", "Locked": reasons["Locked"]}
    assert locked in reasons["Locked"]
    assert listed["counts"] == {"failed": 1, "rejected": 1, "active": 1}
    narrowed = json_of(ask("alice", "GET", "/users/me/uploads?status=rejected"))
    assert [item["title"] for item in narrowed["items"]] == ["Blurred"]
    assert code_of(ask("alice", "GET", "/users/me/uploads?status=lost")) == (422, "invalid")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/me/history"),
        ("DELETE", "/users/me/history"),
        ("PUT", "/users/me/history/1"),
        ("DELETE", "/users/me/history/1"),
        ("GET", "/users/me/uploads"),
    ],
)
def test_strangers_are_asked_for_a_token(ask: Ask, method: str, path: str) -> None:
    assert code_of(ask("", method, path)) == (401, "sign_in_required")
