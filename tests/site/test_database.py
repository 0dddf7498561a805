"""The embedded database is looked after."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from edu.extensions import db
from jobs.queue import EVERY_HOUR
from jobs.site import follow_growth
from tests.conftest import MakeApp, make_people
from tests.samples import make_material


def test_sqlite_learns_how_its_tables_are_filled(any_app: Flask) -> None:
    people = make_people(any_app)
    assert follow_growth in EVERY_HOUR
    with any_app.app_context():
        for number in range(3):
            make_material(people["alice"], title=f"Ряды {number}")
        db.session.commit()
        follow_growth()
        follow_growth()
        if db.engine.dialect.name == "sqlite":
            found = text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'materials'")
            assert {stat.split()[0] for stat in db.session.scalars(found)} == {"3"}


def test_connections_do_not_live_on_old_statistics_for_ever(make_app: MakeApp) -> None:
    with make_app().app_context():
        # SQLite reads them when a connection opens; the job comes every hour.
        assert db.engine.pool._recycle <= 3600
        assert db.engine.pool._recycle > 0
