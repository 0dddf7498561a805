"""The sets of tables of the index: one is live, one may be in the making.

The one before the live set stays for readers that are still in it.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import psycopg
from psycopg import errors

from edu.search.base import IndexUnavailable
from edu.search.postgres.tables import DDL, GIN, HOME_DDL, NOW, SCHEMA, Tables

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]
DROP_TIMEOUT_MS = 500  # to wait for readers of a set that nobody should read any more


class State(NamedTuple):
    """One set of tables as it stands: lengths are sums of words over all documents."""

    number: int
    generation: int
    documents: int
    text_length: int
    title_length: int

    @property
    def tables(self) -> Tables:
        """The set's tables."""
        return Tables.of(self.number)

    @property
    def mean_length(self) -> float:
        """Words in a document, on average; 0 when there is none."""
        return self.text_length / self.documents if self.documents else 0.0

    @property
    def mean_title(self) -> float:
        """Words in a title, on average; 0 when there is none."""
        return self.title_length / self.documents if self.documents else 0.0


def live_state(connection: Connection) -> State:
    """The live set. Raises IndexUnavailable."""
    return one_state(_states(connection, "live").fetchone())


def making_state(connection: Connection) -> State:
    """The unfinished set, a new one when there is none."""
    row = _states(connection, "making").fetchone()
    if row is None:
        create_set(connection, "making", next_number(connection))
        row = _states(connection, "making").fetchone()
    return one_state(row)


def read_revisions(connection: Connection, state: State) -> dict[int, int]:
    """Return id -> revision of what is in a set."""
    query = f"SELECT id, revision FROM {state.tables.documents}"  # noqa: S608  # our own names
    return dict(connection.execute(query, binary=True).fetchall())


def touch_tables(connection: Connection, state: State) -> None:
    """Fail unless every table can be read."""
    for table in state.tables:
        connection.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608  # our own names


def forget_words(connection: Connection, state: State) -> None:
    """Take out the stems that are in no document any more."""
    connection.execute(f"DELETE FROM {state.tables.words} WHERE documents < 1")  # noqa: S608  # our own names


def vacuum(connection: Connection, state: State) -> None:
    """Give free what was replaced, in the tables that have changed. Not in a transaction."""
    changed = connection.execute(
        "SELECT relid::regclass::text FROM pg_stat_user_tables "
        "WHERE schemaname = %s AND n_dead_tup + n_mod_since_analyze > 0",
        [SCHEMA],
    )
    for table in {name for (name,) in changed} & set(state.tables):
        connection.execute(f"VACUUM (ANALYZE) {table}")


def make_live(connection: Connection, state: State) -> None:
    """Turn all readers that begin from now on to this set. Call it in a transaction."""
    connection.execute(f"UPDATE {SCHEMA}.indexes SET role = 'former' WHERE role = 'live'")  # noqa: S608  # constants
    connection.execute(
        f"UPDATE {SCHEMA}.indexes SET role = 'live' WHERE number = %s",  # noqa: S608  # constants
        [state.number],
    )


def drop_former(connection: Connection) -> None:
    """Drop the sets before the last one, and indexes of older versions."""
    former = f"SELECT number FROM {SCHEMA}.indexes WHERE role = 'former' ORDER BY number DESC"  # noqa: S608  # constants
    for (number,) in connection.execute(former + " OFFSET 1").fetchall():
        forget = f"DELETE FROM {SCHEMA}.indexes WHERE number = {number}"  # noqa: S608  # numbers
        _drop(connection, f"TABLE IF EXISTS {', '.join(Tables.of(number))}", forget)
    for schema in list_older(connection):
        _drop(connection, f"SCHEMA IF EXISTS {schema} CASCADE", "")


def _drop(connection: Connection, what: str, then: str) -> None:
    """Drop it; what is still being read waits for the next time."""
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = {DROP_TIMEOUT_MS}")
            connection.execute("SET LOCAL client_min_messages = warning")
            connection.execute(f"DROP {what}; {then}", prepare=False)
    except errors.LockNotAvailable:
        log.info("search: still read: %s", what)


def list_older(connection: Connection) -> list[str]:
    """The schemas that former versions have left."""
    query = r"SELECT nspname FROM pg_namespace WHERE nspname ~ '^search_\d+_\d+$'"
    names = (str(name) for (name,) in connection.execute(query))
    return [name for name in names if _version(name) < _version(SCHEMA)]


def _version(schema: str) -> list[int]:
    return [int(part) for part in schema.split("_")[1:]]


def next_number(connection: Connection) -> int:
    """A number that no set of tables bears."""
    query = f"SELECT coalesce(max(number), 0) + 1 FROM {SCHEMA}.indexes"  # noqa: S608  # constants
    return int(connection.execute(query).fetchone()[0])  # type: ignore[index]  # an aggregate has a row


def create_set(connection: Connection, role: str, number: int) -> None:
    """Make the empty tables of a set; one in the making gets its index of words at the end."""
    names = Tables.of(number)._asdict()
    connection.execute(DDL.format(**names), prepare=False)
    if role == "live":
        connection.execute(GIN.format(**names))
    connection.execute(
        f"INSERT INTO {SCHEMA}.indexes (number, role, generation) VALUES (%s, %s, {NOW})",  # noqa: S608  # constants
        [number, role],
    )


def create_home(connection: Connection) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(HOME_DDL, prepare=False)


def has_live(connection: Connection) -> bool:
    known = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.indexes"]).fetchone()
    return bool(known and known[0]) and _states(connection, "live").fetchone() is not None


def _states(connection: Connection, role: str) -> psycopg.Cursor[Any]:
    return connection.execute(
        "SELECT number, generation, documents, text_length, title_length "  # noqa: S608  # constants
        f"FROM {SCHEMA}.indexes WHERE role = %s",
        [role],
    )


def one_state(row: Any) -> State:
    if row is None:
        raise IndexUnavailable("there is no live index")
    return State(*row)
