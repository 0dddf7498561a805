"""Edits and files for programs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from edu.extensions import db
from edu.library.models import HistoryEntry
from edu.materials.models import MaterialStatus
from tests.api.conftest import Program, sign_in_program
from tests.samples import get_material, make_material

PDF = b"%PDF-1.7 another one"


@pytest.fixture
def programs(app: Flask, people: dict[str, int]) -> dict[str, Program]:
    """A program of each of the three, and of a stranger."""
    signed_in = {name: sign_in_program(app, name) for name in people}
    return {"stranger": Program(app.test_client()), **signed_in}


def said(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return answer.json


def send(program: Program, material_id: int, content: bytes = PDF) -> Any:
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(content), "new.pdf")})
    kind = f"multipart/form-data; boundary={boundary}"
    return program.post(f"/materials/{material_id}/versions", data=body, content_type=kind)


# Edits ----------------------------------------------------------------------------------------


def test_an_edit_changes_only_what_is_sent(
    programs: dict[str, Program], own: dict[str, int]
) -> None:
    alice, address = programs["alice"], f"/materials/{own['pending']}"
    before = alice.get(address).json
    assert before
    answer = alice.patch(address, json={"tags": ["Ряды", "пределы"], "description": None})
    assert answer.status_code == 200, answer.text
    after = answer.json
    assert after
    assert after.pop("edition") != before.pop("edition")
    assert after == before | {"tags": ["пределы", "ряды"]}
    assert said(alice.patch(address, json={}))["tags"] == ["пределы", "ряды"]


def test_an_edit_sends_back_into_review(programs: dict[str, Program], own: dict[str, int]) -> None:
    answer = programs["alice"].patch(f"/materials/{own['rejected']}", json={"title": "Чётко"})
    assert (said(answer)["status"], said(answer)["title"]) == ("pending", "Чётко")


@pytest.mark.parametrize(
    ("name", "state", "status"),
    [
        ("stranger", "active", 401),
        ("charlie", "active", 403),
        ("charlie", "pending", 404),
        ("alice", "active", 403),
        ("alice", "failed", 200),
        ("maria", "active", 200),
        ("maria", "pending", 200),
    ],
)
def test_who_edits(
    programs: dict[str, Program], own: dict[str, int], name: str, state: str, status: int
) -> None:
    answer = programs[name].patch(f"/materials/{own[state]}", json={"title": "Новое"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("scopes", "state", "person", "status"),
    [
        (["write"], "pending", "alice", 200),
        (["write"], "active", "maria", 403),
        (["moderate"], "active", "maria", 403),
        (["write", "moderate"], "active", "maria", 200),
    ],
)
def test_a_token_for_ones_own_edits_nothing_of_others(
    programs: dict[str, Program],
    own: dict[str, int],
    scopes: list[str],
    state: str,
    person: str,
    status: int,
) -> None:
    made = programs[person].post("/users/me/tokens", json={"name": "script", "scopes": scopes})
    script = Program(programs[person].client, said(made)["token"])
    answer = script.patch(f"/materials/{own[state]}", json={"title": "Новое"})
    assert answer.status_code == status
    if status == 403:
        assert said(answer)["code"] == "missing_scope"


def test_an_edit_of_what_has_changed_is_refused(
    programs: dict[str, Program], own: dict[str, int]
) -> None:
    maria, address = programs["maria"], f"/materials/{own['pending']}"
    edition = said(maria.get(address))["edition"]
    assert maria.patch(address, json={"title": "Раз", "edition": edition}).status_code == 200
    answer = maria.patch(address, json={"title": "Два", "edition": edition})
    assert (answer.status_code, said(answer)["code"]) == (409, "conflict")
    assert said(maria.get(address))["title"] == "Раз"


def test_an_edit_says_when_it_is_studied(programs: dict[str, Program], own: dict[str, int]) -> None:
    alice, address = programs["alice"], f"/materials/{own['pending']}"
    change = {"semester": 4, "year": 2024, "language": "en"}
    answer = said(alice.patch(address, json=change))
    assert {name: answer[name] for name in change} == change
    assert said(alice.patch(address, json={"title": "Другое"})).items() >= change.items()
    gone = said(alice.patch(address, json={"semester": 0, "year": 0, "language": ""}))
    assert (gone["semester"], gone["year"], gone["language"]) == (None, None, "ru")


def test_a_published_material_stays_in_the_moderators_subjects(
    programs: dict[str, Program], own: dict[str, int], subjects: dict[str, int]
) -> None:
    maria, address = programs["maria"], f"/materials/{own['active']}"
    assert maria.patch(address, json={"category_id": subjects["physics"]}).status_code == 403
    moved = maria.patch(address, json={"category_id": subjects["part"]})
    assert said(moved)["category"]["path"] == "matan/ryady"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"type": "song"}, "type"),
        ({"category_id": 999}, "category_id"),
        ({"tags": "ряды"}, "tags"),
        ({"tags": [str(n) for n in range(16)]}, "tags"),
        ({"semester": 13}, "semester"),
        ({"semester": -1}, "semester"),
        ({"year": 1989}, "year"),
        ({"year": 2099}, "year"),
        ({"language": "de"}, "language"),
    ],
)
def test_a_refused_edit_names_the_field(
    programs: dict[str, Program], own: dict[str, int], body: dict[str, Any], field: str
) -> None:
    answer = programs["alice"].patch(f"/materials/{own['pending']}", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in said(answer)["errors"]] == [field]


# Files ----------------------------------------------------------------------------------------


def test_a_new_file_is_taken_and_looked_through(
    app: Flask, programs: dict[str, Program], own: dict[str, int]
) -> None:
    answer = send(programs["alice"], own["pending"])
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/materials/{own['pending']}"
    assert said(answer)["file"]["name"] == "new.pdf"
    with app.app_context():  # such a PDF cannot be read: that it was tried shows the job ran
        assert get_material(own["pending"]).status == MaterialStatus.FAILED
    again = send(programs["maria"], own["rejected"], b"%PDF-1.7 It is active")
    assert (again.status_code, said(again)["material_id"]) == (409, own["active"])
    assert send(programs["alice"], own["pending"], b"words").json["code"] == "unknown_type"
    missing = programs["alice"].post(f"/materials/{own['pending']}/versions", data={})
    assert missing.status_code == 422


@pytest.mark.parametrize(
    ("name", "state", "status"),
    [
        ("stranger", "active", 401),
        ("charlie", "active", 403),
        ("charlie", "pending", 404),
        ("alice", "active", 403),
        ("maria", "archived", 403),
        ("maria", "active", 201),
    ],
)
def test_who_replaces(
    programs: dict[str, Program], own: dict[str, int], name: str, state: str, status: int
) -> None:
    assert send(programs[name], own[state]).status_code == status


def test_a_big_body_of_others_is_not_read(
    app: Flask, programs: dict[str, Program], own: dict[str, int]
) -> None:
    incoming = app.extensions["edu.settings"].data_dir / "incoming"
    before = set(incoming.iterdir())
    big = b"%PDF-1.7" + b"\0" * 3_000_000
    for name, state, status in (
        ("stranger", "pending", 401),
        ("charlie", "pending", 404),
        ("alice", "active", 403),
    ):
        assert send(programs[name], own[state], big).status_code == status
    assert set(incoming.iterdir()) == before
    assert send(programs["alice"], own["pending"], big).status_code == 201


def test_moderators_list_and_fetch_versions(
    programs: dict[str, Program], people: dict[str, int], own: dict[str, int]
) -> None:
    maria, address = programs["maria"], f"/materials/{own['pending']}"
    old = programs["alice"].get(f"{address}/file").data
    send(programs["alice"], own["pending"])
    found = maria.get(f"{address}/versions").json
    assert found
    assert [one["number"] for one in found["items"]] == [2, 1]
    assert found["items"][0]["file"]["name"] == "new.pdf"
    assert found["items"][0]["author"] == {"id": people["alice"], "name": "Alice"}
    assert found["items"][1]["url"] == f"/api{address}/versions/1/file"
    assert maria.get(f"{address}/versions/1/file").data == old
    assert maria.get(f"{address}/versions/2/file").data == PDF
    for number in (0, 3, 2**31):
        assert maria.get(f"{address}/versions/{number}/file").status_code == 404
    for part in ("versions", "versions/1/file"):
        statuses = {name: p.get(f"{address}/{part}").status_code for name, p in programs.items()}
        assert statuses == {"stranger": 401, "charlie": 404, "alice": 403, "maria": 200}


def test_the_present_file_comes_whole_and_in_parts(
    app: Flask, programs: dict[str, Program], people: dict[str, int], own: dict[str, int]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], title="Bytes", content=b"0123456789").id
    stranger, address = programs["stranger"], f"/materials/{material_id}/file"
    whole = stranger.get(address)
    assert (whole.status_code, whole.data) == (200, b"0123456789")
    assert whole.content_type == "application/pdf"
    assert whole.headers["Content-Disposition"].startswith("inline")
    saved = stranger.get(address, download="true").headers["Content-Disposition"]
    assert saved.startswith("attachment")
    client = stranger.client
    part = client.get(f"/api{address}", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data) == (206, b"234")
    same = client.get(f"/api{address}", headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    beyond = client.get(f"/api{address}", headers={"Range": "bytes=20-"})
    assert (beyond.status_code, beyond.content_type) == (416, "application/problem+json")
    assert stranger.get(f"/materials/{own['pending']}/file").status_code == 404
    assert programs["alice"].get(f"/materials/{own['pending']}/file").status_code == 200


# Views ----------------------------------------------------------------------------------------


def test_a_view_is_counted_once_a_day(
    app: Flask, programs: dict[str, Program], people: dict[str, int], own: dict[str, int]
) -> None:
    address = f"/materials/{own['active']}/view"
    for name in ("charlie", "charlie", "maria", "stranger", "stranger"):
        answer = programs[name].post(address)
        assert (answer.status_code, answer.data) == (204, b"")
    assert said(programs["stranger"].get(f"/materials/{own['active']}"))["views"] == 3
    assert programs["charlie"].post(f"/materials/{own['pending']}/view").status_code == 404
    with app.app_context():
        kept = db.session.query(HistoryEntry).filter_by(material_id=own["active"])
        assert {entry.user_id for entry in kept} == {people["charlie"], people["maria"]}
