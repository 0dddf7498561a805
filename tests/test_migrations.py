"""Migrations make what the models describe, from nothing and back to nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, Table, event, inspect, text
from sqlalchemy.exc import IntegrityError

from edu.extensions import db, utcnow
from tests.conftest import MakeApp

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"
STEPS = 3  # back from the newest


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
        for _ in range(STEPS):
            downgrade(revision="-1")
        for _ in range(STEPS):
            upgrade(revision="+1")
        assert differences() == []


def test_migrations_outlive_the_code() -> None:
    for path in VERSIONS.glob("*.py"):
        assert not re.search(r"^\s*(?:from|import) (?:edu|jobs)\b", path.read_text(), re.MULTILINE)


def test_upgrading_twice_changes_nothing(bare_app: Flask) -> None:
    with bare_app.app_context():
        upgrade()
        db.session.execute(text("INSERT INTO tags (name) VALUES ('ряды')"))
        db.session.commit()
        upgrade()
        assert db.session.execute(text("SELECT name FROM tags")).scalar() == "ряды"


TEXTS = {
    "ru": "Ряд сходится, если сходится последовательность его сумм. " * 3,
    "en": "The series converges if the sequence of its partial sums has a limit. " * 3,
}


def _fill() -> None:
    """Materials of the time before languages."""
    upgrade(revision="0002")
    run = db.session.execute
    run(text("INSERT INTO categories (id, slug, name, position) VALUES (1, 'a', 'A', 0)"))
    _insert("users", id=1, email="a@b.c", name="A", role="user", created_at=utcnow())
    _insert("files", id=1, sha256="0", size=1, name="a.pdf", media_type="application/pdf")
    for number, (title, passage) in enumerate(
        [("IMG 1", TEXTS["ru"]), ("Ряды", TEXTS["en"]), ("Ряды", "x"), ("IMG 2", "")], 1
    ):
        _insert("materials", id=number, title=title, category_id=1, uploader_id=1, file_id=1)
        for place in (7, 8):
            _insert("passages", material_id=number, number=place, heading="", text=passage)
    db.session.commit()


def _languages() -> list[tuple[str, int]]:
    found = db.session.execute(text("SELECT language, revision FROM materials ORDER BY id")).all()
    return [(language, revision) for language, revision in found]


def test_the_language_of_what_is_there_is_found_and_search_learns_of_it(bare_app: Flask) -> None:
    with bare_app.app_context():
        _fill()
        upgrade()
        assert _languages() == [("ru", 2), ("en", 2), ("ru", 2), ("", 1)]


class Stopped(BaseException):
    """The process ends here."""


def test_an_upgrade_that_was_stopped_goes_on(bare_app: Flask) -> None:
    def stop(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE materials"):
            stopped.append(statement)
            if len(stopped) == 2:
                raise Stopped

    stopped: list[str] = []
    with bare_app.app_context():
        _fill()
        event.listen(db.engine, "before_cursor_execute", stop)
        with pytest.raises(Stopped):
            upgrade()
        event.remove(db.engine, "before_cursor_execute", stop)
        upgrade()
        assert _languages() == [("ru", 2), ("en", 2), ("ru", 2), ("", 1)]
        assert differences() == []


CHANGES = ("CREATE", "ALTER", "INSERT", "UPDATE")


def everything() -> dict[str, Any]:
    """The tables with their columns, indexes and rows."""
    known = MetaData()
    known.reflect(db.engine)
    with db.engine.connect() as connection:
        return {
            name: (
                sorted(map(str, table.columns)),
                sorted(str(index.name) for index in table.indexes),
                sorted(map(repr, connection.execute(table.select()).all())),
            )
            for name, table in known.tables.items()
        }


def upgrade_killed_at(change: int) -> int:
    """Upgrade in a process that is killed before its so many-th change; what it ended by."""
    left = [change]

    def die(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        left[0] -= statement.lstrip().startswith(CHANGES)
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        event.listen(db.engine, "before_cursor_execute", die)
        upgrade()
    finally:
        os._exit(1)  # whatever has happened, a second pytest is not to go on


@pytest.mark.processes
def test_an_upgrade_that_was_killed_has_changed_nothing(bare_app: Flask) -> None:
    with bare_app.app_context():
        _fill()
        before = everything()
        for change in (2, 8, 15, 20, 23):
            assert upgrade_killed_at(change) == -signal.SIGKILL
            assert everything() == before
        upgrade()
        assert _languages() == [("ru", 2), ("en", 2), ("ru", 2), ("", 1)]
        assert differences() == []


def write_revision(folder: Path, upgrade_by: str) -> str:
    """Make a folder of the migrations with one more."""
    shutil.copytree(VERSIONS.parent, folder)
    head = "import sqlalchemy as sa\nfrom alembic import op\n"
    last = max(path.name[:4] for path in VERSIONS.glob("*.py"))
    numbers = f"revision, down_revision = 'more', '{last}'"
    (folder / "versions" / "more.py").write_text(f"{head}{numbers}\ndef upgrade():\n{upgrade_by}")
    return str(folder)


COPIED = """
    with op.batch_alter_table('categories') as table:
        table.alter_column('name', type_=sa.String(333))
        table.add_column(sa.Column('more', sa.Integer()))
"""


def test_a_table_that_is_copied_keeps_what_refers_to_it(bare_app: Flask, tmp_path: Path) -> None:
    with bare_app.app_context():
        _fill()
        upgrade()
        before = everything()
        upgrade(directory=write_revision(tmp_path / "good", COPIED))
        after = everything()
        assert "categories.more" in after.pop("categories")[0]
        assert {name: before[name] for name in after if name != "alembic_version"} == {
            name: rows for name, rows in after.items() if name != "alembic_version"
        }


REFUSED = """
    op.execute(sa.text('CREATE TABLE more (id INTEGER)'))
    op.execute(sa.text('DELETE FROM categories'))
"""


def test_nothing_is_left_that_refers_to_nothing(bare_app: Flask, tmp_path: Path) -> None:
    with bare_app.app_context():
        _fill()
        upgrade()
        before = everything()
        with pytest.raises((SystemExit, IntegrityError)):
            upgrade(directory=write_revision(tmp_path / "bad", REFUSED))
        assert everything() == before


MOVED = """
    with op.batch_alter_table('material_tags', recreate='always') as table:
        table.add_column(sa.Column('more', sa.Integer()))
"""


def test_what_referred_to_nothing_before_is_no_obstacle(make_app: MakeApp, tmp_path: Path) -> None:
    with make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'bare.db'}").app_context():
        _fill()
        upgrade()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            for tag, material in ((1, 1), (2, 77)):  # as tools leave it that do not look after it
                row = f"INSERT OR IGNORE INTO material_tags VALUES ({material}, {tag})"  # noqa: S608  # numbers
                connection.exec_driver_sql(row)
            connection.exec_driver_sql("DELETE FROM material_tags WHERE material_id = 1")
            connection.commit()
        upgrade(directory=write_revision(tmp_path / "moved", MOVED))
        assert "material_tags.more" in everything()["material_tags"][0]


def test_going_back_leaves_nothing_that_the_older_code_cannot_read(bare_app: Flask) -> None:
    with bare_app.app_context():
        _fill()
        upgrade()
        of_now = [("materials", "new"), ("requests", "found"), ("reports", "report_kept")]
        for number, (topic, kind) in enumerate(of_now, 1):
            about = {"user_id": 1, "topic": topic}
            _insert("notifications", id=number, kind=kind, occasion=kind, material_id=1, **about)
            _insert("deliveries", notification_id=number, user_id=1, channel="mail", pace="off")
            _insert("notification_choices", channel="mail", pace="off", **about)
        db.session.commit()
        downgrade(revision="0002")
        topics = [
            db.session.scalars(text(f"SELECT {column} FROM {table}")).all()  # noqa: S608  # names from here
            for table, column in (
                ("notifications", "topic"),
                ("deliveries", "notification_id"),
                ("notification_choices", "topic"),
            )
        ]
        assert topics == [["materials"], [1], ["materials"]]


def _insert(table: str, **values: Any) -> None:
    """A row; columns that must have a value and are not named get nothing of their kind."""
    kinds: dict[str, Any] = {"INTEGER": 0, "BIGINT": 0, "BOOLEAN": False, "DOUBLE": 0.0}
    kinds |= {"DOUBLE_PRECISION": 0.0, "DATETIME": utcnow(), "TIMESTAMP": utcnow(), "FLOAT": 0.0}
    for column in inspect(db.engine).get_columns(table):
        if not column["nullable"] and column["default"] is None and column["name"] != "id":
            kind = str(column["type"]).partition("(")[0].replace(" ", "_")
            values.setdefault(column["name"], kinds.get(kind, ""))
    if table == "materials":
        values |= {"revision": 1}
    known = Table(table, MetaData(), autoload_with=db.engine)
    db.session.execute(known.insert().values(**values))


def test_sqlite_is_opened_safely(app: Flask) -> None:
    with app.app_context():
        pragma = {
            name: db.session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000}
