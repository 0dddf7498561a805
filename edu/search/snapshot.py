"""One opened state of the index, for one thread: Whoosh's readers behind plain Python types."""

from __future__ import annotations

import threading
import weakref
from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from math import log
from pathlib import Path
from typing import Any

from whoosh import columns, scoring
from whoosh import query as wq
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.searching import Searcher

from edu.search.base import SearchFilters
from edu.search.folding import PassageMap
from edu.search.schema import (
    Row,
    category_mark,
    id_mark,
    kind_mark,
    new_schema,
    type_mark,
    unix_seconds,
    unpack_row,
)

K1 = 1.2  # how soon repetition stops counting
B = 0.5  # how far length counts against a document: whole books stand beside two-page lectures
TITLE_B = 0.3
FILTER_SETS = 64  # remembered answers to filters, per snapshot

_rows_lock = threading.Lock()
_rows_of_segment: dict[tuple[Path, str], list[Row]] = {}


class SegmentGone(Exception):  # an everyday event, answered by opening anew
    """A merge removed a segment while it was being opened."""


class Weighting(scoring.BM25F):  # type: ignore[misc]  # Whoosh is untyped
    """BM25 with the idf of Robertson and Spärck Jones, kept positive: log(1 + (N-n+½)/(n+½))."""

    def __init__(self) -> None:
        super().__init__(B=B, K1=K1, title_B=TITLE_B)

    def idf(self, searcher: Any, fieldname: str, text: str | bytes) -> float:
        """Return the weight of a word's rarity over the whole index."""
        parent = searcher.get_parent()
        n, total = parent.doc_frequency(fieldname, text), parent.doc_count_all()
        return log(1 + (max(total - n, 0) + 0.5) / (n + 0.5))


def open_index(folder: Path) -> Any:
    """Return Whoosh's FileIndex of this folder, read with the schema of this version."""
    return FileIndex(FileStorage(str(folder)), schema=new_schema())


def create_index(folder: Path) -> None:
    """Write an empty index into this folder."""
    FileIndex.create(FileStorage(str(folder)), new_schema())


class Snapshot:
    """The documents of one generation. `rows[n]` are the numbers of document number n."""

    def __init__(self, number: int, folder: Path) -> None:
        self.folder = folder
        self._index = open_index(folder)
        self._number = number
        # Read before the reader opens: a commit in between is then noticed, never missed.
        self._toc = self._index.latest_generation()
        self._searcher = Searcher(self._index.reader(), weighting=Weighting())
        # A thread that ends drops its snapshot: the files must not wait for the collector.
        self._closer = weakref.finalize(self, self._searcher.close)
        self._leaves = list(_leaves(self._searcher.reader()))
        self._filter_sets: dict[SearchFilters, frozenset[int]] = {}
        self._passages: list[Any] = []
        self.rows: list[Row] = []
        for leaf, _ in self._leaves:
            self._touch(leaf)
        self.alive = frozenset(self._alive())

    def _touch(self, leaf: Any) -> None:
        """Open what Whoosh would open later, when a merge may have removed the file.

        Whoosh takes a missing column for one full of defaults, so look twice.
        """
        for name in ("text", "title"):
            leaf.doc_field_length(0, name)
            lengths = f"{leaf.segment().segment_id()}*_{name}_len*"
            if leaf.field_length(name) and not any(self.folder.glob(lengths)):
                raise SegmentGone(name)
        self._passages.append(_open_column(leaf, "passages"))
        self.rows += _segment_rows(self.folder, leaf)

    def _alive(self) -> Iterator[int]:
        for leaf, offset in self._leaves:
            numbers = range(leaf.doc_count_all())
            yield from (offset + n for n in numbers if not leaf.is_deleted(n))

    @property
    def generation(self) -> int:
        """Grows with every commit and every rebuild."""
        return _generation(self._number, self._toc)

    def is_current(self, number: int) -> bool:
        """Return whether this is still the newest state of the index with this number."""
        return number == self._number and self._toc == self._index.latest_generation()

    def close(self) -> None:
        """Give the files back; the snapshot must not be used afterwards."""
        self._closer()

    def idf(self, stem: str) -> float:
        """Return how much a word tells, 0 for one that no document holds."""
        return float(self._searcher.idf("text", stem)) if self.holds(stem) else 0.0

    def holds(self, stem: str) -> bool:
        """Return whether any document holds the word."""
        return ("text", stem) in self._searcher.reader()

    def documents_with(self, stem: str, field: str = "text") -> set[int]:
        """Return the numbers of the documents that hold the word."""
        return set(self._searcher.docs_for_query(wq.Term(field, stem)))

    def documents_passing(self, filters: SearchFilters) -> frozenset[int]:
        """Return the numbers of the documents that pass the filters, maybe none."""
        known = self._filter_sets.get(filters)
        if known is None:
            if len(self._filter_sets) >= FILTER_SETS:
                self._filter_sets.clear()
            known = self._filter_sets[filters] = self._passing(filters)
        return known

    def _passing(self, filters: SearchFilters) -> frozenset[int]:
        passing = self.alive
        for mark in _filter_marks(filters):
            passing &= self.documents_with(mark, "mark")
        low = round((filters.rating_gte or 0.0) * 100)
        after = unix_seconds(filters.uploaded_after) if filters.uploaded_after else 0
        before = unix_seconds(filters.uploaded_before) if filters.uploaded_before else 2**32
        if (low, after, before) == (0, 0, 2**32):
            return passing
        rows = self.rows
        return frozenset(
            n for n in passing if rows[n].rating >= low and after <= rows[n].created <= before
        )

    def best(
        self, stems: Iterable[str], among: frozenset[int], limit: int, boost: float, every: bool
    ) -> list[tuple[int, float]]:
        """Return (document number, score) of at most `limit` of these documents, best first.

        The score sums BM25 over the words in the text and, times `boost`, in the title. `every`
        says that all of the documents hold every word, which spares scoring the others.
        """
        words = list(stems)
        if not among or not words:  # an empty filter set would let every document through
            return []
        text = [wq.Term("text", word) for word in words]
        title = [wq.Term("title", word, boost=boost) for word in words]
        asked = wq.AndMaybe(wq.And(text), wq.Or(title)) if every else wq.Or(text + title)
        only = None if len(among) == len(self.alive) else set(among)
        found = self._searcher.search(asked, limit=limit, filter=only)
        return [(int(number), float(score)) for number, score in found.items()]

    def positions(self, stem: str, numbers: Iterable[int]) -> dict[int, array[int]]:
        """Return the ascending positions of a word in each of these documents that holds it."""
        found: dict[int, array[int]] = {}
        wanted = sorted(numbers)
        for leaf, offset in self._leaves:
            if ("text", stem) in leaf:
                here = [n for n in wanted if offset <= n < offset + leaf.doc_count_all()]
                matcher = leaf.postings("text", stem)
                found.update(_read_positions(matcher, here, offset))
        return found

    def passages(self, number: int) -> PassageMap:
        """Return where the passages of a document lie."""
        at = max(i for i, (_, offset) in enumerate(self._leaves) if offset <= number)
        return PassageMap.unpack(self._passages[at][number - self._leaves[at][1]])


def latest_generation(number: int, folder: Path) -> int:
    """Return the generation of the folder without opening a searcher."""
    return _generation(number, open_index(folder).latest_generation())


def _generation(number: int, toc: int) -> int:
    return number * 2**32 + max(int(toc), 0)


def _leaves(reader: Any) -> list[tuple[Any, int]]:
    return list(reader.leaf_readers()) if reader.doc_count_all() else []


def _segment_rows(folder: Path, leaf: Any) -> list[Row]:
    """Return the rows of a segment, which never change, read once for all threads."""
    key = (folder, str(leaf.segment().segment_id()))
    with _rows_lock:
        known = _rows_of_segment.get(key)
    if known is None:
        column = _open_column(leaf, "row")
        known = [unpack_row(column[n]) for n in range(leaf.doc_count_all())]
        with _rows_lock:
            _rows_of_segment[key] = known
            _forget_missing(folder)
    return known


def _open_column(leaf: Any, name: str) -> Any:
    """Return a reader of a column that every document has a value in."""
    reader = leaf.column_reader(name, translate=False)
    if isinstance(reader, columns.EmptyColumnReader):
        raise SegmentGone(name)
    return reader


def _forget_missing(folder: Path) -> None:
    on_disk = {path.name.partition(".")[0] for path in folder.glob("*.trm")}
    for other in list(_rows_of_segment):
        replaced = other[0] != folder and not other[0].exists()
        if replaced or (other[0] == folder and other[1] not in on_disk):
            del _rows_of_segment[other]


def _filter_marks(filters: SearchFilters) -> Iterator[str]:
    if filters.material_id is not None:
        yield id_mark(filters.material_id)
    if filters.category_id is not None:
        yield category_mark(filters.category_id)
    if filters.type is not None:
        yield type_mark(filters.type)
    if filters.kind is not None:
        yield kind_mark(filters.kind)


def _read_positions(
    matcher: Any, wanted: list[int], offset: int
) -> Iterator[tuple[int, array[int]]]:
    read = partial(matcher.value_as, "positions")
    for number in wanted:
        if not matcher.is_active():
            return
        matcher.skip_to(number - offset)
        if matcher.is_active() and matcher.id() == number - offset:
            yield number, read()
