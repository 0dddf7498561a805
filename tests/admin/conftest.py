"""An administrator, Ada, beside the three people of all tests."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import Role
from tests.conftest import make_user, sign_in


@pytest.fixture
def people(people: dict[str, int], app: Flask) -> dict[str, int]:
    """Alice, Maria, Charlie and Ada."""
    with app.app_context():
        return people | {"ada": make_user("ada", Role.ADMIN).id}


@pytest.fixture
def admin(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    """Ada's browser."""
    return sign_in(client, "ada")
