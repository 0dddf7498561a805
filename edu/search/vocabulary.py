"""The stems of an index that a mistyped word may have meant."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

MOST_EDITS = 3
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
        self._shelves: dict[tuple[bool, int], list[str]] = defaultdict(list)

    def take_up(self, segment: str, read: Callable[[], Iterable[bytes]]) -> None:
        """Add the stems of a segment, which is read only once."""
        with self._lock:
            if segment in self._segments:
                return
            words = (each.decode(errors="replace") for each in read())
            fresh = {word for word in words if _TYPED.fullmatch(word)}
            for stem in fresh - self._known:
                self._shelves[_shelf(stem)].append(stem)
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
            shelf = self._shelves.get((latin, near_length), ())
            near = process.extract(stem, shelf, scorer=OSA.distance, score_cutoff=edits, limit=None)
            found |= {other: int(away) for other, away, _ in near}
        found.pop(stem, None)
        return found


def _shelf(stem: str) -> tuple[bool, int]:
    return stem[:1].isascii(), len(stem)
