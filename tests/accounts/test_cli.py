"""`flask users …`"""

from __future__ import annotations

from flask import Flask

from edu.accounts import service
from edu.accounts.models import User
from edu.extensions import db
from edu.tree.service import ensure_category
from tests.conftest import PASSWORD, sign_in


def test_an_account_is_made_with_its_role(app: Flask) -> None:
    arguments = ["users", "create", "Maria@example.org", "--role", "moderator"]
    result = app.test_cli_runner().invoke(args=[*arguments, "--password", PASSWORD])
    assert (result.exit_code, result.output) == (0, "maria@example.org: moderator\n")
    with app.app_context():
        assert service.sign_in("maria@example.org", PASSWORD).is_moderator


def test_a_password_is_asked_for_twice(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=["users", "create", "maria@example.org"], input=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert result.exit_code == 0
    assert PASSWORD not in result.output


def test_a_refusal_is_one_sentence(app: Flask, people: dict[str, int]) -> None:
    result = app.test_cli_runner().invoke(
        args=["users", "create", "alice@example.org", "--password", PASSWORD]
    )
    assert result.exit_code == 1
    assert result.output == "Error: There is already an account with this e-mail.\n"


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["users", *arguments])
    return result.exit_code, result.output


def test_a_role_is_given(app: Flask, people: dict[str, int]) -> None:
    assert run(app, "role", "alice@example.org", "moderator")[0] == 0
    with app.app_context():
        assert db.session.get_one(User, people["alice"]).is_moderator
    assert run(app, "role", "nobody@example.org", "admin")[0] == 1
    assert "alice@example.org" in run(app, "list")[1]


def test_a_moderator_gets_subjects_by_their_addresses(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        physics = ensure_category("Физика", slug="fizika")
        ensure_category("Механика", physics, slug="mekhanika")
        db.session.commit()
    arguments = ["role", "maria@example.org", "moderator", "--subject", "fizika/mekhanika"]
    code, said = run(app, *arguments, "--subject", "/fizika")
    assert (code, said) == (0, "maria@example.org: moderator fizika/mekhanika /fizika\n")
    with app.app_context():
        maria = db.session.get_one(User, people["maria"])
        assert not maria.moderates_all
        assert {own.category.slug for own in maria.moderated} == {"mekhanika", "fizika"}
    assert run(app, *arguments, "--subject", "chemistry") == (
        1,
        "Error: there is no subject chemistry\n",
    )
    assert run(app, "role", "maria@example.org", "admin", "--subject", "fizika")[0] == 1
    assert run(app, "role", "maria@example.org", "moderator")[0] == 0
    with app.app_context():
        assert db.session.get_one(User, people["maria"]).moderates_all


def test_a_new_password_ends_sessions(app: Flask, people: dict[str, int]) -> None:
    client = sign_in(app.test_client(), "alice")
    assert run(app, "password", "alice@example.org", "--password", "short")[0] == 1
    assert client.get("/me/uploads").status_code == 200
    assert run(app, "password", "alice@example.org", "--password", "another good one")[0] == 0
    assert client.get("/me/uploads").status_code == 303
    form = {"email": "alice@example.org", "password": "another good one"}
    assert client.post("/login", data=form).status_code == 303


def test_a_blocked_person_is_out_until_let_in_again(app: Flask, people: dict[str, int]) -> None:
    client = sign_in(app.test_client(), "alice")
    assert run(app, "block", "alice@example.org")[0] == 0
    assert client.get("/me/uploads").status_code == 303
    form = {"email": "alice@example.org", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 422
    assert run(app, "block", "alice@example.org", "--undo")[0] == 0
    assert client.post("/login", data=form).status_code == 303
