"""How schema changes are applied: to the app's own database, on SQLite by copying tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, event

PATIENCE_MS = 600_000  # that a second process waits for the first one's upgrade of a large library

database = current_app.extensions["migrate"].db


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when the models and the database agree."""
    options = context.config.cmd_opts
    if getattr(options, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def render_item(kind: str, item: Any, _autogenerate: Any) -> str | bool:
    """Migrations outlive the code: they name plain column types, not the product's own."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[None]:
    """Let SQLite undo statements about tables, too: whoever is killed has changed nothing at all.

    It could, but Python's driver commits before them, so here that is told of no transactions.
    Whoever migrates writes from the beginning; another one waits and finds all done.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    connection.detach()  # from the pool: nobody else is to get it as it is now
    driver.isolation_level = None
    # Dropping a table that was copied would take along what refers to it. Within a transaction
    # this could not be said.
    driver.execute("PRAGMA foreign_keys = OFF")
    driver.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    event.listen(connection, "begin", begin_to_write)
    try:
        yield
    finally:
        connection.close()
        driver.close()  # after an interruption it would only be let go of, its locks held


def begin_to_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def check_references(connection: Connection) -> None:
    """Keep SQLite's rows from referring to what the migrations have taken away."""
    if connection.dialect.name != "sqlite":
        return
    if lost := count_lost(connection):
        with database.engine.connect() as outside:  # which sees the state before
            lost -= count_lost(outside)
    if lost:
        raise SystemExit(f"Nothing was changed: rows would refer to nothing: {dict(lost)}")


def count_lost(connection: Connection) -> Counter[tuple[str, str]]:
    """Return how many rows of which table refer to rows of which other one that are not there.

    Not which rows: a table that is copied may number them anew.
    """
    found = connection.exec_driver_sql("PRAGMA foreign_key_check")
    return Counter((row[0], row[2]) for row in found)


if context.is_offline_mode():
    raise SystemExit("SQL scripts are not made here: run `flask db upgrade` against the database.")

with database.engine.connect() as connection, all_or_nothing(connection):
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        process_revision_directives=drop_empty,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        heads = context.get_context().get_current_heads()
        context.run_migrations()
        if context.get_context().get_current_heads() != heads:
            check_references(connection)
