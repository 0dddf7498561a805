"""Fixtures that every test may use.

Three people recur: Alice is a student, Maria moderates, Charlie is an outsider.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy.orm import close_all_sessions
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from edu import create_app
from edu.accounts import service as accounts
from edu.accounts.models import Role, User
from edu.config import ROOT, load_settings
from edu.extensions import db
from tests import samples, services
from tests.media.samples import write_docx, write_mp4

PASSWORD = "correct horse battery"
MakeApp = Callable[..., Flask]


# What mostly waits for other processes comes first, and so beside what computes; last, it would be
# waited for alone.
WAITING = ("processes", "browser", "mail", "api")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files; xdist hands them out in this order (--no-loadscope-reorder)."""
    folder = Path(__file__).parent
    places = {folder / name: place for place, name in enumerate(WAITING)}
    items.sort(key=lambda item: places.get(item.path.parent, len(WAITING)))


class Browser(FlaskClient):
    """A browser that reads every answer to its end, so that no file stays open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


class LateRule(Rule):
    """A route that is parsed once for all apps and compiles how to build its address when asked.

    Both are most of what making an app costs, and thousands of tests make one.
    """

    parsed: ClassVar[dict[tuple[str, str | None, frozenset[str]], tuple[Any, ...]]] = {}

    def compile(self) -> None:
        key = (self.rule, self.subdomain, frozenset(self.defaults or ()))
        if key not in self.parsed:
            super().compile()
            self.parsed[key] = (self._parts, self._trace, self._converters, set(self.arguments))
            return
        self._parts, self._trace, self._converters, arguments = self.parsed[key]
        self.arguments |= arguments
        self._build = self._compile_builder(False).__get__(self, None)
        self._build_unknown = self._compile_builder(True).__get__(self, None)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(Rule._compile_builder(rule, append_unknown))
            return compiled[0](rule, **values)

        return build


@pytest.fixture(scope="session", autouse=True)
def _quick_apps() -> Iterator[None]:
    usual, Flask.url_rule_class = Flask.url_rule_class, LateRule
    yield
    Flask.url_rule_class = usual


def share_queries(engine: Engine, known: dict[str, Engine]) -> None:
    """Have the apps of one test process compile each SQL statement once, not once each.

    SQLAlchemy looks compiled statements up by the dialect object, so that is shared as well.
    """
    first = known.setdefault(engine.dialect.name, engine)
    if first is not engine:
        engine.dialect = engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache


@pytest.fixture(scope="session")
def first_engines() -> dict[str, Engine]:
    """The first engine of each kind of database that this test process has made."""
    return {}


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    # bcrypt's cost is its virtue; the tests of sign-in need the code path, not the seconds.
    rounds, accounts.BCRYPT_ROUNDS = accounts.BCRYPT_ROUNDS, 4
    yield
    accounts.BCRYPT_ROUNDS = rounds


@pytest.fixture(scope="session", autouse=True)
def _no_power_cuts() -> Iterator[None]:
    # Processes die in tests, machines do not: nothing here has to reach the disk itself.
    usual, os.fsync = os.fsync, lambda fd: None
    yield
    os.fsync = usual


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(load_settings({"EDU_DATA": str(folder)}))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        db.engine.dispose()
    return folder / "edu.db"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server for this test process."""
    with services.run_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this test process, with a migrated database to copy."""
    with services.run_postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_edu")
        settings = load_settings(
            {
                "EDU_DATA": str(tmp_path_factory.mktemp("pg-template")),
                "DATABASE_URL": url.replace("/postgres", "/template_edu"),
            }
        )
        app = create_app(settings)
        with app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            db.engine.dispose()
        yield url


@contextmanager
def _postgres_database(server: str, template: str) -> Iterator[str]:
    name = f"edu_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield server.replace("/postgres", f"/{name}")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# Making a database takes as long as a test; emptying the tables that were written to does not.
EMPTY = """
DO $$
DECLARE name text; written boolean;
BEGIN
  PERFORM pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET session_replication_role = replica;  -- in any order, whatever refers to what
  FOR name IN SELECT nspname FROM pg_namespace WHERE left(nspname, 7) = 'search_' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO written;
    IF written THEN
      EXECUTE format('DELETE FROM %I', name);
    END IF;
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def _shared_postgres_url(postgres_server: str) -> Iterator[str]:
    with _postgres_database(postgres_server, "template_edu") as url:
        yield url


@pytest.fixture
def postgres_url(_shared_postgres_url: str) -> str:
    """A migrated, empty PostgreSQL database, which no other test uses meanwhile.

    Rows are taken away again, changes of its tables are not: those need `bare_postgres_url`.
    """
    with psycopg.connect(_shared_postgres_url, autocommit=True) as connection:
        connection.execute(EMPTY)
    return _shared_postgres_url


@pytest.fixture
def bare_postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of this test's own, without tables."""
    with _postgres_database(postgres_server, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def template_cache(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Compiled page templates, which hundreds of apps share."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def make_app(
    tmp_path: Path,
    sqlite_template: Path,
    template_cache: FileSystemBytecodeCache,
    first_engines: dict[str, Engine],
) -> Iterator[MakeApp]:
    """Make an app in a folder of its own: `make_app(PER_PAGE="5", queue_immediate=False)`.

    Upper-case names are environment settings, others override fields of Settings. Jobs run at once
    unless `queue_immediate` is False.
    """
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        env = {"EDU_DATA": str(tmp_path / "data"), "SITE_URL": "http://localhost"}
        env["DEFAULT_LOCALE"] = "en"  # tests read the sentences of the code, not the catalogue's
        env |= {key: str(value) for key, value in changes.items() if key.isupper()}
        overrides = {key: value for key, value in changes.items() if not key.isupper()}
        if "DATABASE_URL" not in env:
            target = Path(env["EDU_DATA"]) / "edu.db"
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(sqlite_template, target)
        app = create_app(load_settings(env, **{"queue_immediate": True, **overrides}))
        app.config["TESTING"] = True
        app.test_client_class = Browser
        app.jinja_env.bytecode_cache = template_cache
        with app.app_context():
            share_queries(db.engine, first_engines)
        made.append(app)
        return app

    yield make
    close_all_sessions()
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The application on SQLite, jobs run at once, CSRF checks off."""
    made = make_app()
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture(params=["sqlite", "postgres"])
def any_app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """The application on each database in turn, jobs run at once, CSRF checks off."""
    changes = {}
    if request.param == "postgres":
        changes["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    made = make_app(**changes)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A stranger's browser."""
    return app.test_client()


def make_user(name: str, role: Role = Role.USER) -> User:
    """An account `name@example.org`, committed."""
    user = accounts.create_user(f"{name}@example.org", PASSWORD, name.title(), role=role)
    db.session.commit()
    return user


def sign_in(client: FlaskClient, name: str) -> FlaskClient:
    """The same browser, signed in."""
    form = {"email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    return client


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """Ids of Alice (student), Maria (moderator) and Charlie (outsider) in `app`."""
    return make_people(app)


def make_people(app: Flask) -> dict[str, int]:
    """Alice, Maria and Charlie in any application; their ids."""
    with app.app_context():
        roles = {"alice": Role.USER, "maria": Role.MODERATOR, "charlie": Role.USER}
        return {name: make_user(name, role).id for name, role in roles.items()}


@pytest.fixture(scope="session")
def pdf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF of one page that says what samples.PDF_TEXT says."""
    return samples.write_small_pdf(tmp_path_factory.mktemp("files") / "ряды.pdf")


@pytest.fixture(scope="session")
def docx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DOCX with headings and a table."""
    return write_docx(tmp_path_factory.mktemp("files") / "notes.docx")


@pytest.fixture(scope="session")
def mp4_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of silent video."""
    return write_mp4(tmp_path_factory.mktemp("files") / "lecture.mp4", 1, "160x90")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in the last lines what could not be run, and why."""
    reasons = sorted(
        {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])}
    )
    if reasons:
        terminalreporter.write_line("Not run on this machine:")
        for reason in reasons:
            terminalreporter.write_line(f"  {reason.removeprefix('Skipped: ')}")
