"""The stems of an index that a mistyped word may have meant."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from heapq import nsmallest

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

MOST_EDITS = 3
WEIGHED = 400  # words near to one whose documents are counted
# One script, no digits: what people type by hand. Shorter ones are an edit from everything, longer
# ones come from texts that have lost their spaces.
_TYPED = re.compile(r"[a-z]{3,32}|[а-яіїєґ]{3,32}")


class Vocabulary:
    """Stems by script and length, so that few are compared with a word.

    It grows with the segments of an index and forgets nothing: whoever asks has to see for
    himself which stems are still in use.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segments: set[str] = set()
        self._known: set[str] = set()
        self._shelves: dict[tuple[bool, int], _Shelf] = defaultdict(_Shelf)

    def take_up(self, segment: str, read: Callable[[], Iterable[bytes]]) -> None:
        """Add the stems of a segment, which is read only once."""
        with self._lock:
            if segment in self._segments:
                return
            words = (each.decode(errors="replace") for each in read())
            fresh = {word for word in words if _TYPED.fullmatch(word)}
            sorted_out: dict[tuple[bool, int], list[str]] = defaultdict(list)
            for stem in fresh - self._known:
                sorted_out[_shelf(stem)].append(stem)
            for place, stems in sorted_out.items():
                self._shelves[place].put(stems)
            self._known |= fresh
            self._segments.add(segment)

    def fresh(self, stems: Iterable[str]) -> set[str]:
        """Return those of the stems that could be typed and are not known yet."""
        return {stem for stem in stems if stem not in self._known and _TYPED.fullmatch(stem)}

    def near(self, stem: str, edits: int) -> dict[str, int]:
        """Return stem -> edits of those within so many edits, the word itself left out."""
        edits = min(edits, MOST_EDITS)
        latin, length = _shelf(stem)
        found: dict[str, int] = {}
        for near_length in range(length - edits, length + edits + 1):
            shelf = self._shelves.get((latin, near_length))
            alike = list(shelf.spelt_alike(stem, edits)) if shelf else []
            near = process.extract(stem, alike, scorer=OSA.distance, score_cutoff=edits, limit=None)
            found |= {other: int(away) for other, away, _ in near}
        found.pop(stem, None)
        return found


def likeliest(stem: str, near: dict[str, int]) -> list[str]:
    """Return the nearest WEIGHED words; of those as near, the ones that begin as the stem does,
    for people rarely mistype the beginning.
    """
    if len(near) <= WEIGHED:
        return list(near)
    alike = {other: JaroWinkler.similarity(stem, other) for other in near}
    return nsmallest(WEIGHED, near, key=lambda other: (near[other], -alike[other], other))


class _Shelf:
    """Stems of one script and length. For each letter the number `_with[letter]` has a bit set for
    every stem that has it, so that a few operations on such numbers leave out most of them.
    """

    def __init__(self) -> None:
        self._stems: list[str] = []
        self._with: dict[str, int] = {}
        self._all = 0

    def put(self, stems: list[str]) -> None:
        """Add these; who reads meanwhile sees them later."""
        first, size = len(self._stems), len(stems) // 8 + 1
        self._stems += stems
        bits: dict[str, bytearray] = defaultdict(lambda: bytearray(size))
        for at, stem in enumerate(stems):
            for letter in set(stem):
                bits[letter][at >> 3] |= 1 << (at & 7)
        for letter, some in bits.items():
            self._with[letter] = self._with.get(letter, 0) | int.from_bytes(some, "little") << first
        self._all = (1 << len(self._stems)) - 1

    def spelt_alike(self, word: str, edits: int) -> Iterator[str]:
        """Yield those that lack no more of the word's letters, and have no more others, than so
        many edits can change.
        """
        everyone, letters = self._all, set(word)
        lacking = (everyone & ~self._with.get(letter, 0) for letter in letters)
        left = everyone & ~_in_more_than(edits, lacking)
        others = (some & left for letter, some in list(self._with.items()) if letter not in letters)
        left &= ~_in_more_than(edits, others)
        ones = f"{left:b}"[::-1]
        at = ones.find("1")
        while at >= 0:
            yield self._stems[at]
            at = ones.find("1", at + 1)


def _in_more_than(count: int, sets: Iterable[int]) -> int:
    """Return what is in more than so many of the sets, all sets being bits of numbers."""
    met = [0] * (count + 1)  # in more sets than the place in the list says
    for each in sets:
        for more in range(count, 0, -1):
            met[more] |= met[more - 1] & each
        met[0] |= each
    return met[count]


def _shelf(stem: str) -> tuple[bool, int]:
    return stem[:1].isascii(), len(stem)
