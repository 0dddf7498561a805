"""Demo accounts: whose passwords are shown to whom, and how they are closed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.demo import service
from edu.extensions import db
from edu.ratings.service import rate_material, refresh_all_ratings
from tests.samples import get_material, make_material

ALICE = "alice@example.org"


@pytest.fixture
def demo_ids(app: Flask) -> dict[str, int]:
    """Ids of the demo accounts."""
    with app.app_context():
        ids = {name: user.id for name, user in service.ensure_accounts().items()}
        db.session.commit()
        return ids


def close_accounts(app: Flask, count: int) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "remove-accounts"])
    assert (result.exit_code, result.output) == (0, f"{count} demo accounts closed\n")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("192.168.1.20", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("unknown", False),
    ],
)
@pytest.mark.usefixtures("demo_ids")
def test_passwords_are_shown_at_this_machine_only(
    client: FlaskClient, address: str, shown: bool
) -> None:
    visitor = {"REMOTE_ADDR": address}
    wrong = {"email": "nobody@example.org", "password": "wrong"}
    page = client.get("/login", environ_overrides=visitor)
    again = client.post("/login", data=wrong, environ_overrides=visitor)
    assert (page.status_code, again.status_code) == (200, 422)
    for response in (page, again):
        assert (service.PASSWORD in response.text) == shown
        assert (ALICE in response.text) == shown


def test_a_closed_account_signs_nobody_in(
    app: Flask, client: FlaskClient, demo_ids: dict[str, int]
) -> None:
    before = app.test_client()
    form = {"email": ALICE, "password": service.PASSWORD, "remember": "y"}
    assert before.post("/login", data=form).status_code == 303
    with app.app_context():
        token = issue_token(db.session.get_one(User, demo_ids["alice"]))
    close_accounts(app, len(service.ACCOUNTS))

    assert before.get("/me/uploads").status_code == 303
    head = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/users/me", headers=head).status_code == 401
    closed = f"removed-{demo_ids['alice']}@demo.invalid"
    for email in (ALICE, closed):
        for password in (service.PASSWORD, "!", ""):
            body = {"email": email, "password": password}
            assert client.post("/login", data=body).status_code == 422
            assert client.post("/api/auth/login", json=body).status_code in (401, 422)
    assert service.PASSWORD not in client.get("/login").text
    close_accounts(app, 0)


def test_materials_stay_and_demo_votes_go(app: Flask, demo_ids: dict[str, int]) -> None:
    with app.app_context():
        material_id = make_material(demo_ids["teacher"], title="Ряды").id
        rate_material(db.session.get_one(User, demo_ids["alice"]), get_material(material_id), 5)
        db.session.commit()
    close_accounts(app, len(service.ACCOUNTS))
    with app.app_context():
        assert refresh_all_ratings() == 1
        db.session.commit()
        material = get_material(material_id)
        assert (material.rating_votes, material.rating_mean) == (0, 0.0)
    assert app.test_client().get(f"/materials/{material_id}").status_code == 200
