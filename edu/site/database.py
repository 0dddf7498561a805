"""How the embedded database is opened and looked after, and how a table is kept from changing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from edu.extensions import Base, db

PRAGMAS = (
    "journal_mode = WAL",  # readers and the one writer do not wait for each other
    "busy_timeout = 15000",
    "foreign_keys = ON",
    "synchronous = NORMAL",  # with WAL a power cut may cost the last commits, never the database
    "cache_size = -16000",
)
CHECKPOINT = 1000  # pages of the log, as SQLite has it by itself
# Entries of each index that are looked at for statistics: milliseconds, whatever the size.
LOOKED_AT = 1000


def init_database(app: Flask) -> None:
    """Set SQLite's pragmas on each new connection; other databases need nothing."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_pragmas)


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def prompt_commit() -> Iterator[Callable[[], None]]:
    """The commit of the session's transaction, as quick as can be; any thread may call it.

    It is the driver's own, for the session's would tidy up first, and SQLite moves its log into the
    database with another one.
    """
    connection = db.session.connection().connection
    if db.engine.dialect.name != "sqlite":
        yield connection.commit
        return
    cursor = connection.cursor()
    cursor.execute("PRAGMA wal_autocheckpoint = 0")
    try:
        yield connection.commit
    finally:
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        cursor.close()


def refresh_statistics() -> None:
    """Tell SQLite how its tables are filled, by which it chooses indexes; others do so themselves.

    `PRAGMA optimize` would look only at tables that this very connection has read.
    """
    if db.engine.dialect.name == "sqlite":
        # Outside of any transaction: who writes meanwhile waits for milliseconds.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"PRAGMA analysis_limit = {LOOKED_AT}")
            connection.exec_driver_sql("ANALYZE")


def lock_table(model: type[Base]) -> None:
    """Let nobody else change this table until the transaction ends, and read it anew.

    For rare decisions that hang on many rows at once, such as who is the last administrator.
    """
    db.session.flush()
    if db.engine.dialect.name == "postgresql":
        lock = f"LOCK TABLE {model.__tablename__} IN SHARE ROW EXCLUSIVE MODE"
    else:
        # SQLite has one writer at a time; who begins to write has read nothing that is old.
        lock = f"DELETE FROM {model.__tablename__} WHERE 1 = 0"  # noqa: S608  # our own table's name
    db.session.execute(text(lock))
    db.session.expire_all()
