"""How a document lies in a Whoosh index: fields that are searched, columns that are read."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from whoosh import columns, fields, formats

from edu.search.analysis import stems
from edu.search.base import IndexDocument, Row
from edu.search.facets import Card
from edu.search.folding import FoldedDocument, document_row, fold_document
from edu.search.whoosh.positions import pack_positions

_ROW = struct.Struct("<IIIIIQI")

Posting = tuple[bytes, int, float, bytes]


class FoldedText(fields.FieldType):  # type: ignore[misc]  # Whoosh is untyped
    """Text that was analysed already: the value is a FoldedDocument, the postings are weighted."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), analyzer=None, scorable=True)

    def index(self, value: FoldedDocument, **_: Any) -> Iterator[Posting]:
        """Yield (word, count, weight, nothing) for each distinct word."""
        for stem, positions in value.positions.items():
            yield stem.encode(), len(positions), value.weights[stem], b""


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
    """Return the schema: `text` and `title` are searched, `mark` names one document, the columns
    are read.
    """
    return fields.Schema(
        text=FoldedText(),
        title=Words(scorable=True),
        mark=Words(scorable=False),
        row=fields.COLUMN(columns.FixedBytesColumn(_ROW.size)),
        card=fields.COLUMN(columns.VarBytesColumn()),
        passages=fields.COLUMN(columns.VarBytesColumn()),
        positions=fields.COLUMN(columns.VarBytesColumn()),
    )


def document_fields(document: IndexDocument) -> dict[str, Any]:
    """Return the arguments of Whoosh's add_document for this document."""
    folded, passages = fold_document(document)
    return {
        "passages": passages.pack(),
        "text": folded,
        "positions": pack_positions(folded.positions),
        "title": [stem for stem in stems(document.title) if stem],
        "mark": [id_mark(document.id)],
        "row": _ROW.pack(*document_row(document), document.revision),
        "card": json.dumps(Card.of(document), ensure_ascii=False).encode(),
    }


def id_mark(number: int) -> str:
    """Return the word of `mark` that names one document."""
    return f"id:{number}"


def unpack_row(packed: bytes) -> tuple[Row, int]:
    """Return row and revision of a document."""
    *numbers, revision = _ROW.unpack(packed)
    return Row(*numbers), revision


def unpack_card(packed: bytes) -> Card:
    """Return what a document can be filtered by."""
    categories, type_, kind, language, semester, year, tags = json.loads(packed)
    return Card(tuple(categories), type_, kind, language, semester, year, tuple(tags))
