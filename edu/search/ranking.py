"""In what order documents answer a request, over any engine's view; the numbers: weights.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from heapq import nlargest
from typing import NamedTuple

from edu.search.base import Hit, Place, Row, SearchAnswer, SearchRequest, Sort, View, Wording
from edu.search.folding import title_hash
from edu.search.matching import Matcher
from edu.search.places import rank_places
from edu.search.query import ParsedQuery
from edu.search.weights import (
    CLOSE_WINDOW,
    CLOSENESS,
    COVERAGE_POWER,
    EXACT_TITLE,
    FRESH_SHARE,
    FRESH_YEARS,
    MOST_CLOSE,
    RATING_DOUBT,
    RATING_SHARE,
    TITLE_BOOST,
    WINDOW,
)

DEEPEST = 10_000  # results that can be paged through: no page begins after so many
YEAR_S = 365.25 * 24 * 3600

Places = list[tuple[float, Place]]


class _Scored(NamedTuple):
    number: int
    score: float
    wording: int  # the one by which it scores best


def answer(view: View, request: SearchRequest) -> SearchAnswer:
    """Return the page of results that the request asks for."""
    matcher = Matcher(view, request)
    documents, relaxed = matcher.find()
    per_page = max(request.per_page, 1)
    start = (max(request.page, 1) - 1) * per_page
    ranking = _Ranking(view, request, matcher, documents, relaxed)
    page = ranking.order(start + per_page)[start:] if start < DEEPEST else []
    ranking.add_places(page)
    hits = [
        Hit(view.row(n).id, score, [place for _, place in ranking.places.get(n, [])])
        for n, score, _ in page
    ]
    terms = frozenset(stem for wording in request.wordings for stem in wording.query.terms)
    counts = matcher.count() if request.counts else {}
    return SearchAnswer(hits, len(documents), terms, relaxed, counts)


class _Ranking:
    """The matching documents put in order."""

    def __init__(
        self,
        view: View,
        request: SearchRequest,
        matcher: Matcher,
        documents: frozenset[int],
        relaxed: bool,
    ) -> None:
        self._view, self._wordings, self._sort = view, request.wordings, request.sort
        self._matcher, self._documents, self._relaxed = matcher, documents, relaxed
        self.places: dict[int, Places] = {}  # of documents that were looked into, with scores

    def order(self, end: int) -> list[_Scored]:
        """Return the first `end` documents."""
        if self._sort == "relevance" and not self._matcher.lists_all:
            scored = self._by_score(max(WINDOW, end))
            return (self._raise(scored[:WINDOW]) + scored[WINDOW:])[:end]
        key = _sort_key(self._sort)
        rows = self._view.rows(self._documents)
        first = nlargest(end, ((key(row), row.id, number) for number, row in rows))
        return [_Scored(number, 0.0, self._wording_of(number)) for _, _, number in first]

    def add_places(self, documents: Iterable[_Scored]) -> None:
        """Look for the best places of these documents, each by its best wording."""
        by_wording: dict[int, list[int]] = {}
        for number, _, wording in documents:
            if number not in self.places:
                by_wording.setdefault(wording, []).append(number)
        for wording, numbers in by_wording.items():
            self.places |= _find_places(self._view, self._wordings[wording].query, numbers)

    def _by_score(self, limit: int) -> list[_Scored]:
        """Return the documents by their best wording's score, at least the first `limit`."""
        best: dict[int, _Scored] = {}
        for at, wording in enumerate(self._wordings):
            for number, score in self._score(at, wording, limit):
                if number not in best or score > best[number].score:
                    best[number] = _Scored(number, score, at)
        return sorted(best.values(), key=lambda found: (-found.score, found.number))

    def _score(self, at: int, wording: Wording, limit: int) -> Iterable[tuple[int, float]]:
        terms, factor = wording.query.terms, wording.factor
        if not self._relaxed:
            among = self._matcher.strict[at] & self._documents
            scored = self._view.best(terms, among, limit, TITLE_BOOST, True)
            return ((number, score * factor) for number, score in scored)
        shares = self._matcher.shares[at]
        among = self._documents & shares.keys()
        scored = self._view.best(terms, among, len(among), TITLE_BOOST, False)
        return ((n, score * factor * shares[n] ** COVERAGE_POWER) for n, score in scored)

    def _raise(self, scored: list[_Scored]) -> list[_Scored]:
        """Return the documents reordered by closeness, exact title, rating and freshness."""
        titles = {title_hash(wording.query.key) for wording in self._wordings} - {0}
        if any(len(wording.query.sequence) > 1 for wording in self._wordings):
            self.add_places(scored[:CLOSE_WINDOW])
        now, raised = time.time(), []
        for number, score, wording in scored:
            row = self._view.row(number)
            near = min(self._closeness(number), MOST_CLOSE)
            if row.title in titles:
                near, score = MOST_CLOSE, score * EXACT_TITLE
            score *= (1 + CLOSENESS * near) * _standing(row, now)
            raised.append(_Scored(number, score, wording))
        return sorted(raised, key=lambda found: (-found.score, found.number))

    def _closeness(self, number: int) -> float:
        """Return the points of the document's best place, 0 where nobody has looked."""
        places = self.places.get(number)
        return places[0][0] if places else 0.0

    def _wording_of(self, number: int) -> int:
        """Return the first wording of those that the document holds most of."""
        if self._relaxed:
            held = [shares.get(number, 0.0) for shares in self._matcher.shares]
        else:
            held = [float(number in strict) for strict in self._matcher.strict]
        return held.index(max(held))


def _standing(row: Row, now: float) -> float:
    """Return what rating and freshness make of a score."""
    belief = row.votes / (row.votes + RATING_DOUBT)
    years = max(now - row.created, 0.0) / YEAR_S
    rating = 1 + RATING_SHARE * belief * row.rating / 500
    return rating * (1 + FRESH_SHARE * float(0.5 ** (years / FRESH_YEARS)))


def _sort_key(sort: Sort) -> Callable[[Row], tuple[int, ...]]:
    if sort == "rating":
        return lambda row: (row.rating, row.votes, row.created)
    if sort == "views":
        return lambda row: (row.views, row.rating, row.created)
    return lambda row: (row.created, row.rating)


def _find_places(view: View, query: ParsedQuery, numbers: list[int]) -> dict[int, Places]:
    """Return the best places of each document with their scores."""
    idf = {stem: view.idf(stem) for stem in query.terms}
    found = {stem: view.positions(stem, numbers) for stem in query.terms if idf[stem]}
    return {
        number: rank_places(
            view.passages(number),
            query.sequence,
            {stem: where[number] for stem, where in found.items() if number in where},
            idf,
        )
        for number in numbers
    }
