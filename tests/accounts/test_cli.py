"""`flask users create`"""

from __future__ import annotations

from flask import Flask

from edu.accounts.service import sign_in
from tests.conftest import PASSWORD


def test_an_account_is_made_with_its_role(app: Flask) -> None:
    arguments = ["users", "create", "Maria@example.org", "--role", "moderator"]
    result = app.test_cli_runner().invoke(args=[*arguments, "--password", PASSWORD])
    assert (result.exit_code, result.output) == (0, "maria@example.org: moderator\n")
    with app.app_context():
        assert sign_in("maria@example.org", PASSWORD).is_moderator


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
