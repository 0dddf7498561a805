"""How a document lies in a Whoosh index: the fields, the marks to filter by, packed rows."""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple

from whoosh import columns, fields, formats

from edu.search.analysis import stems
from edu.search.base import IndexDocument
from edu.search.folding import FoldedDocument, fold_document

# Raised whenever the meaning of anything below changes; an older folder then asks for a rebuild.
FORMAT = 1

MAX_POSITIONS = 4096  # of one word in one document that are read back for places and phrases
_U32 = 2**32 - 1
_ROW = struct.Struct("<IIIIIQ")

Posting = tuple[bytes, int, float, bytes]


class Row(NamedTuple):
    """The numbers of a document that sorting and filtering need, held in memory."""

    id: int
    rating: int  # hundredths of a star
    votes: int
    views: int
    created: int  # unix seconds
    title: int  # hash of the title's stems


class PackedPositions(formats.Positions):  # type: ignore[misc]  # Whoosh is untyped
    """Positions as differences in 32-bit integers: far faster to read than Whoosh's."""

    def encode(self, positions: list[int]) -> bytes:
        """Return the sorted positions packed."""
        shifted = [0, *positions[:-1]]
        return array("I", [p - q for p, q in zip(positions, shifted, strict=True)]).tobytes()

    def decode_positions(self, packed: bytes) -> array[int]:
        """Return the first MAX_POSITIONS positions, ascending."""
        return array("I", accumulate(array("I", packed[: 4 * MAX_POSITIONS])))

    def decode_frequency(self, packed: bytes) -> int:
        """Return how often the word occurs."""
        return len(packed) // 4


class FoldedText(fields.TEXT):  # type: ignore[misc]  # Whoosh is untyped
    """Text that was analysed already: its value is a FoldedDocument, its postings are weighted."""

    def __init__(self) -> None:
        super().__init__(phrase=True)
        self.format = PackedPositions()

    def index(self, value: FoldedDocument, **_: Any) -> Iterator[Posting]:
        """Yield (word, count, weight, packed positions) for each distinct word."""
        encode = self.format.encode
        for stem, positions in value.positions.items():
            yield stem.encode(), len(positions), value.weights[stem], encode(positions)


class Words(fields.FieldType):  # type: ignore[misc]  # Whoosh is untyped
    """A list of ready words, scored by count (a title) or merely present (ids, filters)."""

    def __init__(self, scorable: bool) -> None:
        super().__init__(formats.Frequency(), analyzer=None, scorable=scorable)

    def index(self, value: list[str], **_: Any) -> Iterator[Posting]:
        """Yield (word, count, weight, packed count) for each distinct word."""
        counts: dict[str, int] = defaultdict(int)
        for word in value:
            counts[word] += 1
        for word, count in counts.items():
            yield word.encode(), count, float(count), struct.pack("!I", count)


def new_schema() -> fields.Schema:
    """Return the schema: `text` and `title` are searched, `mark` filters, two columns are read."""
    return fields.Schema(
        text=FoldedText(),
        title=Words(scorable=True),
        mark=Words(scorable=False),
        row=fields.COLUMN(columns.FixedBytesColumn(_ROW.size)),
        passages=fields.COLUMN(columns.VarBytesColumn()),
    )


def document_fields(document: IndexDocument) -> dict[str, Any]:
    """Return the arguments of Whoosh's add_document for this document."""
    folded, passages = fold_document(document)
    return {
        "passages": passages.pack(),
        "text": folded,
        "title": [stem for stem in stems(document.title) if stem],
        "mark": _marks(document),
        "row": _pack_row(document),
    }


def _marks(document: IndexDocument) -> list[str]:
    categories = [category_mark(number) for number in set(document.category_ids)]
    own = [id_mark(document.id), type_mark(document.type), kind_mark(document.kind)]
    return own + categories


def id_mark(number: int) -> str:
    """Return the word of `mark` that names one document."""
    return f"id:{number}"


def category_mark(number: int) -> str:
    """Return the word of `mark` that all documents in or below a category bear."""
    return f"category:{number}"


def type_mark(name: str) -> str:
    """Return the word of `mark` of a material type."""
    return f"type:{name}"


def kind_mark(name: str) -> str:
    """Return the word of `mark` of a kind of file."""
    return f"kind:{name}"


def title_hash(words: Iterable[str]) -> int:
    """Return 64 bits of a title's stems; 0 for a title without words."""
    text = " ".join(words)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") if text else 0


def unix_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970 in UTC (which a naive moment is taken for), in 32 bits."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(int(aware.timestamp()), 0), _U32)


def _pack_row(document: IndexDocument) -> bytes:
    return _ROW.pack(
        document.id,
        round(min(max(document.rating, 0.0), 5.0) * 100),
        min(max(document.votes, 0), _U32),
        min(max(document.views, 0), _U32),
        unix_seconds(document.created),
        title_hash(stem for stem in stems(document.title) if stem),
    )


def unpack_row(packed: bytes) -> Row:
    """Return the numbers that _pack_row wrote."""
    return Row(*_ROW.unpack(packed))
