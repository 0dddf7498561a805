"""The subject tree over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.accounts.models import Role, User
from edu.api.security import issue_token
from edu.catalog.models import Category, MaterialType
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.tokens.models import Scope
from edu.tokens.service import make_personal_token
from edu.tree.service import ensure_category
from tests.conftest import make_user
from tests.samples import make_material

Ask = Callable[..., TestResponse]


@pytest.fixture
def ids(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Maths with its part, and an administrator."""
    with app.app_context():
        make_user("ada", Role.ADMIN)
        maths = ensure_category("Математика", slug="maths", aliases=["матан"])
        series = ensure_category("Ряды", maths)
        db.session.commit()
        make_material(people["alice"], category=series)
        make_material(people["alice"], MaterialStatus.PENDING, category=series)
        return {"maths": maths.id, "series": series.id}


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Ask:
    """`ask("ada", "post", "/categories", json={…})`; "" is a stranger."""

    def send(name: str, method: str, path: str, **more: Any) -> TestResponse:
        headers = {}
        if name:
            with app.app_context():
                user = db.session.query(User).filter_by(email=f"{name}@example.org").one()
                headers = {"Authorization": f"Bearer {issue_token(user)}"}
        return client.open(f"/api{path}", method=method.upper(), headers=headers, **more)

    return send


def test_the_tree_is_everybodys(ask: Ask, ids: dict[str, int]) -> None:
    tree = ask("", "get", "/categories").json
    assert tree == {
        "items": [
            {
                "id": ids["maths"],
                "name": "Математика",
                "slug": "maths",
                "path": "maths",
                "parent_id": None,
                "position": 0,
                "aliases": ["матан"],
                "materials": 1,
                "children": [
                    {
                        "id": ids["series"],
                        "name": "Ряды",
                        "slug": "ryady",
                        "path": "maths/ryady",
                        "parent_id": ids["maths"],
                        "position": 0,
                        "aliases": [],
                        "materials": 1,
                        "children": [],
                    }
                ],
            }
        ]
    }
    assert ask("", "get", f"/categories/{ids['series']}").json == tree["items"][0]["children"][0]
    assert ask("", "get", "/categories/999").status_code == 404
    assert ask("", "get", f"/categories/{10**20}").status_code == 404


def test_every_type_has_a_name(ask: Ask) -> None:
    answer = ask("", "get", "/material-types").json
    assert answer is not None
    assert [item["type"] for item in answer["items"]] == list(MaterialType)
    assert answer["items"][0]["label"] == "Lecture"


@pytest.mark.parametrize(("name", "status"), [("", 401), ("alice", 403), ("maria", 403)])
def test_only_administrators_change_the_tree(
    ask: Ask, ids: dict[str, int], name: str, status: int
) -> None:
    one = f"/categories/{ids['series']}"
    assert ask(name, "post", "/categories", json={"name": "Физика"}).status_code == status
    assert ask(name, "patch", one, json={"name": "Физика"}).status_code == status
    assert ask(name, "delete", one).status_code == status
    # Who may not do it is not told whether the thing is there.
    assert ask(name, "delete", "/categories/999").status_code == status


def test_a_personal_token_needs_the_scope_for_writing(
    app: Flask, client: FlaskClient, ids: dict[str, int]
) -> None:
    statuses = {}
    for scope in (Scope.READ, Scope.WRITE):
        with app.app_context():
            ada = db.session.query(User).filter_by(email="ada@example.org").one()
            _token, secret = make_personal_token(ada, "script", [scope])
            db.session.commit()
        headers = {"Authorization": f"Bearer {secret}"}
        body = {"name": f"By {scope}"}
        statuses[scope] = client.post("/api/categories", json=body, headers=headers).status_code
    assert statuses == {Scope.READ: 403, Scope.WRITE: 201}


def test_a_part_is_added(ask: Ask, ids: dict[str, int]) -> None:
    body = {"name": "Пределы", "parent_id": ids["maths"], "aliases": ["Limits"], "slug": "lim"}
    answer = ask("ada", "post", "/categories", json=body)
    assert answer.status_code == 201
    assert answer.json is not None
    assert (answer.json["path"], answer.json["aliases"]) == ("maths/lim", ["limits"])
    assert answer.json["position"] == 1
    assert answer.headers["Location"] == f"/api/categories/{answer.json['id']}"
    again = ask("ada", "post", "/categories", json=body)
    assert (again.status_code, again.content_type) == (409, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 121},
        {"name": "a\0b"},
        {"name": "x", "slug": "12"},
        {"name": "x", "slug": "Ы"},
        {"name": "x", "parent_id": 999},
        {"name": "x", "parent_id": 2**40},
        {"name": "x", "aliases": ["a" * 81]},
        {"name": "x", "aliases": "word"},
        [],
    ],
)
def test_what_makes_no_sense_is_refused(ask: Ask, ids: dict[str, int], body: Any) -> None:
    answer = ask("ada", "post", "/categories", json=body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_a_category_is_renamed_moved_and_given_words(
    ask: Ask, app: Flask, ids: dict[str, int]
) -> None:
    one = f"/categories/{ids['series']}"
    changed = ask("ada", "patch", one, json={"name": "Суммы", "aliases": ["ряды"]}).json
    assert changed is not None
    assert (changed["name"], changed["path"]) == ("Суммы", "maths/ryady")
    assert changed["aliases"] == ["ряды"]
    moved = ask("ada", "patch", one, json={"parent_id": None, "position": 0}).json
    assert moved is not None
    assert (moved["path"], moved["position"], moved["aliases"]) == ("ryady", 0, ["ряды"])
    ring = ask("ada", "patch", f"/categories/{ids['maths']}", json={"parent_id": ids["maths"]})
    assert ring.status_code == 422
    with app.app_context():
        assert db.session.get_one(Category, ids["maths"]).position == 1


def test_a_refused_change_changes_nothing(ask: Ask, app: Flask, ids: dict[str, int]) -> None:
    body = {"parent_id": None, "slug": "12"}
    assert ask("ada", "patch", f"/categories/{ids['series']}", json=body).status_code == 422
    with app.app_context():
        assert db.session.get_one(Category, ids["series"]).parent_id == ids["maths"]


def test_only_what_is_empty_is_deleted(ask: Ask, ids: dict[str, int]) -> None:
    full = ask("ada", "delete", f"/categories/{ids['maths']}")
    assert (full.status_code, full.json and full.json["code"]) == (409, "not_empty")
    made = ask("ada", "post", "/categories", json={"name": "Empty"}).json
    assert made is not None
    assert ask("ada", "delete", f"/categories/{made['id']}").status_code == 204
    assert ask("ada", "delete", f"/categories/{made['id']}").status_code == 404
