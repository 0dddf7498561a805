"""Which documents hold a word and how much it tells of each, read once and kept in memory.

Whoosh's own scorers take ten times as long in Python: they ask for one posting after another.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Container, Iterator
from math import log
from typing import Any

from edu.search.weights import K1

FEW = 8  # so many times fewer documents than postings are looked up one by one


class Postings:
    """The documents that hold a word, ascending, and BM25 of each."""

    def __init__(self, numbers: array[int], scores: array[float]) -> None:
        self.numbers, self.scores = numbers, scores
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


def rarity(holding: int, total: int) -> float:
    """Return the idf of Robertson and Spärck Jones, kept positive."""
    return log(1 + (max(total - holding, 0) + 0.5) / (holding + 0.5))


def read_postings(
    leaves: list[tuple[Any, int]],
    alive: Container[int],
    term: tuple[str, str],
    lengths: array[float],
    idf: float,
    b: float,
) -> Postings:
    """Return the postings of a term in all segments; a leaf comes with its first number.

    `lengths` are those of the documents in words, over the mean of all; `b` is BM25's.
    """
    numbers, scores = array("I"), array("d")
    top, base, slope = idf * (K1 + 1), K1 * (1 - b), K1 * b
    for leaf, offset in leaves:
        for local, weight in _read_weights(leaf, term):
            number = offset + local
            if number in alive:
                numbers.append(number)
                scores.append(top * weight / (weight + base + slope * lengths[number]))
    return Postings(numbers, scores)


def _read_weights(leaf: Any, term: tuple[str, str]) -> Iterator[tuple[int, float]]:
    """Yield (document of the segment, summed weight of the word in it), deleted ones too."""
    if term in leaf:
        matcher = leaf.postings(*term)
        matcher = getattr(
            matcher, "child", matcher
        )  # past the filter of deleted ones, which is slow
        while matcher.is_active():
            yield matcher.id(), matcher.weight()
            matcher.next()
