"""The SearchIndex in PostgreSQL, for libraries that have outgrown one machine.

The words are found by a GIN index over tsvectors that hold our own stems; ranking is shared with
every other engine. See docs/adr/0022-search-on-postgresql.md.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from edu.search.base import (
    IndexDocument,
    IndexUnavailable,
    SearchAnswer,
    SearchRequest,
    SimilarWord,
)
from edu.search.postgres.rebuild import PostgresRebuild
from edu.search.postgres.sets import (
    Connection,
    State,
    forget_words,
    read_revisions,
    touch_tables,
    vacuum,
)
from edu.search.postgres.store import PostgresStore
from edu.search.postgres.view import PostgresView, Shared
from edu.search.postgres.words import WordList
from edu.search.postgres.writing import write_batch
from edu.search.ranking import answer

T = TypeVar("T")
log = logging.getLogger(__name__)

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for another
REBUILD_TIMEOUT = 1.0  # seconds that a rebuild waits for another, which may take minutes
TRIES = 2  # to read before the index counts as damaged


class PostgresIndex:
    """The index in a schema of its own in the product's database."""

    def __init__(self, url: str, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._store = PostgresStore(url, lock_timeout)
        self._shared: Shared | None = None
        self._words = WordList()
        self._lock = threading.Lock()

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of results. Raises IndexUnavailable, never because of the text."""
        queries = [wording.query for wording in request.wordings]
        stems = [stem for query in queries for stem in (*query.terms, *query.excluded)]
        return self._read(lambda *at: answer(self._view(stems, *at), request))

    def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]:
        """Return for each tuple of stems how many documents hold all of them."""
        asked = list(wordings)
        stems = [stem for each in asked for stem in each]

        def work(connection: Connection, state: State) -> list[int]:
            view = self._view(stems, connection, state)
            holders = [[view.documents_with(stem) for stem in each] for each in asked]
            return [len(frozenset.intersection(*each)) if each else 0 for each in holders]

        return self._read(work)

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        """Return stems within so many edits, the nearest first, then the commonest."""
        return self._read(
            lambda connection, state: self._words.find(connection, state, stem, edits, limit)
        )

    def update(self, upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
        """Put documents in and take ids out in one transaction; twice is the same as once.

        An id in both is put in. Raises IndexBusy when another writer holds on for too long.
        """
        documents, gone = list(upserts), list(deletes)
        if documents or gone:
            with self._store.writing() as (connection, state):
                write_batch(connection, state, documents, gone, live=True)

    @contextmanager
    def rebuilding(self) -> Iterator[PostgresRebuild]:
        """Make a new index beside the live one, or go on with an unfinished one.

        Updates go into the live index meanwhile. Raises IndexBusy while another is made.
        """
        timeout = min(self._store.lock_timeout, REBUILD_TIMEOUT)
        with self._store.rebuilding(timeout) as connection:
            yield PostgresRebuild(connection, self._store.lock_timeout)

    def ids(self) -> set[int]:
        """Return the ids of all documents that are indexed now."""
        return set(self.revisions())

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of all documents that are indexed now."""
        return self._read(read_revisions)

    def check(self) -> None:
        """Raise IndexUnavailable unless every table is there and a search goes through."""
        self._read(touch_tables)
        self.search(SearchRequest.of("index", per_page=1))

    def generation(self) -> int:
        """Return a number that grows with every commit and every rebuild."""
        return self._read(lambda _, state: state.generation)

    def optimize(self) -> None:
        """Forget words that are in no document any more, and what was replaced."""
        with self._store.writing() as (connection, state):
            forget_words(connection, state)
        with self._store.maintaining() as connection:
            vacuum(connection, state)

    def close(self) -> None:
        """Forget what was read; connections are open only while something is asked."""
        self._shared, self._words = None, WordList()

    def disconnect(self) -> None:
        """Close the connections that wait for the next question."""
        self.close()
        self._store.disconnect()

    def _read(self, work: Callable[[Connection, State], T]) -> T:
        """Run the work on one state; a set of tables that was dropped meanwhile has a successor."""
        for tried in range(1, TRIES + 1):
            try:
                with self._store.reading() as (connection, state):
                    return work(connection, state)
            except IndexUnavailable as error:
                if tried == TRIES:
                    raise
                log.info("index read failed (%s), tried anew", error)
        raise AssertionError("unreachable")

    def _view(self, stems: Iterable[str], connection: Connection, state: State) -> PostgresView:
        view = PostgresView(connection, state, self._shared_of(state))
        view.read_ahead(stems)
        return view

    def _shared_of(self, state: State) -> Shared:
        shared = self._shared
        if shared is None or shared.state != state:
            shared = Shared(state)
            with self._lock:
                if self._shared is None or self._shared.state.generation < state.generation:
                    self._shared = shared
        return shared
