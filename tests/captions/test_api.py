"""Subtitles over the API."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.api.security import Scope, issue_token
from edu.extensions import db
from edu.media import captions
from edu.tokens.service import make_personal_token
from tests.captions.conftest import make_video
from tests.conftest import MakeApp, make_people
from tests.samples import get_material

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nПризнак Коши сходится\n"


class Program:
    """A client with a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def put(self, video: int, language: str, said: str | bytes) -> TestResponse:
        content = said.encode() if isinstance(said, str) else said
        form = {"file": (io.BytesIO(content), "a.vtt")}
        return self.ask("PUT", f"/{video}/captions/{language}", data=form)

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        address = f"/api/materials{path}"
        return self.client.open(address, method=method, headers=self.headers, **more)


@pytest.fixture
def programs(app: Flask, people: dict[str, int]) -> dict[str, Program]:
    with app.app_context():
        tokens = {name: issue_token(db.session.get_one(User, people[name])) for name in people}
    return {name: Program(app.test_client(), token) for name, token in tokens.items()}


def test_put_list_get_and_delete(app: Flask, programs: dict[str, Program], pending_id: int) -> None:
    alice = programs["alice"]
    saved = alice.put(pending_id, "ru", VTT)
    assert saved.status_code == 200, saved.text
    assert saved.json
    url = f"/api/materials/{pending_id}/captions/ru"
    told = {key: saved.json[key] for key in ("language", "lines", "author", "url", "timed")}
    assert told == {"language": "ru", "lines": 1, "author": "Alice", "url": url, "timed": True}
    listed = alice.ask("GET", f"/{pending_id}/captions").json
    assert listed
    assert [one["language"] for one in listed["items"]] == ["ru"]
    got = alice.ask("GET", f"/{pending_id}/captions/ru")
    assert got.content_type == "text/vtt; charset=utf-8"
    assert "Признак Коши" in got.text
    with app.app_context():
        assert [p.number for p in get_material(pending_id).passages] == [0, 1, 95]
    assert alice.ask("DELETE", f"/{pending_id}/captions/ru").status_code == 204
    assert alice.ask("GET", f"/{pending_id}/captions/ru").status_code == 404
    assert alice.ask("DELETE", f"/{pending_id}/captions/ru").status_code == 404


def test_refusals(
    programs: dict[str, Program], pending_id: int, active_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, charlie = programs["alice"], programs["charlie"]
    assert charlie.put(pending_id, "ru", VTT).status_code == 404
    assert alice.put(active_id, "ru", VTT).status_code == 403
    assert programs["maria"].put(active_id, "ru", "just text").json["timed"] is False  # type: ignore[index]  # JSON
    binary = alice.put(pending_id, "ru", b"\0")
    assert (binary.status_code, binary.json and binary.json["code"]) == (422, "not_text")
    assert alice.put(pending_id, "xx", VTT).status_code == 422
    assert alice.ask("PUT", f"/{pending_id}/captions/ru").status_code == 422
    monkeypatch.setattr(captions, "MAX_BYTES", 10)
    assert alice.put(pending_id, "ru", VTT).status_code == 413


def test_a_token_for_other_things_does_not_do(
    app: Flask, people: dict[str, int], pending_id: int
) -> None:
    with app.app_context():
        user = db.session.get_one(User, people["alice"])
        _token, secret = make_personal_token(user, "script", [Scope.READ])
        db.session.commit()
    program = Program(app.test_client(), secret)
    assert program.put(pending_id, "ru", VTT).status_code == 403
    assert program.ask("GET", f"/{pending_id}/captions").status_code == 200


@pytest.mark.parametrize(("limit", "others"), [("UPLOAD_LIMIT", 200), ("API_LIMIT", 429)])
def test_files_are_limited_as_on_the_page_and_as_any_request(
    make_app: MakeApp, limit: str, others: int
) -> None:
    app = make_app(**{limit: "2 per hour"})
    with app.app_context():
        user = db.session.get_one(User, make_people(app)["alice"])
        video, token = make_video(user.id), issue_token(user)
    alice = Program(app.test_client(), token)
    assert [alice.put(video, "ru", VTT).status_code for _ in range(3)] == [200, 200, 429]
    assert alice.ask("GET", f"/{video}/captions").status_code == others
