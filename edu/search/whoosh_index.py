"""The SearchIndex on Whoosh: many readers, one writer, over any number of processes.

Each thread reads through a snapshot of its own (one shared by threads gave wrong results) and
opens a new one when the index has moved on. Writers hold a file lock for as long as they write.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from edu.search.base import IndexDocument, IndexUnavailable, SearchAnswer, SearchRequest
from edu.search.ranking import answer
from edu.search.schema import document_fields, id_mark
from edu.search.snapshot import Snapshot, create_index, latest_generation, open_index
from edu.search.store import IndexStore

T = TypeVar("T")
log = logging.getLogger(__name__)

LOCK_TIMEOUT = 30.0  # seconds that an update waits for another writer
TRIES = 8  # to open and read before the index counts as damaged
PAUSE = 0.02  # seconds between tries
MOST_SEGMENTS = 8  # each costs every query about a millisecond; beyond, an update merges the small
SMALL_BATCH_MB, BULK_MB = 64, 512  # postings held in memory before they are sorted on disk


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
            with index._store.writing(lock_timeout):
                if index._store.is_empty:
                    index._write_new([])
        return index

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Return one page of results. Raises IndexUnavailable, never because of the text."""
        return self._read(lambda snapshot: answer(snapshot, request))

    def ids(self) -> set[int]:
        """Return the ids of all documents that are indexed now."""
        return self._read(lambda snapshot: {snapshot.rows[n].id for n in snapshot.alive})

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
                self._commit(gone, documents.values())

    def rebuild(self, documents: Iterable[IndexDocument]) -> None:
        """Write a whole new index beside the live one, then swap it in; readers go on."""
        with self._store.writing(self._lock_timeout):
            self._write_new(documents)

    def optimize(self) -> None:
        """Merge all segments into one and drop deleted documents, unless that is done."""
        with self._store.writing(self._lock_timeout):
            writer = self._writer(self._store.live()[1], SMALL_BATCH_MB)
            if len(writer.segments) < 2 and not writer.has_deletions():
                writer.cancel()
            else:
                writer.commit(optimize=True)

    def close(self) -> None:
        """Close what this thread has open."""
        snapshot, self._local.snapshot = getattr(self._local, "snapshot", None), None
        if snapshot is not None:
            snapshot.close()

    def _commit(self, gone: Iterable[int], documents: Iterable[IndexDocument]) -> None:
        writer = self._writer(self._store.live()[1], SMALL_BATCH_MB)
        try:
            for number in gone:
                writer.delete_by_term("mark", id_mark(number))
            for document in documents:
                writer.add_document(**_fields(document))
        except BaseException:
            writer.cancel()
            raise
        writer.commit(merge=len(writer.segments) >= MOST_SEGMENTS)

    def _write_new(self, documents: Iterable[IndexDocument]) -> None:
        folder = self._store.new_folder()
        create_index(folder)
        writer = self._writer(folder, BULK_MB)
        try:
            for document in documents:
                writer.add_document(**_fields(document))
        except BaseException:
            writer.cancel()
            raise
        writer.commit(merge=False)
        self._store.swap(folder)

    @staticmethod
    def _writer(folder: Path, megabytes: int) -> Any:
        try:
            # compound=True, the default, would copy whole segments through memory.
            return open_index(folder).writer(compound=False, limitmb=megabytes)
        except Exception as error:  # whatever Whoosh makes of a damaged folder
            raise IndexUnavailable(f"the index cannot be written: {error}") from error

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
                log.info("index read failed (%r), opening it anew", error)
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


def _fields(document: IndexDocument) -> dict[str, Any]:
    """The document as the index takes it; one text that breaks us must not stop all others."""
    try:
        return document_fields(document)
    except Exception:  # a fault of ours, told in the log
        log.exception("material %d is indexed without its text", document.id)
        return document_fields(replace(document, passages=[]))
