"""Which documents hold a word and how much it tells of each, read once and kept in memory.

Whoosh's own scorers take ten times as long in Python: they ask for one posting after another.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import log
from typing import Any

from whoosh.reading import TermNotFound

from edu.search.weights import K1

FEW = 8  # so many times fewer documents than postings are looked up one by one


class Postings:
    """The documents that hold a word, ascending, and BM25 of each."""

    def __init__(self, numbers: array[int], scores: array[float], idf: float) -> None:
        self.numbers, self.scores, self.idf = numbers, scores, idf
        self.holders = frozenset(numbers)

    def add_to(self, totals: dict[int, float], among: frozenset[int], factor: float) -> None:
        """Add the score, times the factor, to those of these documents that hold the word."""
        if len(among) * FEW < len(self.numbers):
            found: Iterator[tuple[int, float]] = self._look_up(among)
        else:
            found = zip(self.numbers, self.scores, strict=True)
        for number, score in found:
            if number in among:
                totals[number] = totals.get(number, 0.0) + score * factor

    def _look_up(self, among: frozenset[int]) -> Iterator[tuple[int, float]]:
        for number in among & self.holders:
            yield number, self.scores[bisect_left(self.numbers, number)]


NO_POSTINGS = Postings(array("I"), array("f"), 0.0)  # of every word that nobody holds


def read_postings(
    leaves: list[tuple[Any, int]],
    alive: frozenset[int],
    term: tuple[str, str],
    lengths: array[float],
    b: float,
) -> Postings:
    """Return the postings of a term in all segments; a leaf comes with its first number.

    `lengths` are those of the documents in words, over the mean of all; `b` is BM25's.
    """
    numbers, weights = array("I"), array("f")
    for leaf, offset in leaves:
        for local, some in _read_blocks(leaf, term):
            numbers.extend([offset + number for number in local])
            weights.extend(some)
    if numbers and any(leaf.has_deletions() for leaf, _ in leaves):
        kept = [(n, weight) for n, weight in zip(numbers, weights, strict=True) if n in alive]
        numbers = array("I", (number for number, _ in kept))
        weights = array("f", (weight for _, weight in kept))
    if not numbers:
        return NO_POSTINGS
    idf = _rarity(len(numbers), len(alive))
    top, base, slope = idf * (K1 + 1), K1 * (1 - b), K1 * b
    pairs = zip(numbers, weights, strict=True)
    scores = [top * weight / (weight + base + slope * lengths[n]) for n, weight in pairs]
    return Postings(numbers, array("f", scores), idf)


def _rarity(holding: int, total: int) -> float:
    """Return the idf of Robertson and Spärck Jones, kept positive."""
    return log(1 + (total - holding + 0.5) / (holding + 0.5))


def _read_blocks(leaf: Any, term: tuple[str, str]) -> Iterator[tuple[Sequence[int], Any]]:
    """Yield the documents of the segment and the word's summed weights, deleted ones too."""
    try:
        matcher = leaf.postings(*term)
    except TermNotFound:  # asking first would look the word up twice
        return
    matcher = getattr(matcher, "child", matcher)  # past the filter of deleted ones
    while matcher.is_active():
        matcher.id()
        matcher.weight()  # both have the block read, as a whole
        yield matcher._ids, matcher._weights
        if not hasattr(matcher, "_next_block"):  # a word of one document has no blocks
            return
        matcher._next_block()
