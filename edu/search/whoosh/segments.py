"""What is read of a segment once for all threads: segments never change."""

from __future__ import annotations

import threading
from array import array
from pathlib import Path
from typing import Any

from whoosh import columns
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex

from edu.search.base import Row
from edu.search.facets import Card
from edu.search.whoosh.schema import new_schema, unpack_card, unpack_row

_lock = threading.Lock()
_segments: dict[tuple[Path, str], Segment] = {}


class SegmentGone(Exception):  # an everyday event, answered by opening anew
    """A merge removed a segment while it was being opened."""


def open_index(folder: Path) -> Any:
    """Return Whoosh's FileIndex of this folder, read with the schema of this version."""
    return FileIndex(FileStorage(str(folder)), schema=new_schema())


def create_index(folder: Path) -> None:
    """Write an empty index into this folder."""
    FileIndex.create(FileStorage(str(folder)), new_schema())


class Segment:
    """Rows, cards, revisions and lengths by document number, deleted ones too."""

    def __init__(self, leaf: Any) -> None:
        row, card = open_column(leaf, "row"), open_column(leaf, "card")
        numbers = range(leaf.doc_count_all())
        unpacked = [unpack_row(row[n]) for n in numbers]
        same: dict[bytes, Card] = {}
        self.rows: list[Row] = [each for each, _ in unpacked]
        self.revisions: list[int] = [revision for _, revision in unpacked]
        self.cards = [_same_card(same, card[n]) for n in numbers]
        self.lengths: dict[str, array[float]] = {
            name: array("f", (leaf.doc_field_length(n, name) or 0 for n in numbers))
            for name in ("text", "title")
        }


def segment_of(folder: Path, leaf: Any) -> Segment:
    """Return what is known of the segment that a reader has open."""
    key = (folder, str(leaf.segment().segment_id()))
    with _lock:
        known = _segments.get(key)
    if known is None:
        known = Segment(leaf)
        with _lock:
            _segments[key] = known
            _forget_missing(folder)
    return known


def open_column(leaf: Any, name: str) -> Any:
    """Return a reader of a column that every document has a value in."""
    reader = leaf.column_reader(name, translate=False)
    if isinstance(reader, columns.EmptyColumnReader):
        raise SegmentGone(f"no values of {name!r}")
    return reader


def _same_card(same: dict[bytes, Card], packed: bytes) -> Card:
    """Return the card, the same object for the same bytes."""
    packed = bytes(packed)
    if packed not in same:
        same[packed] = unpack_card(packed)
    return same[packed]


def _forget_missing(folder: Path) -> None:
    on_disk = {path.name.partition(".")[0] for path in folder.glob("*.trm")}
    for other in list(_segments):
        replaced = other[0] != folder and not other[0].exists()
        if replaced or (other[0] == folder and other[1] not in on_disk):
            del _segments[other]
