"""Collections over the API."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from flask import Flask

from edu.extensions import db
from edu.materials.models import MaterialStatus
from tests.keeping import Ask, code_of, ids_of, json_of, make_ask, make_materials
from tests.samples import get_material, make_material

PRIVATE = {"title": "К экзамену"}


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


def make_collection(ask: Ask, **fields: Any) -> str:
    answer = ask("alice", "POST", "/collections", {**PRIVATE, **fields})
    made = json_of(answer, 201)
    assert answer.headers["Location"] == f"/api/collections/{made['key']}"
    return str(made["key"])


def test_a_collection_is_made_changed_and_deleted(ask: Ask) -> None:
    key = make_collection(ask, description="Повторить")
    made = json_of(ask("alice", "GET", f"/collections/{key}"))
    assert made["title"] == "К экзамену"
    assert (made["visibility"], made["owner"]["name"]) == ("private", "Alice")
    assert (made["items"], made["hidden"], made["total"]) == ([], 0, 0)
    changed = json_of(ask("alice", "PATCH", f"/collections/{key}", {"visibility": "link"}))
    assert (changed["visibility"], changed["description"]) == ("link", "Повторить")
    assert json_of(ask("alice", "PATCH", f"/collections/{key}", {}))["title"] == "К экзамену"
    [own] = json_of(ask("alice", "GET", "/users/me/collections"))["items"]
    assert own["url"] == f"http://localhost/collections/{key}"
    assert ask("alice", "DELETE", f"/collections/{key}").status_code == 204
    assert code_of(ask("alice", "GET", f"/collections/{key}")) == (404, "not_found")
    assert code_of(ask("alice", "DELETE", f"/collections/{key}")) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": " \t"},
        {"title": "т" * 121},
        {"title": "\0"},
        {"title": "\ud800"},
        {"title": "т", "description": "о" * 2001},
        {"title": "т", "visibility": "nobody"},
        {"title": 5},
    ],
)
def test_bad_collections_are_refused(ask: Ask, body: dict[str, Any]) -> None:
    assert code_of(ask("alice", "POST", "/collections", body)) == (422, "invalid")


def test_items_are_put_noted_placed_and_removed(ask: Ask, materials: list[int]) -> None:
    first, second, third = materials
    items = f"/collections/{make_collection(ask)}/items"
    for one in materials:
        put = json_of(ask("alice", "PUT", f"{items}/{one}", {}))
    assert (put["position"], put["note"], put["material"]["id"]) == (3, "", third)
    noted = json_of(ask("alice", "PUT", f"{items}/{third}", {"note": " Начать ", "position": 1}))
    assert (noted["position"], noted["note"]) == (1, "Начать")
    again = json_of(ask("alice", "PUT", f"{items}/{third}", {"position": 500}))
    assert (again["position"], again["note"]) == (3, "Начать")
    address = items.removesuffix("/items")
    assert ids_of(ask("alice", "GET", address)) == [first, second, third]
    ordered = ask("alice", "PUT", f"{address}/order", {"material_ids": [third, first, 10**6]})
    assert ids_of(ordered) == [third, second, first]
    assert ask("alice", "DELETE", f"{items}/{second}").status_code == 204
    assert code_of(ask("alice", "DELETE", f"{items}/{second}")) == (404, "not_found")
    assert ask("alice", "DELETE", f"{items}/{2**70}").status_code == 404
    page = json_of(ask("alice", "GET", f"{address}?per_page=1&page=2"))
    assert (page["total"], page["pages"], page["items"][0]["position"]) == (2, 2, 2)
    bad: list[Any] = [{"note": "н" * 501}, {"position": 0}, {"position": 501}, {"note": 1}, []]
    for body in bad:
        assert code_of(ask("alice", "PUT", f"{items}/{first}", body)) == (422, "invalid")
    for ids in ([0], [2**31], ["x"], list(range(1, 502)), None):
        refused = ask("alice", "PUT", f"{address}/order", {"material_ids": ids})
        assert code_of(refused) == (422, "invalid")


def test_the_archive_has_the_files_in_order(ask: Ask, materials: list[int]) -> None:
    address = f"/collections/{make_collection(ask, visibility='link')}"
    assert code_of(ask("alice", "GET", f"{address}/zip")) == (409, "empty")
    for one in reversed(materials):
        ask("alice", "PUT", f"{address}/items/{one}", {})
    answer = ask("", "GET", f"{address}/zip")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == [f"{n:02} Material {3 - n}.pdf" for n in (1, 2, 3)]


@pytest.mark.parametrize("visibility", ["private", "link", "public"])
def test_others_read_what_is_not_private_and_change_nothing(
    ask: Ask, materials: list[int], visibility: str
) -> None:
    address = f"/collections/{make_collection(ask, visibility=visibility)}"
    ask("alice", "PUT", f"{address}/items/{materials[0]}", {})
    private = visibility == "private"
    for name in ("", "charlie", "maria"):
        assert ask(name, "GET", address).status_code == (404 if private else 200)
        assert ask(name, "GET", f"{address}/zip").status_code == (404 if private else 200)
        listed = json_of(ask(name, "GET", "/collections"))["items"]
        assert [one["materials"] for one in listed] == ([1] if visibility == "public" else [])
    item = f"{address}/items/{materials[0]}"
    changes: list[tuple[str, str, Any]] = [
        ("PATCH", address, {"title": "Mine"}),
        ("DELETE", address, None),
        ("PUT", item, {}),
        ("DELETE", item, None),
        ("PUT", f"{address}/order", {"material_ids": []}),
    ]
    for method, path, body in changes:
        refused = (404, "not_found") if private else (403, "forbidden")
        assert code_of(ask("charlie", method, path, body)) == refused
        assert code_of(ask("", method, path, body)) == (401, "sign_in_required")
    assert ids_of(ask("alice", "GET", address)) == [materials[0]]


def test_what_is_not_published_is_counted_for_the_owner_only(
    app: Flask, ask: Ask, materials: list[int]
) -> None:
    address = f"/collections/{make_collection(ask, visibility='public')}"
    for one in materials[:2]:
        ask("alice", "PUT", f"{address}/items/{one}", {})
    with app.app_context():
        get_material(materials[0]).status = MaterialStatus.ARCHIVED.value
        hidden = make_material(get_material(materials[0]).uploader_id, MaterialStatus.PENDING).id
        db.session.commit()
    shown = json_of(ask("alice", "GET", address))
    assert (shown["materials"], shown["hidden"], len(shown["items"])) == (1, 1, 1)
    shown = json_of(ask("charlie", "GET", address))
    assert (shown["materials"], shown["hidden"]) == (1, 0)
    assert code_of(ask("alice", "PUT", f"{address}/items/{hidden}", {})) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/me/collections"),
        ("POST", "/collections"),
    ],
)
def test_strangers_are_asked_for_a_token(ask: Ask, method: str, path: str) -> None:
    assert code_of(ask("", method, path)) == (401, "sign_in_required")


@pytest.mark.parametrize("key", ["x", "%00", "a" * 40, "%D0%B0", "..%2F"])
def test_odd_keys_are_not_found(ask: Ask, key: str) -> None:
    assert ask("alice", "GET", f"/collections/{key}").status_code == 404
