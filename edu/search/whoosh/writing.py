"""Putting documents into a folder of the index: batches, merges, and a whole index made anew."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from whoosh.reading import SegmentReader

from edu.search.base import IndexDocument, IndexUnavailable
from edu.search.whoosh.schema import document_fields, id_mark
from edu.search.whoosh.segments import create_index, open_index
from edu.search.whoosh.snapshot import Snapshot
from edu.search.whoosh.store import IndexStore
from edu.search.whoosh.words import WordFile

log = logging.getLogger(__name__)

MOST_SEGMENTS = 8  # with so many, an update merges the smallest,
CHEAP_DOCUMENTS = 64  # of no more documents together: half a second
BATCH_MB = 128  # postings held in memory before they are sorted on disk
LARGE_SHARE = 0.1  # of all documents: a segment with so many is left alone, for a merge takes long
DELETED_SHARE = 0.2  # of its documents: unless so many of them are deleted


def write_batch(
    folder: Path,
    words: WordFile,
    documents: Iterable[IndexDocument],
    deletes: Iterable[int],
    *,
    merge: bool,
) -> None:
    """Put documents in, each id once, and take ids out, in one commit.

    What is replaced has to be among the ids that are taken out.
    """
    writer = _open_writer(folder)
    try:
        stems: set[str] = set()
        for document in documents:
            fields = _fields(document)
            writer.add_document(**fields)
            stems.update(fields["text"].positions)
        words.add(stems)
        # Deletes reach what was there before, never what has just been added.
        with writer.searcher() as before:
            for number in deletes:
                writer.delete_by_term("mark", id_mark(number), searcher=before)
    except BaseException:
        writer.cancel()
        raise
    merged = _find_smallest(writer.segments) if merge else []
    writer.commit(mergetype=lambda into, segments: _merge(into, segments, merged))


def merge_segments(folder: Path) -> None:
    """Merge what small commits left behind, and a large segment when that is worth it."""
    writer = _open_writer(folder)
    merged = _worth_merging(writer.segments)
    if merged:
        writer.commit(mergetype=lambda into, segments: _merge(into, segments, merged))
    else:
        writer.cancel()


def _find_smallest(segments: list[Any]) -> list[Any]:
    """Return the segments that can be made one of at little cost, once there are many."""
    ordered = sorted(segments, key=lambda segment: segment.doc_count_all())
    sizes = accumulate(segment.doc_count_all() for segment in ordered)
    small = [each for each, size in zip(ordered, sizes, strict=True) if size <= CHEAP_DOCUMENTS]
    return small if len(segments) >= MOST_SEGMENTS and len(small) > 1 else []


def _worth_merging(segments: list[Any]) -> list[Any]:
    """Return the segments to make one of, if any."""
    total = sum(segment.doc_count_all() for segment in segments)
    merged = [
        segment
        for segment in segments
        if segment.doc_count_all() < LARGE_SHARE * total
        or segment.deleted_count() > DELETED_SHARE * segment.doc_count_all()
    ]
    deleted = any(segment.has_deletions() for segment in merged)
    return merged if len(merged) > 1 or deleted else []


def _merge(writer: Any, segments: list[Any], merged: list[Any]) -> list[Any]:
    """Write these segments into the new one; return the others. Whoosh's kind of merge policy.

    Segments without living documents are dropped: merged alone, they would make an empty one,
    which lacks its columns and cannot be read.
    """
    living = [each for each in segments if each.deleted_count() < each.doc_count_all()]
    for segment in living:
        if segment in merged:
            reader = SegmentReader(writer.storage, writer.schema, segment)
            writer.add_reader(reader)
            reader.close()
    return [segment for segment in living if segment not in merged]


class FolderRebuild:
    """A base.Rebuild in a folder of its own, which stays when the process dies."""

    def __init__(self, store: IndexStore, lock_timeout: float) -> None:
        self._store, self._lock_timeout = store, lock_timeout
        self._folder = store.unfinished
        self._revisions = self._take_up()
        self._words = WordFile(self._folder)

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of what is in it already."""
        return dict(self._revisions)

    def add(self, documents: Iterable[IndexDocument], deletes: Iterable[int] = ()) -> None:
        """Put one batch in and take ids out; it survives the process."""
        added: dict[int, int] = {}
        gone = set(deletes)

        def noted() -> Iterator[IndexDocument]:  # one after another: they may be large
            for document in documents:
                added[document.id] = document.revision
                yield document

        def outdated() -> Iterator[int]:  # asked when all have been added
            yield from (gone | added.keys()) & self._revisions.keys()

        write_batch(self._folder, self._words, noted(), outdated(), merge=False)
        kept = self._revisions.keys() - gone
        self._revisions = {number: self._revisions[number] for number in kept} | added

    def finish(self) -> None:
        """Merge what small batches left behind, and swap it in."""
        merge_segments(self._folder)
        with self._store.writing(self._lock_timeout):
            self._store.swap()

    def _take_up(self) -> dict[int, int]:
        """Return what the folder holds; one that cannot be read is begun anew."""
        if self._folder.exists():
            try:
                return _read_revisions(self._folder)
            except Exception as error:  # whatever Whoosh makes of a folder that is not whole
                log.warning("search: an unfinished index cannot be read: %r", error)
                shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True)
        create_index(self._folder)
        return {}


def _read_revisions(folder: Path) -> dict[int, int]:
    snapshot = Snapshot(0, folder)
    try:
        return snapshot.revisions()
    finally:
        snapshot.close()


def _open_writer(folder: Path) -> Any:
    try:
        # compound=True, the default, would copy whole segments through memory.
        return open_index(folder).writer(compound=False, limitmb=BATCH_MB)
    except Exception as error:  # whatever Whoosh makes of a damaged folder
        raise IndexUnavailable(f"the index cannot be written: {error}") from error


def _fields(document: IndexDocument) -> dict[str, Any]:
    """The document as the index takes it; one text that breaks us must not stop all others."""
    try:
        return document_fields(document)
    except Exception:  # a fault of ours, told in the log
        log.exception("material %d is indexed without its text", document.id)
        return document_fields(replace(document, passages=[]))
