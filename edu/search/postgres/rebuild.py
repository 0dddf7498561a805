"""A new set of tables, filled batch by batch beside the live one."""

from __future__ import annotations

from collections.abc import Iterable

from edu.search.base import IndexDocument
from edu.search.postgres.document import MARK
from edu.search.postgres.sets import (
    Connection,
    drop_former,
    make_live,
    making_state,
    read_revisions,
)
from edu.search.postgres.store import lock_writing
from edu.search.postgres.tables import GIN
from edu.search.postgres.writing import note_change, write_batch

_SORT_MEMORY = "256MB"  # for the index of words, once


class PostgresRebuild:
    """The unfinished set of tables; what was added to it stays when the process dies."""

    def __init__(self, connection: Connection, lock_timeout: float) -> None:
        self._connection, self._lock_timeout = connection, lock_timeout
        with connection.transaction():
            self._revisions = read_revisions(connection, making_state(connection))

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of what is in it already."""
        return dict(self._revisions)

    def add(self, documents: Iterable[IndexDocument], deletes: Iterable[int] = ()) -> None:
        """Put one batch in, replacing what has the same id, and take ids out; durable on return."""
        gone = set(deletes)
        with self._connection.transaction():
            state = making_state(self._connection)
            added = write_batch(self._connection, state, documents, gone, live=False)
        self._revisions = {n: r for n, r in self._revisions.items() if n not in gone} | added

    def finish(self) -> None:
        """Index the words and turn all readers to this set, in one transaction."""
        connection = self._connection
        with connection.transaction():
            state = making_state(connection)
            connection.execute(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'")
            connection.execute(GIN.format(**state.tables._asdict()))
            connection.execute(
                f"INSERT INTO {state.tables.words} (stem, documents) "  # noqa: S608  # our own names
                f"SELECT word, ndoc FROM ts_stat('SELECT stems FROM {state.tables.texts}') "
                "WHERE position(%s IN word) = 0",
                [MARK],
            )
            lock_writing(connection, self._lock_timeout)
            make_live(connection, state)
            note_change(connection, state)
        drop_former(connection)
