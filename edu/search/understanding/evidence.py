"""What the index and the catalogue know about words, each question asked once."""

from __future__ import annotations

from collections.abc import Iterable

from edu.search.analysis import WORD, stem_word
from edu.search.base import SimilarWord
from edu.search.understanding.meaning import Words

MOST_LOOKUPS = 8  # of similar words in one query: each costs milliseconds


class Evidence:
    """Answers of one index for one query. `own` are words whatever it holds, as they are spelt,
    `stems` theirs in all cases.
    """

    def __init__(self, words: Words, own: frozenset[str], stems: frozenset[str]) -> None:
        self._words = words
        self.own, self.stems = own, stems
        self._counts: dict[tuple[str, ...], int] = {}
        self._lookups = MOST_LOOKUPS

    def learn(self, wordings: Iterable[tuple[str, ...]]) -> None:
        """Ask how many documents hold all of each tuple of stems, all at once."""
        new = [stems for stems in dict.fromkeys(wordings) if stems and stems not in self._counts]
        if new:
            self._counts.update(zip(new, self._words.count_documents(new), strict=True))

    def count(self, *stems: str) -> int:
        """Return how many documents hold all of these stems."""
        if stems not in self._counts:
            self.learn([stems])
        return self._counts.get(stems, 0)

    def weigh(self, stem: str) -> int:
        """Return how many documents hold a stem, at least one for the catalogue's own words."""
        return max(self.count(stem), stem in self.stems)

    def knows(self, text: str) -> bool:
        """Whether the text has words, and every one of them is known or too common to matter."""
        found = [stem_word(word) for word in WORD.findall(text)]
        return bool(found) and all(not stem or self.weigh(stem) for stem in found)

    def similar(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        """Return stems of the index near to this one, none after MOST_LOOKUPS questions."""
        if not self._lookups:
            return []
        self._lookups -= 1
        return self._words.similar_words(stem, edits, limit)


def content_stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text without its stop words."""
    return tuple(stem for word in WORD.findall(text) if (stem := stem_word(word)))


def single(texts: Iterable[str]) -> list[tuple[str, ...]]:
    """Return each stem of the texts as a question of its own."""
    return [(stem,) for text in texts for stem in content_stems(text)]
