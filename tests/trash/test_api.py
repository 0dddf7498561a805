"""The trash for programs."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from edu.api.security import Scope
from edu.extensions import db
from edu.materials.models import Material
from edu.tokens.service import make_personal_token
from tests.api.conftest import Program, sign_in_program
from tests.trash.conftest import World


@pytest.fixture
def programs(world: World) -> dict[str, Program]:
    return {name: sign_in_program(world.app, name) for name in ("alice", "maria", "boris")}


def said(answer: TestResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def test_into_the_trash_out_of_it_and_for_good(world: World, programs: dict[str, Program]) -> None:
    alice, number = programs["alice"], world.own["pending"]
    entry = said(alice.delete(f"/materials/{number}"))
    assert (entry["material"]["id"], entry["material"]["status"]) == (number, "archived")
    assert (entry["deleted_by"]["name"], entry["may_restore"]) == ("Alice", True)
    assert entry["until"][:10] > entry["deleted_at"][:10]
    assert said(alice.get("/trash"))["items"] == [entry]
    assert said(alice.delete(f"/materials/{number}"), 409)["code"] == "conflict"
    assert said(alice.post(f"/materials/{number}/restore"))["status"] == "pending"
    assert said(alice.get("/trash"))["total"] == 0
    said(alice.post(f"/materials/{number}/restore"), 404)
    said(alice.delete(f"/trash/{number}"), 404)
    said(alice.delete(f"/materials/{number}"))
    assert alice.delete(f"/trash/{number}").status_code == 204
    said(alice.get(f"/materials/{number}"), 404)
    with world.app.app_context():
        assert db.session.get(Material, number) is None


def test_a_moderator_gives_a_reason(world: World, programs: dict[str, Program]) -> None:
    number = world.own["active"]
    said(programs["alice"].delete(f"/materials/{number}"), 403)
    said(programs["maria"].delete(f"/materials/{number}?reason={'x' * 1001}"), 422)
    said(programs["maria"].delete(f"/materials/{number}?reason=copied"))
    (seen,) = said(programs["alice"].get("/trash"))["items"]
    assert (seen["reason"], seen["may_restore"]) == ("copied", False)
    for method, path in (("post", f"/materials/{number}/restore"), ("delete", f"/trash/{number}")):
        said(getattr(programs["alice"], method)(path), 403)
        said(getattr(programs["boris"], method)(path), 404)
    (told,) = said(programs["alice"].get("/users/me/notifications"))["items"]
    assert (told["kind"], told["note"]) == ("deleted", "copied")


def test_what_is_anothers_needs_the_scope_of_moderators(world: World) -> None:
    number = world.own["active"]
    with world.app.app_context():
        maria = world.person("maria")
        _row, secret = make_personal_token(maria, "script", [Scope.READ, Scope.WRITE])
        db.session.commit()
    script = Program(world.app.test_client(), secret)
    said(script.delete(f"/materials/{number}"), 403)
    with world.app.app_context():
        world.delete("active", by="maria")
    said(script.post(f"/materials/{number}/restore"), 403)
    said(script.delete(f"/trash/{number}"), 403)
    said(script.get("/trash"))
