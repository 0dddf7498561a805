"""People who ask the API for what they keep, and materials to be kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.extensions import db
from tests.samples import make_material

Ask = Callable[..., TestResponse]


def make_ask(app: Flask, people: dict[str, int]) -> Ask:
    """`ask("alice", "PUT", "/collections/…", body)`; a stranger has the name ""."""
    with app.app_context():
        tokens = {n: issue_token(db.session.get_one(User, i)) for n, i in people.items()}

    def send(name: str, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {tokens[name]}"} if name else {}
        return app.test_client().open(f"/api{path}", method=method, json=body, headers=headers)

    return send


def make_materials(app: Flask, owner: int) -> list[int]:
    """Three published ones, of 30 pages each."""
    with app.app_context():
        made = [make_material(owner, title=f"Material {n}") for n in range(3)]
        for material in made:
            material.file.pages = 30
        db.session.commit()
        return [material.id for material in made]


def json_of(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    """What was answered, if with this status."""
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def code_of(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


def ids_of(answer: TestResponse) -> list[int]:
    """Ids of the materials of a list."""
    return [item["material"]["id"] for item in json_of(answer)["items"]]


def all_at_once(app: Flask, act: Callable[[User, int], None], windows: int) -> None:
    """Alice does `act` in so many windows, each with a number of its own."""

    def work(number: int) -> None:
        with app.app_context():
            act(db.session.execute(db.select(User).filter_by(name="Alice")).scalar_one(), number)
            db.session.commit()

    with ThreadPoolExecutor(windows) as pool:
        list(pool.map(work, range(windows)))
