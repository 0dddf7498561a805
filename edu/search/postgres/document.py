"""A document on its way into the tables: its words, its lexemes, its columns."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from hashlib import blake2b
from typing import Any

from edu.search.analysis import stems
from edu.search.base import IndexDocument
from edu.search.folding import FoldedDocument, PassageMap, document_row, fold_document
from edu.search.postgres.packing import MAP_BUCKET, ROW, count_buckets, pack_buckets
from edu.search.weights import K1, B

log = logging.getLogger(__name__)

PART_BYTES = 500_000  # of the stems in one tsvector, which holds twice as many at most
MARK = "\x01"  # in no stem; what follows it says something about the stem before it
TITLE_MARK = MARK + "t"
BETWEEN = "\x02"  # lexemes, on their way; an array would be written one by one
# With no text at all the array is empty, as it has to be: a lexeme never is.
VECTOR = "array_to_tsvector(string_to_array(%s, chr(2)))"
# A stem that tells much of its document is noted a second time with the tier of its share in BM25,
# so that the best few hundred of many thousands are found in the index alone.
TIERS = (0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.94, 0.97)

COLUMNS = (
    "id, revision, digest, packed, type, kind, language, semester, year, rating, created, "
    "category_ids, tags, text_length, title_length, buckets"
)
Lengths = tuple[int, int, int]  # words in the text, words in the title, buckets


def tier_mark(tier: int) -> str:
    """What is written behind a stem in this tier."""
    return f"{MARK}{tier}"


def digest_texts(document: IndexDocument) -> bytes:
    """Tell texts apart: what only moves numbers and filters leaves the words alone."""
    texts = (
        document.title,
        document.description,
        document.tags,
        document.category_names,
        [astuple(passage) for passage in document.passages],
    )
    return blake2b(repr(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def document_columns(document: IndexDocument, lengths: Lengths) -> tuple[Any, ...]:
    """Return the values of COLUMNS."""
    row = document_row(document)
    return (
        document.id,
        document.revision,
        digest_texts(document),
        ROW.pack(*row),
        document.type,
        document.kind,
        document.language,
        document.semester,
        document.year,
        row.rating,
        row.created,
        list(dict.fromkeys(document.category_ids)),
        list(dict.fromkeys(document.tags)),
        *lengths,
    )


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """The words of a document with weights and positions, and how often its title has them."""

    id: int
    text: FoldedDocument
    passages: PassageMap
    titled: Counter[str]
    length: int

    @classmethod
    def of(cls, document: IndexDocument) -> DocumentWords:
        """Fold a document; one text that breaks us must not stop all others."""
        try:
            text, passages = fold_document(document)
        except Exception:  # a fault of ours, told in the log
            log.exception("material %d is indexed without its text", document.id)
            text, passages = fold_document(replace(document, passages=[]))
        titled = Counter(stem for stem in stems(document.title) if stem)
        return cls(document.id, text, passages, titled, sum(map(len, text.positions.values())))

    @property
    def lengths(self) -> Lengths:
        """What the document's row says of its words."""
        return self.length, self.titled.total(), count_buckets(len(self.text.positions))

    def buckets(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of what is kept in buckets."""
        yield MAP_BUCKET, self.passages.pack()
        yield from pack_buckets(self.text, self.titled)

    def vectors(self, mean: float) -> Iterator[str]:
        """Yield the lexemes joined for VECTOR; a book may be too much for one tsvector."""
        lexemes = list(self._lexemes(mean))
        joined = BETWEEN.join(lexemes)
        if len(joined.encode()) <= PART_BYTES:
            yield joined
        else:
            yield from map(BETWEEN.join, _cut(lexemes))

    def _lexemes(self, mean: float) -> Iterator[str]:
        norm = K1 * (1 - B + B * self.length / mean)
        for stem, weight in self.text.weights.items():
            yield stem
            tier = bisect_right(TIERS, weight / (weight + norm))
            if tier:
                yield stem + tier_mark(tier)
        for stem in self.titled:
            yield stem + TITLE_MARK


def _cut(lexemes: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for lexeme in lexemes:
        part.append(lexeme)
        size += len(lexeme.encode())
        if size >= PART_BYTES:
            yield part
            part, size = [], 0
    yield part
