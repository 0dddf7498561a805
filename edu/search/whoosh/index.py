"""The SearchIndex on Whoosh: many readers, one writer, over any number of processes.

Each thread reads through a snapshot of its own (one shared by threads gave wrong results) and
opens a new one when the index has moved on. Writers hold a file lock for as long as they write.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TypeVar

from edu.search.base import (
    IndexDocument,
    IndexUnavailable,
    Rebuild,
    SearchAnswer,
    SearchRequest,
    SimilarWord,
)
from edu.search.ranking import answer
from edu.search.whoosh.snapshot import Snapshot, latest_generation
from edu.search.whoosh.store import IndexStore
from edu.search.whoosh.words import words_of
from edu.search.whoosh.writing import FolderRebuild, merge_segments, write_batch

T = TypeVar("T")
log = logging.getLogger(__name__)

LOCK_TIMEOUT = 30.0  # seconds that an update waits for another writer
REBUILD_TIMEOUT = 1.0  # seconds that a rebuild waits for another, which may take minutes
TRIES = 8  # to open and read before the index counts as damaged
PAUSE = 0.02  # seconds between tries


class WhooshIndex:
    """The index in one folder of the data directory."""

    def __init__(self, root: Path, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._store = IndexStore(root)
        self._lock_timeout = lock_timeout
        self._local = threading.local()

    @classmethod
    def open_or_create(cls, root: Path, lock_timeout: float = LOCK_TIMEOUT) -> "WhooshIndex":
        """Return the index of this folder, made empty when there never was one."""
        index = cls(root, lock_timeout)
        if index._store.is_empty:
            with index.rebuilding() as rebuild:
                if index._store.is_empty:
                    rebuild.finish()
        return index

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of results. Raises IndexUnavailable, never because of the text."""
        return self._read(lambda snapshot: answer(snapshot, request))

    def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]:
        """Return for each tuple of stems how many documents hold all of them."""
        asked = list(wordings)
        return self._read(lambda snapshot: [_count(snapshot, stems) for stems in asked])

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        """Return stems within so many edits, the nearest first, then the commonest."""
        return self._read(lambda snapshot: snapshot.similar_words(stem, edits, limit))

    def ids(self) -> set[int]:
        """Return the ids of all documents that are indexed now."""
        return set(self.revisions())

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of all documents that are indexed now."""
        return self._read(Snapshot.revisions)

    def check(self) -> None:
        """Raise IndexUnavailable unless a search goes through."""
        self.search(SearchRequest.of("index", per_page=1))

    def generation(self) -> int:
        """Return a number that grows with every commit and every rebuild."""
        number, folder = self._store.live()
        try:
            return latest_generation(number, folder)
        except Exception:  # a commit in another process took files away: look through a snapshot
            return self._read(lambda snapshot: snapshot.generation)

    def update(self, upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
        """Put documents in and take ids out in one commit; twice is the same as once.

        An id in both is put in. Raises IndexBusy when another writer holds on for too long.
        """
        documents = {document.id: document for document in upserts}
        gone = documents.keys() | set(deletes)
        if gone:
            with self._store.writing(self._lock_timeout):
                folder = self._store.live()[1]
                write_batch(folder, words_of(folder), documents.values(), gone, merge=True)

    @contextmanager
    def rebuilding(self) -> Iterator[Rebuild]:
        """Make a new index beside the live one, or go on with an unfinished one.

        Updates go into the live index meanwhile, so nobody waits: what they bring is taken up by
        whoever rebuilds, who holds the new index against the database before the end.
        """
        with self._store.rebuilding(min(self._lock_timeout, REBUILD_TIMEOUT)):
            yield FolderRebuild(self._store, self._lock_timeout)

    def optimize(self) -> None:
        """Merge what small updates left behind and drop deleted documents, unless that is done."""
        with self._store.writing(self._lock_timeout):
            merge_segments(self._store.live()[1])

    def close(self) -> None:
        """Close what this thread has open."""
        snapshot, self._local.snapshot = getattr(self._local, "snapshot", None), None
        if snapshot is not None:
            snapshot.close()

    def _read(self, work: Callable[[Snapshot], T]) -> T:
        """Run the work on a fresh snapshot; open anew when files went away underneath it."""
        for tried in range(1, TRIES + 1):
            try:
                return work(self._snapshot())
            except IndexUnavailable:
                raise
            except Exception as error:  # whatever Whoosh makes of a missing or cut-off file
                self.close()
                if tried == TRIES:
                    raise IndexUnavailable(f"the index cannot be read: {error!r}") from error
                # An everyday event during merges; what is really damaged is told by who is refused.
                log.debug("index read failed (%r), opening it anew", error)
                time.sleep(PAUSE * tried)
        raise AssertionError("unreachable")

    def _snapshot(self) -> Snapshot:
        number, folder = self._store.live()
        snapshot: Snapshot | None = getattr(self._local, "snapshot", None)
        own = getattr(self._local, "process", None) == os.getpid()
        if snapshot is not None and own and snapshot.is_current(number):
            return snapshot
        if own:
            self.close()
        self._local.process = os.getpid()
        self._local.snapshot = snapshot = Snapshot(number, folder)
        return snapshot


def _count(snapshot: Snapshot, stems: tuple[str, ...]) -> int:
    """Return how many documents hold all of these stems; none hold no stems."""
    holders = [snapshot.documents_with(stem) for stem in stems]
    return len(reduce(frozenset.intersection, holders)) if holders else 0
