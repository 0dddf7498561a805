"""Which documents answer a query and in what order, over one snapshot of the index."""

from dataclasses import dataclass

from edu.search.base import Hit, Place, SearchAnswer, SearchRequest, Sort
from edu.search.places import holds_phrase, rank_places
from edu.search.query import ParsedQuery
from edu.search.schema import Row, title_hash
from edu.search.snapshot import Snapshot

TITLE_BOOST = 0.5  # of the title's own score against that of the folded text
FEWEST_STRICT = 3  # with fewer documents holding every word, those holding most come too
RELAXED_SHARE = 0.3  # of the weight of the words, which a document must hold to come then
RELAXED_LIMIT = 200  # documents
COVERAGE_POWER = 1.0  # how steeply missing words cost
WINDOW = 100  # first documents whose order ratings and titles may change
CLOSE_WINDOW = 30  # first documents whose order closeness of the words may change
CLOSENESS = 0.7  # of the score for each point of the best place, up to MOST_CLOSE points
MOST_CLOSE = 2.0
EXACT_TITLE = 1.5
RATING_SHARE = 0.05  # of the score, at most: never past a clearly better match
RATING_DOUBT = 5  # votes at which a rating counts half
DEEPEST = 10_000  # results that can be paged through


@dataclass(frozen=True, slots=True)
class _Found:
    documents: frozenset[int]
    coverage: dict[int, float]  # share of the query's weight; empty when every word is there


def answer(snapshot: Snapshot, request: SearchRequest) -> SearchAnswer:
    """Return the page of results that the request asks for."""
    query = request.wordings[0].query
    found = _find(snapshot, query, request)
    per_page = max(request.per_page, 1)
    start = min((max(request.page, 1) - 1) * per_page, DEEPEST)
    ordered = _order(snapshot, query, found, request.sort, start + per_page)
    page = ordered[start : start + per_page]
    places = _places(snapshot, query, [number for number, _ in page])
    hits = [
        Hit(snapshot.rows[number].id, score, [place for _, place in places.get(number, [])])
        for number, score in page
    ]
    return SearchAnswer(hits, len(found.documents), frozenset(query.terms))


def _find(snapshot: Snapshot, query: ParsedQuery, request: SearchRequest) -> _Found:
    passing = snapshot.documents_passing(request.filters)
    for stem in query.excluded:
        passing -= snapshot.documents_with(stem)
    if query.asks_nothing:
        return _Found(passing, {})
    if not query.terms or not passing:
        return _Found(frozenset(), {})
    holding = {stem: passing & snapshot.documents_with(stem) for stem in query.terms}
    strict = frozenset.intersection(*holding.values())
    for phrase in query.phrases:
        strict = _with_phrase(snapshot, phrase, strict)
    # One material is asked about by name: that it holds some of the words is no reason to name it.
    exact = query.phrases or request.filters.material_id is not None
    if exact or len(strict) >= FEWEST_STRICT or len(query.terms) == 1:
        return _Found(strict, {})
    return _relax(snapshot, holding)


def _with_phrase(
    snapshot: Snapshot, phrase: tuple[tuple[int, str], ...], among: frozenset[int]
) -> frozenset[int]:
    words = {stem: snapshot.positions(stem, among) for _, stem in phrase}
    return frozenset(
        number
        for number in among
        if holds_phrase(phrase, {s: found[number] for s, found in words.items() if number in found})
    )


def _relax(snapshot: Snapshot, holding: dict[str, frozenset[int]]) -> _Found:
    """Return the documents that hold most of the words, weighed by idf; unknown words are free."""
    weights = {stem: snapshot.idf(stem) for stem in holding}
    mass: dict[int, float] = {}
    for stem, numbers in holding.items():
        for number in numbers:
            mass[number] = mass.get(number, 0.0) + weights[stem]
    least = RELAXED_SHARE * max(mass.values(), default=0.0)
    best = sorted((number for number in mass if mass[number] >= least), key=lambda n: -mass[n])
    whole = sum(weights.values()) or 1.0
    coverage = {number: mass[number] / whole for number in best[:RELAXED_LIMIT]}
    return _Found(frozenset(coverage), coverage)


def _order(
    snapshot: Snapshot, query: ParsedQuery, found: _Found, sort: Sort, end: int
) -> list[tuple[int, float]]:
    """Return the first `end` (document number, score)."""
    if sort == "relevance" and not query.asks_nothing:
        return _by_relevance(snapshot, query, found, end)
    rows = snapshot.rows
    keys = {
        "rating": lambda n: (rows[n].rating, rows[n].votes, rows[n].created),
        "views": lambda n: (rows[n].views, rows[n].rating, rows[n].created),
    }
    newest = lambda n: (rows[n].created, rows[n].rating)  # noqa: E731  # a row of the same table
    key = keys.get(sort, newest)
    ordered = sorted(found.documents, key=lambda n: (key(n), rows[n].id), reverse=True)
    return [(number, 0.0) for number in ordered[:end]]


def _by_relevance(
    snapshot: Snapshot, query: ParsedQuery, found: _Found, end: int
) -> list[tuple[int, float]]:
    limit = max(WINDOW, end, len(found.coverage))
    every = not found.coverage
    scored = snapshot.best(query.terms, found.documents, limit, TITLE_BOOST, every)
    if found.coverage:
        scored = [(n, score * found.coverage[n] ** COVERAGE_POWER) for n, score in scored]
        scored.sort(key=lambda item: -item[1])
    head = _raise(snapshot, query, scored[:WINDOW])
    return (head + scored[WINDOW:])[:end]


def _raise(
    snapshot: Snapshot, query: ParsedQuery, scored: list[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Return the documents reordered by closeness of the words, exact title and rating."""
    title = title_hash(query.key)
    closeness = _closeness(snapshot, query, [number for number, _ in scored[:CLOSE_WINDOW]])
    raised = []
    for number, score in scored:
        row = snapshot.rows[number]
        near = closeness.get(number, 0.0)
        if title and row.title == title:
            near, score = MOST_CLOSE, score * EXACT_TITLE
        raised.append((number, score * (1 + CLOSENESS * near) * _rating_factor(row)))
    raised.sort(key=lambda item: (-item[1], item[0]))
    return raised


def _closeness(snapshot: Snapshot, query: ParsedQuery, numbers: list[int]) -> dict[int, float]:
    if len(query.sequence) < 2:
        return {}
    places = _places(snapshot, query, numbers)
    return {number: min(best[0][0], MOST_CLOSE) for number, best in places.items() if best}


def _rating_factor(row: Row) -> float:
    belief = row.votes / (row.votes + RATING_DOUBT)
    return 1 + RATING_SHARE * belief * row.rating / 500


def _places(
    snapshot: Snapshot, query: ParsedQuery, numbers: list[int]
) -> dict[int, list[tuple[float, Place]]]:
    """Return the best places of each document with their scores."""
    if not query.terms:
        return {}
    idf = {stem: snapshot.idf(stem) for stem in query.terms}
    found = {stem: snapshot.positions(stem, numbers) for stem in query.terms if idf[stem]}
    return {
        number: rank_places(
            snapshot.passages(number),
            query.sequence,
            {stem: where[number] for stem, where in found.items() if number in where},
            idf,
        )
        for number in numbers
    }
