"""A small library and programs that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus, Passage, StoredFile, Tag
from edu.search.indexing import rebuild_index
from edu.tree.service import ensure_category
from tests.conftest import PASSWORD, MakeApp


@dataclass(frozen=True)
class Program:
    """A client of the API with or without a token."""

    client: FlaskClient
    token: str = ""
    refresh_token: str = ""

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api{path}", query_string=query, headers=self._headers())

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.client.post(f"/api{path}", headers=self._headers(), **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        return self.client.patch(f"/api{path}", headers=self._headers(), **more)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(f"/api{path}", headers=self._headers())

    def refresh(self) -> TestResponse:
        return self.client.post("/api/auth/refresh", json={"refresh_token": self.refresh_token})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


ProgramOf = Callable[..., Program]


def sign_in_program(app: Flask, name: str = "alice") -> Program:
    """A program that has signed in with a password."""
    client = app.test_client()
    login = {"email": f"{name}@example.org", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=login)
    assert answer.status_code == 200, answer.text
    assert answer.json
    return Program(client, answer.json["access_token"], answer.json["refresh_token"])


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The application with CSRF checks on, and a queue that nobody works off."""
    return make_app(queue_immediate=False, API_LIMIT="1000 per minute")


@pytest.fixture
def program(app: Flask, people: dict[str, int]) -> ProgramOf:
    """`program("alice")` asks as Alice, `program()` as a stranger."""

    def make(name: str = "") -> Program:
        with app.app_context():
            token = issue_token(db.session.get_one(User, people[name])) if name else ""
        return Program(app.test_client(), token)

    return make


def add_material(owner: int, title: str, **changes: Any) -> int:
    """A material with two pages of text, committed; published unless `status` says otherwise."""
    category = ensure_category("Математический анализ", slug="matan")
    values: dict[str, Any] = {
        "title": title,
        "type": "lecture",
        "status": MaterialStatus.ACTIVE.value,
        "category": ensure_category("Ряды", category, slug="ryady"),
        "uploader_id": owner,
        "published_at": utcnow(),
        "file": StoredFile(
            sha256=f"{abs(hash(title)):064x}"[:64],
            size=1234,
            name="series.pdf",
            media_type="application/pdf",
            pages=2,
        ),
        "passages": [
            Passage(number=1, text="Вступление и содержание курса."),
            Passage(number=2, text=f"Признак Даламбера для рядов: {title}."),
        ],
    }
    material = Material(**(values | changes))
    db.session.add(material)
    db.session.commit()
    return material.id


@pytest.fixture
def library(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Ids by name: Alice's published and pending materials, Maria's about something else."""
    with app.app_context():
        alice, maria = people["alice"], people["maria"]
        tags = [Tag(name="ряды")]
        physics = ensure_category("Физика", slug="fizika")
        ids = {
            "series": add_material(
                alice, "Числовые ряды", tags=tags, rating_mean=4.6, rating_votes=3
            ),
            "problems": add_material(alice, "Задачи о рядах", type="problems"),
            "physics": add_material(maria, "Законы Ньютона", category=physics),
            "pending": add_material(
                alice, "Ещё не проверено", status=MaterialStatus.PENDING.value, published_at=None
            ),
        }
        rebuild_index()
        db.session.commit()
        return ids
