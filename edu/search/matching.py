"""Which documents answer a request, and how many would with each choice of each facet.

A document matches strictly when it holds every word of some wording. Both what matches strictly
and what matches loosely is worked out over the whole library, before any filter, so that a count
beside a choice is what choosing it brings.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from edu.search.base import Counts, Facet, SearchFilters, SearchRequest, View
from edu.search.places import holds_phrase
from edu.search.query import ParsedQuery
from edu.search.weights import FEWEST_STRICT, RELAXED_LIMIT, RELAXED_SHARE

# The filters that a choice of a facet takes the place of. Tags are added to one another.
REPLACED: dict[Facet, tuple[str, ...]] = {
    "category": ("category_id",),
    "type": ("type",),
    "kind": ("kind",),
    "language": ("language",),
    "semester": ("semesters",),
    "year": ("year",),
    "tag": (),
    "rating": ("rating_gte",),
    "uploaded": ("uploaded_after", "uploaded_before"),
}
NOTHING: frozenset[int] = frozenset()
Shares = dict[int, float]  # document -> share of a wording's weight that it holds


class Matcher:
    """What matches one request in one view."""

    def __init__(self, view: View, request: SearchRequest) -> None:
        self._view, self._request = view, request
        self._queries = [wording.query for wording in request.wordings]
        first = self._queries[0]
        self.lists_all = first.asks_nothing
        # One material is asked about by name: that it holds some of the words is no reason to
        # name it.
        self._is_exact = bool(first.phrases) or request.filters.material_id is not None
        self._excluded = NOTHING.union(*map(view.documents_with, first.excluded))
        self.strict = self._find_strict()
        self._all_strict = NOTHING.union(*self.strict)
        self._enough = self._is_exact or len(self._all_strict) >= FEWEST_STRICT
        self._kept: dict[SearchFilters, frozenset[int]] = {}

    def find(self) -> tuple[frozenset[int], bool]:
        """Return the documents that match, and whether the looser ones are among them."""
        if self.lists_all:
            return self._passing(self._request.filters), False
        strict = self._strict_in(self._request.filters)
        if self._is_exact or (self._enough and strict):
            return strict, False
        loose = self._loose_in(self._request.filters)
        return strict | loose, bool(loose)

    def count(self) -> Counts:
        """Return what each choice of each facet would find."""
        return {facet: self._count(facet) for facet in REPLACED}

    @cached_property
    def shares(self) -> list[Shares]:
        """How much of each wording the documents hold that match loosely."""
        held = [self._share(at, query) for at, query in enumerate(self._queries)]
        chosen = self._choose(held)
        return [{number: each[number] for number in each.keys() & chosen} for each in held]

    def _count(self, facet: Facet) -> dict[Any, int]:
        replaced: dict[str, Any] = dict.fromkeys(REPLACED[facet])
        filters = replace(self._request.filters, **replaced)
        moments = self._request.moments
        if self.lists_all:
            return self._view.tally(facet, self._passing(filters), moments)
        counts = self._view.tally(facet, self._strict_in(filters), moments)
        loose = NOTHING if self._is_exact else self._loose_in(filters)
        for choice, count in (self._view.tally(facet, loose, moments) if loose else {}).items():
            known = counts.get(choice, 0)
            counts[choice] = known if known and self._enough else known + count
        return counts

    def _strict_in(self, filters: SearchFilters) -> frozenset[int]:
        """Return the strict documents that pass."""
        if filters not in self._kept:
            self._kept[filters] = self._all_strict & self._view.documents_passing(filters)
        return self._kept[filters]

    def _loose_in(self, filters: SearchFilters) -> frozenset[int]:
        """Return those that pass of the documents that lack some of the words."""
        return self._loose & self._view.documents_passing(filters)

    def _passing(self, filters: SearchFilters) -> frozenset[int]:
        passing = self._view.documents_passing(filters)
        return passing - self._excluded if self._excluded else passing

    def _find_strict(self) -> list[frozenset[int]]:
        """Return the strict documents of each wording.

        The phrases and exclusions of the first wording hold for all of them, so that phrases are
        looked for in all their documents at once: positions are dear.
        """
        held = [self._holding_all(query) for query in self._queries]
        candidates = NOTHING.union(*held)
        passing = candidates
        for phrase in dict.fromkeys(self._queries[0].phrases):
            passing = _with_phrase(self._view, phrase, passing)
        return held if passing is candidates else [each & passing for each in held]

    def _holding_all(self, query: ParsedQuery) -> frozenset[int]:
        if not query.terms or self.lists_all:
            return NOTHING
        holders = sorted((self._view.documents_with(stem) for stem in query.terms), key=len)
        return frozenset.intersection(*holders) - self._excluded

    @cached_property
    def _loose(self) -> frozenset[int]:
        """The documents that lack some of the words."""
        return NOTHING.union(*self.shares) - self._all_strict

    def _weigh(self, query: ParsedQuery) -> dict[str, float]:
        """Return the weight of each word. An unknown one weighs nothing, for it tells nothing;
        but where another wording knows all of its words, it weighs as much as any.
        """
        weights = {stem: self._view.idf(stem) for stem in query.terms}
        return {stem: weight or self._unknown for stem, weight in weights.items()}

    @cached_property
    def _unknown(self) -> float:
        known = [[self._view.idf(stem) for stem in query.terms] for query in self._queries]
        is_plain = any(weights and all(weights) for weights in known)
        return max(map(max, filter(None, known)), default=0.0) if is_plain else 0.0

    def _share(self, at: int, query: ParsedQuery) -> Shares:
        """Return the share of the weight that documents hold, unless it is sure to be too little.

        Strict ones count here only while there are few; else they match without this.
        """
        weights = self._weigh(query)
        whole = ahead = sum(weights.values()) or 1.0
        least = RELAXED_SHARE * (whole if self.strict[at] else max(weights.values(), default=0.0))
        skipped = self._excluded | self._all_strict if self._enough else self._excluded
        held: Shares = {}
        for stem in sorted(weights, key=lambda stem: -weights[stem]):
            holders = self._view.documents_with(stem) - skipped
            # Who is met here first can have no more than this word and those after it.
            for number in holders if ahead >= least else holders & held.keys():
                held[number] = held.get(number, 0.0) + weights[stem] / whole
            ahead -= weights[stem]
        return held

    def _choose(self, held: list[Shares]) -> frozenset[int]:
        """Return the documents that hold most, and all strict ones."""
        best: Shares = {}
        factors = [wording.factor for wording in self._request.wordings]
        for factor, each in zip(factors, held, strict=True):
            for number, share in each.items():
                best[number] = max(best.get(number, 0.0), share * factor)
        whole = (factor for factor, strict in zip(factors, self.strict, strict=True) if strict)
        least = RELAXED_SHARE * max((*best.values(), *whole), default=0.0)
        others = [n for n, share in best.items() if share >= least and n not in self._all_strict]
        others.sort(key=lambda number: (-best[number], number))
        return self._all_strict.union(others[:RELAXED_LIMIT])


def _with_phrase(
    view: View, phrase: tuple[tuple[int, str], ...], among: frozenset[int]
) -> frozenset[int]:
    stems = dict.fromkeys(stem for _, stem in phrase)
    # Of those that lack a word no positions have to be read.
    among = among.intersection(*map(view.documents_with, stems))
    words = {stem: view.positions(stem, among) for stem in stems}
    return frozenset(
        number
        for number in among
        if holds_phrase(phrase, {s: found[number] for s, found in words.items() if number in found})
    )
