"""Fixtures of a site with a bot, for the folders whose conftest names them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import MakeApp, make_people, sign_in
from tests.telegram_links.world import BOT


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Alice, Maria and Charlie, and a bot; CSRF checks off."""
    made = make_app(**BOT)
    made.config["WTF_CSRF_ENABLED"] = False
    make_people(made)
    return made


@pytest.fixture(params=["sqlite", "postgres"])
def any_app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """The same on each database."""
    changes = dict(BOT)
    if request.param == "postgres":
        changes["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    made = make_app(**changes)
    made.config["WTF_CSRF_ENABLED"] = False
    make_people(made)
    return made


@pytest.fixture
def alice(app: Flask) -> FlaskClient:
    """Alice's browser."""
    return sign_in(app.test_client(), "alice")
