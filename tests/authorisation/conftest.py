"""A small world with something of every kind, and six people who ask for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy.orm import close_all_sessions

from edu import create_app
from edu.accounts.models import User
from edu.api.tokens import sign_token
from edu.config import ROOT, load_settings
from edu.extensions import db
from edu.tokens.service import open_api_session
from tests.authorisation.world import ACTORS, build_world, sign_in_as
from tests.conftest import Browser


class World:
    """The application whose database is put back after each act."""

    def __init__(self, folder: Path) -> None:
        env = {"EDU_DATA": str(folder), "SITE_URL": "http://localhost", "DEFAULT_LOCALE": "en"}
        for name in ("API", "LOGIN", "REGISTER", "RECOVER", "ASSIST", "UPLOAD", "SEARCH"):
            env[f"{name}_LIMIT"] = "100000 per minute"
        env["LOGIN_LIMIT_ADDRESS"] = "100000 per minute"
        # Nobody works off the queue: what a view asks for later is no matter of permission.
        self.app: Flask = create_app(load_settings(env, queue_immediate=False))
        self.app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
        self.app.test_client_class = Browser
        self.file, self.pristine = folder / "edu.db", folder / "pristine.db"
        with self.app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            self.values = build_world(self.app)
            db.session.remove()
            db.session.execute(db.text("PRAGMA wal_checkpoint(TRUNCATE)"))
            db.session.remove()
            db.engine.dispose()
        shutil.copyfile(self.file, self.pristine)

    def browser(self, actor: str) -> FlaskClient:
        """A browser in which the actor is signed in, in the world as it was made."""
        self.restore()
        client = self.app.test_client()
        if actor != "stranger":
            sign_in_as(self.app, client, self.values[actor])
        return client

    def token(self, actor: str) -> str:
        """An access token of the actor's."""
        with self.app.app_context():
            user = db.session.get_one(User, self.values[actor])
            grant = open_api_session(user)
            db.session.commit()
            return sign_token(user, grant.session_id)

    def restore(self) -> None:
        """Put the database back."""
        close_all_sessions()
        with self.app.app_context():
            db.engine.dispose()
        for leftover in self.file.parent.glob("edu.db-*"):
            leftover.unlink()
        shutil.copyfile(self.pristine, self.file)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One application for all acts."""
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    close_all_sessions()
    with made.app.app_context():
        db.engine.dispose()


__all__ = ["ACTORS", "World"]
