"""The index's own connections to PostgreSQL, and the locks of its writers.

Nothing here touches the caller's session or its transaction.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from edu.search.base import IndexBusy, IndexUnavailable
from edu.search.postgres.sets import (
    Connection,
    State,
    create_home,
    create_set,
    has_live,
    list_older,
    live_state,
    next_number,
    one_state,
)
from edu.search.postgres.tables import SCHEMA

READ_TIMEOUT_MS = 10_000  # of one statement of a search

# Locks are the server's: it frees them with the connection, whatever ends that. Updates go into
# the live set while another is made, so each has a lock of its own.
_WRITING, _MAKING = (f"hashtextextended('{SCHEMA}', {number})" for number in range(2))
# One state for the whole search. The planner thinks little of what reading long vectors costs, and
# knows nothing of how few rows a search asks for.
_BEGIN = f"""
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL jit = off; SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SET LOCAL statement_timeout = {READ_TIMEOUT_MS};
SELECT number, generation, documents, text_length, title_length
FROM {SCHEMA}.indexes WHERE role = 'live'
"""  # noqa: S608  # constants


class PostgresStore:
    """The connections and the sets of tables of one database."""

    def __init__(self, url: str, lock_timeout: float) -> None:
        self._url, self.lock_timeout = url, lock_timeout
        self._process = 0
        self._engine: Engine | None = None
        self._made = False

    def disconnect(self) -> None:
        """Close the connections that nobody uses just now."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, State]]:
        """Yield a connection that sees one state of the live set until the end."""
        self._make_once()
        with self._connected() as connection:
            cursor = connection.execute(_BEGIN, prepare=False)
            while cursor.nextset():
                pass
            yield connection, one_state(cursor.fetchone())

    @contextmanager
    def writing(self) -> Iterator[tuple[Connection, State]]:
        """Yield a transaction that alone may write, over all processes. Raises IndexBusy."""
        self._make_once()
        with self._connected() as connection, connection.transaction():
            lock_writing(connection, self.lock_timeout)
            yield connection, live_state(connection)

    @contextmanager
    def rebuilding(self, timeout: float) -> Iterator[Connection]:
        """Yield a connection that alone may make a new set while it is open. Raises IndexBusy."""
        with self._connected(detached=True) as connection:
            with connection.transaction():
                _lock(connection, "pg_advisory_lock", _MAKING, timeout)
            with connection.transaction():
                lock_writing(connection, timeout)
                create_home(connection)
            yield connection

    @contextmanager
    def maintaining(self) -> Iterator[Connection]:
        """Yield a connection in no transaction, as VACUUM wants it."""
        with self._connected() as connection:
            yield connection

    def _make_once(self) -> None:
        """Make an empty index where there never was one; what vanishes later is a damage."""
        if self._made:
            return
        with self._connected() as connection:
            if not has_live(connection):
                if list_older(connection):
                    raise IndexUnavailable("the index is of an older version")
                with connection.transaction():
                    lock_writing(connection, self.lock_timeout)
                    create_home(connection)
                    if not has_live(connection):
                        create_set(connection, "live", next_number(connection))
        self._made = True

    @contextmanager
    def _connected(self, detached: bool = False) -> Iterator[Connection]:
        try:
            pooled = self._pool().raw_connection()
        except (SQLAlchemyError, psycopg.Error) as error:
            raise IndexUnavailable(f"the database does not answer: {error}") from error
        connection: Any = pooled.driver_connection
        if detached:
            pooled.detach()
        try:
            yield connection
        except psycopg.Error as error:
            raise IndexUnavailable(f"the index cannot be used: {error}") from error
        finally:
            if connection.closed:
                pooled.invalidate()
            pooled.close()

    def _pool(self) -> Engine:
        """The engine of this process; what a fork brought along belongs to its parent."""
        if self._engine is None or self._process != os.getpid():
            if self._engine is not None:
                self._engine.dispose(close=False)
            self._engine = create_engine(
                self._url,
                isolation_level="AUTOCOMMIT",
                pool_pre_ping=True,
                pool_size=4,
                max_overflow=12,
                pool_timeout=10,
                connect_args={
                    "application_name": "search",
                    "connect_timeout": 5,
                    "keepalives_idle": 60,
                },
            )
            self._process = os.getpid()
            weakref.finalize(self, _dispose, self._engine, self._process)
        return self._engine


def lock_writing(connection: Connection, timeout: float) -> None:
    """Be the only one to write until the transaction ends. Raises IndexBusy."""
    _lock(connection, "pg_advisory_xact_lock", _WRITING, timeout)


def _lock(connection: Connection, function: str, key: str, timeout: float) -> None:
    connection.execute(f"SET LOCAL lock_timeout = {max(round(timeout * 1000), 1)}")
    try:
        connection.execute(f"SELECT {function}({key})")
    except errors.LockNotAvailable as error:
        raise IndexBusy("another process is writing the index") from error
    connection.execute("SET LOCAL lock_timeout = 0")


def _dispose(engine: Engine, process: int) -> None:
    if process == os.getpid():
        engine.dispose()
