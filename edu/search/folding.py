"""All parts of a document folded into one row of weighted word positions."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from edu.search.analysis import stems
from edu.search.base import IndexDocument, PassageText, Row
from edu.search.contents import is_contents_page, looks_like_heading
from edu.search.weights import (
    BODY_WEIGHT,
    DESCRIPTION_WEIGHT,
    HEADING_WEIGHT,
    LINE_WEIGHT,
    SUBJECT_WEIGHT,
    TAG_WEIGHT,
    TITLE_WEIGHT,
)

# What a document looks like in an index: raised whenever the meaning of what is written changes
# (analysis, weights of parts, positions, columns); an older index then asks for a rebuild.
FORMAT = 2
PART_GAP = 16  # positions between parts, so that no phrase spans two of them
MOST_POSITIONS = 4096  # of one stem in one document that any engine looks at
_U32 = 2**32 - 1
# What a passage is, in its map.
TEXT, CONTENTS, SPOKEN = 0, 1, 2


class FoldedDocument:
    """All parts of a document in one row of positions, each word with its summed weight."""

    def __init__(self) -> None:
        self.positions: dict[str, list[int]] = defaultdict(list)
        self.weights: dict[str, float] = defaultdict(float)
        self.end = 0

    def add(self, words: list[str], weight: float) -> None:
        """Append a part that follows the last one directly."""
        positions, weights = self.positions, self.weights
        for place, stem in enumerate(words, self.end):
            if stem:
                positions[stem].append(place)
                weights[stem] += weight
        self.end += len(words)

    def add_apart(self, text: str, weight: float) -> None:
        """Append a part that no phrase may reach into."""
        self.add(stems(text), weight)
        self.end += PART_GAP


@dataclass(frozen=True, slots=True)
class PassageMap:
    """Where passages and headings lie in a document's positions: two groups of parallel arrays."""

    starts: array[int]
    numbers: array[int]
    # CONTENTS for a page of contents, which names every subject and treats none; SPOKEN for a line
    # of what is said, which goes on in the next one.
    contents: array[int]
    heading_starts: array[int]
    heading_ends: array[int]
    heading_words: array[int]  # how many words, stop words not counted

    @classmethod
    def empty(cls) -> PassageMap:
        """Return the map of a document without passages."""
        return cls(*(array("I") for _ in range(6)))

    def pack(self) -> bytes:
        """Return all arrays in one run of bytes."""
        passages = (self.starts, self.numbers, self.contents)
        headings = (self.heading_starts, self.heading_ends, self.heading_words)
        counts = array("I", [len(self.starts)])
        return b"".join(part.tobytes() for part in (counts, *passages, *headings))

    @classmethod
    def unpack(cls, packed: bytes) -> PassageMap:
        """Return the map that pack() wrote."""
        numbers = array("I", packed)
        if not numbers:
            return cls.empty()
        count = numbers[0]
        rest = numbers[1 + 3 * count :]
        size = len(rest) // 3
        return cls(
            *(numbers[1 + i * count : 1 + (i + 1) * count] for i in range(3)),
            *(rest[i * size : (i + 1) * size] for i in range(3)),
        )


def fold_document(document: IndexDocument) -> tuple[FoldedDocument, PassageMap]:
    """Return all words of a document with weights and positions, and where its passages lie."""
    folded = FoldedDocument()
    folded.add_apart(document.title, TITLE_WEIGHT)
    for tag in document.tags:
        folded.add_apart(tag, TAG_WEIGHT)
    folded.add_apart(document.description, DESCRIPTION_WEIGHT)
    for name in document.category_names:
        folded.add_apart(name, SUBJECT_WEIGHT)
    return folded, _fold_passages(folded, document.passages, said=document.kind == "video")


def _fold_passages(
    folded: FoldedDocument, passages: Iterable[PassageText], *, said: bool
) -> PassageMap:
    found = PassageMap.empty()
    for passage in passages:
        found.starts.append(folded.end)
        found.numbers.append(passage.number)
        is_spoken = said and passage.text not in ("", passage.heading)
        found.contents.append(SPOKEN if is_spoken else is_contents_page(passage.text))
        if passage.heading:
            _fold_heading(folded, found, stems(passage.heading), HEADING_WEIGHT)
        _fold_lines(folded, found, passage.text, passage.heading if is_spoken else None)
    return found


def _fold_lines(
    folded: FoldedDocument, found: PassageMap, text: str, title: str | None = None
) -> None:
    """Of what is said no line is a heading, however short, but the `title` of a chapter."""
    for line in text.splitlines():
        if looks_like_heading(line) and title in (None, line):
            _fold_heading(folded, found, stems(line), LINE_WEIGHT)
        else:
            folded.add(stems(line), BODY_WEIGHT)


def _fold_heading(
    folded: FoldedDocument, found: PassageMap, words: list[str], weight: float
) -> None:
    found.heading_starts.append(folded.end)
    folded.add(words, weight)
    found.heading_ends.append(folded.end)
    found.heading_words.append(sum(1 for stem in words if stem and not stem.isdecimal()))


def title_hash(words: Iterable[str]) -> int:
    """Return 64 bits of a title's stems; 0 for a title without words."""
    text = " ".join(words)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") if text else 0


def unix_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970 in UTC (which a naive moment is taken for), in 32 bits."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(int(aware.timestamp()), 0), _U32)


def document_row(document: IndexDocument) -> Row:
    """Return the numbers of a document, each within what a row can hold."""
    return Row(
        document.id,
        round(min(max(document.rating, 0.0), 5.0) * 100),
        min(max(document.votes, 0), _U32),
        min(max(document.views, 0), _U32),
        unix_seconds(document.created),
        title_hash(stem for stem in stems(document.title) if stem),
    )
