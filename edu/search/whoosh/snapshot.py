"""One opened state of the index, for one thread: Whoosh's readers behind plain Python types."""

from __future__ import annotations

import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from pathlib import Path
from typing import Any

from edu.search.base import Facet, Row, SearchFilters, SimilarWord
from edu.search.facets import Facets, Moments
from edu.search.folding import PassageMap
from edu.search.vocabulary import likeliest
from edu.search.weights import TITLE_B, B
from edu.search.whoosh.positions import find_positions
from edu.search.whoosh.postings import NO_POSTINGS, Postings, read_postings
from edu.search.whoosh.segments import (
    Segment,
    SegmentGone,
    open_column,
    open_index,
    segment_of,
)
from edu.search.whoosh.words import words_of

HELD_POSTINGS = 1_000_000  # remembered for each state, about 60 MB
WORD_COST = 10  # postings that take as much memory as a word does by itself
SIMILAR_ASKED = 512  # words whose similar ones are remembered for each state
RECENT_BYTES = 8_000_000  # of positions, remembered for each thread
FIELDS = {"text": B, "title": TITLE_B}


@dataclass(eq=False, slots=True, weakref_slot=True)
class _State:
    """What all threads that read the same state share. It never changes, but grows."""

    facets: Facets
    revisions: list[int]
    lengths: dict[str, array[float]]  # of documents by field, over the field's mean
    postings: dict[tuple[str, str], Postings] = field(default_factory=dict)
    held: int = 0
    similar: dict[tuple[str, int, int], list[SimilarWord]] = field(default_factory=dict)

    def remember(self, term: tuple[str, str], postings: Postings) -> None:
        """Keep the postings, and let go of all when they are too many.

        Of words that nobody holds nothing is kept: people can make up any number of them.
        """
        if postings is NO_POSTINGS:
            return
        if self.held > HELD_POSTINGS:
            self.postings, self.held = {}, 0
        self.postings[term] = postings
        self.held += len(postings.numbers) + WORD_COST

    def remember_similar(self, asked: tuple[str, int, int], found: list[SimilarWord]) -> None:
        """Keep what is similar to a word, and let go of all when that is too much."""
        if len(self.similar) >= SIMILAR_ASKED:
            self.similar = {}
        self.similar[asked] = found


_states: weakref.WeakValueDictionary[tuple[Path, int], _State] = weakref.WeakValueDictionary()


class Snapshot:
    """The documents of one generation: a base.View. Numbers run through all segments."""

    def __init__(self, number: int, folder: Path) -> None:
        self.folder = folder
        self._index = open_index(folder)
        self._number = number
        # Read before the reader opens: a commit in between is then noticed, never missed.
        self._toc = self._index.latest_generation()
        self._reader = self._index.reader()
        # A thread that ends drops its snapshot: the files must not wait for the collector.
        self._closer = weakref.finalize(self, self._reader.close)
        self._leaves = _leaves(self._reader)
        self._offsets = [offset for _, offset in self._leaves]
        self._columns: list[dict[str, Any]] = []
        self._recent: dict[int, bytes] = {}  # positions of documents
        self._recent_size = 0
        self._segments: list[Segment] = []
        for leaf, _ in self._leaves:
            self._touch(leaf)
        self._state = self._share()

    def _touch(self, leaf: Any) -> None:
        """Open what Whoosh would open later, when a merge may have removed the file.

        Whoosh takes a missing column for one full of defaults, so look twice.
        """
        for name in ("text", "title"):
            leaf.doc_field_length(0, name)
            lengths = f"{leaf.segment().segment_id()}*_{name}_len*"
            if leaf.field_length(name) and not any(self.folder.glob(lengths)):
                raise SegmentGone(f"no lengths of {name!r}")
        self._columns.append({name: open_column(leaf, name) for name in ("passages", "positions")})
        self._segments.append(segment_of(self.folder, leaf))

    def _share(self) -> _State:
        # The reader's own state, which may be newer than the one that was looked up before it.
        key = (self.folder, int(self._reader.generation() or 0))
        state = _states.get(key)
        if state is None:
            segments = self._segments
            rows = [row for segment in segments for row in segment.rows]
            cards = [card for segment in segments for card in segment.cards]
            revisions = [number for segment in segments for number in segment.revisions]
            facets = Facets(rows, cards, frozenset(self._alive()))
            lengths = {name: self._relative_lengths(name) for name in FIELDS}
            _states[key] = state = _State(facets, revisions, lengths)
        return state

    def _relative_lengths(self, name: str) -> array[float]:
        mean = self._reader.field_length(name) / max(self._reader.doc_count_all(), 1) or 1.0
        each = (length for segment in self._segments for length in segment.lengths[name])
        return array("f", (length / mean for length in each))

    def _alive(self) -> Iterator[int]:
        for leaf, offset in self._leaves:
            numbers = range(leaf.doc_count_all())
            if leaf.has_deletions():
                yield from (offset + n for n in numbers if not leaf.is_deleted(n))
            else:
                yield from range(offset, offset + len(numbers))

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

    def revisions(self) -> dict[int, int]:
        """Return id -> revision of all documents."""
        rows, revisions = self._state.facets.rows, self._state.revisions
        return {rows[n].id: revisions[n] for n in self._state.facets.alive}

    def row(self, number: int) -> Row:
        """Return the row of a document."""
        return self._state.facets.rows[number]

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Yield (number, row) of these documents, in any order."""
        rows = self._state.facets.rows
        return ((number, rows[number]) for number in numbers)

    def idf(self, stem: str) -> float:
        """Return how much a word tells, 0 for one that no document holds."""
        return self._postings("text", stem).idf

    def documents_with(self, stem: str) -> frozenset[int]:
        """Return the numbers of the documents that hold the word."""
        return self._postings("text", stem).holders

    def _postings(self, name: str, stem: str) -> Postings:
        state, term = self._state, (name, stem)
        known = state.postings.get(term)
        if known is None:
            alive, lengths = state.facets.alive, state.lengths[name]
            known = read_postings(self._leaves, alive, term, lengths, FIELDS[name])
            state.remember(term, known)
        return known

    def documents_passing(self, filters: SearchFilters) -> frozenset[int]:
        """Return the numbers of the documents that pass the filters, maybe none."""
        return self._state.facets.passing(filters)

    def tally(self, facet: Facet, documents: frozenset[int], moments: Moments) -> dict[Any, int]:
        """Return how many of these documents each choice of a facet takes in."""
        return self._state.facets.tally(facet, documents, moments)

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        """Return stems that are near, the nearest first, then those that most documents hold."""
        asked = (stem, edits, limit)
        found = self._state.similar.get(asked)
        if found is None:
            found = self._find_similar(stem, edits, limit)
            self._state.remember_similar(asked, found)
        return list(found)

    def _find_similar(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        near = words_of(self.folder).load().near(stem, edits)
        weighed = likeliest(stem, near)
        count = {other: self._reader.doc_frequency("text", other) for other in weighed}
        ranked = sorted(weighed, key=lambda other: (near[other], -count[other], other))[: 2 * limit]
        if any(leaf.has_deletions() for leaf, _ in self._leaves):
            # Words of deleted documents fall out only where documents are looked at.
            count = {other: len(self.documents_with(other)) for other in ranked}
        found = [SimilarWord(other, near[other], count[other]) for other in ranked]
        return [word for word in found if word.documents][:limit]

    def best(
        self, stems: Iterable[str], among: frozenset[int], limit: int, boost: float, every: bool
    ) -> list[tuple[int, float]]:
        """Return (document number, score) of at most `limit` of these documents, best first.

        The score sums BM25 over the words in the text and, times `boost`, in the title. That
        `every` one holds all of them makes no difference here.
        """
        totals: dict[int, float] = {}
        for stem in stems:
            self._postings("text", stem).add_to(totals, among, 1.0)
            self._postings("title", stem).add_to(totals, among, boost)
        return nlargest(limit, totals.items(), key=lambda found: (found[1], -found[0]))

    def positions(self, stem: str, numbers: Iterable[int]) -> dict[int, array[int]]:
        """Return the ascending positions of a word in each of these documents that holds it."""
        found = ((number, find_positions(self._packed(number), stem)) for number in numbers)
        return {number: positions for number, positions in found if positions}

    def passages(self, number: int) -> PassageMap:
        """Return where the passages of a document lie."""
        return PassageMap.unpack(self._read("passages", number))

    def _packed(self, number: int) -> bytes:
        """Return a document's positions, which are asked for once for each word of a query."""
        packed = self._recent.get(number)
        if packed is None:
            packed = self._read("positions", number)
            if self._recent_size > RECENT_BYTES:
                self._recent, self._recent_size = {}, 0
            self._recent[number] = packed
            self._recent_size += len(packed)
        return packed

    def _read(self, column: str, number: int) -> bytes:
        at = bisect_right(self._offsets, number) - 1
        return bytes(self._columns[at][column][number - self._offsets[at]])


def latest_generation(number: int, folder: Path) -> int:
    """Return the generation of the folder without opening a searcher."""
    return _generation(number, open_index(folder).latest_generation())


def _generation(number: int, toc: int) -> int:
    return number * 2**32 + max(int(toc), 0)


def _leaves(reader: Any) -> list[tuple[Any, int]]:
    return list(reader.leaf_readers()) if reader.doc_count_all() else []
