"""Migrations make what the models describe, from nothing and back to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from edu.extensions import db
from tests.conftest import MakeApp


@pytest.fixture(params=["sqlite", "postgres"])
def bare_app(request: pytest.FixtureRequest, make_app: MakeApp, tmp_path: Path) -> Flask:
    """The application on a database without tables."""
    if request.param == "sqlite":
        return make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'bare.db'}")
    return make_app(DATABASE_URL=request.getfixturevalue("bare_postgres_url"))


def differences() -> list[Any]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_migrations_make_what_the_models_describe(bare_app: Flask) -> None:
    with bare_app.app_context():
        assert tables() == set()
        upgrade()
        assert differences() == []
        assert tables() == {*db.metadata.tables, "alembic_version"}


def test_migrations_go_back_to_nothing_and_up_again(bare_app: Flask) -> None:
    with bare_app.app_context():
        upgrade()
        downgrade(revision="base")
        assert tables() == {"alembic_version"}
        upgrade()
        assert differences() == []


def test_every_step_can_be_taken_alone(bare_app: Flask) -> None:
    with bare_app.app_context():
        upgrade()
        downgrade(revision="-1")
        upgrade(revision="+1")
        assert differences() == []


def test_upgrading_twice_changes_nothing(bare_app: Flask) -> None:
    with bare_app.app_context():
        upgrade()
        db.session.execute(text("INSERT INTO tags (name) VALUES ('ряды')"))
        db.session.commit()
        upgrade()
        assert db.session.execute(text("SELECT name FROM tags")).scalar() == "ряды"


def test_sqlite_is_opened_safely(app: Flask) -> None:
    with app.app_context():
        pragma = {
            name: db.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000}
