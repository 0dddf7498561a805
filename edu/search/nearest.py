"""What helps where a search finds nothing: the nearest titles, and subjects of that name.

Rather nothing is shown than what has little to do with the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select

from edu.catalog.models import Category, CategoryAlias
from edu.extensions import db, search_index
from edu.materials.models import Material
from edu.materials.service import load_active
from edu.search.analysis import stems
from edu.search.base import SearchRequest, Wording
from edu.search.query import ParsedQuery
from edu.search.service import Found, index_at_hand
from edu.search.understanding.edits import slip_cost

MOST_TITLES = 5
MOST_SUBJECTS = 5
MOST_WORDS = 4  # of a query, for which similar ones are looked up: each costs milliseconds
SHORT = 7  # letters of a stem, up to which two edits would make anything of it
SHORTEST = 4  # letters of a stem, below which one edit would
MOST_ALIKE = 3  # stems that are weighed for each word
FARTHEST = 1.5  # slips (edits.py) that a word may be from another: people rarely miss its beginning
LEAST_SHARE = 0.5  # of the words of a query that the library has to know, or something like them


def find_nearest(found: Found) -> list[Material]:
    """Up to MOST_TITLES materials that would be found with a little less asked. Raises Unavailable.

    First without filters, then without phrases and exclusions, then by words spelt alike; each
    only if that is still about most of what was asked.
    """
    with index_at_hand():
        for wordings in _ever_looser(found.understood.wordings):
            if not any(_is_mostly_known(wording.query.terms) for wording in wordings):
                continue
            answer = search_index().search(SearchRequest(wordings, per_page=MOST_TITLES))
            materials = load_active(hit.id for hit in answer.hits)
            if materials:
                return [materials[hit.id] for hit in answer.hits if hit.id in materials]
    return []


def _ever_looser(wordings: tuple[Wording, ...]) -> Iterator[tuple[Wording, ...]]:
    yield wordings
    yield tuple(
        replace(each, query=replace(each.query, phrases=(), excluded=frozenset()))
        for each in wordings
    )
    terms = [term for each in wordings[:1] for term in each.query.terms[:MOST_WORDS]]
    known = zip(terms, _are_known(terms), strict=True)
    meant = [term if is_known else _find_alike(term) for term, is_known in known]
    yield (Wording(_query_of(meant)),)


def _are_known(terms: Sequence[str]) -> list[bool]:
    return [count > 0 for count in search_index().count_documents((term,) for term in terms)]


def _is_mostly_known(terms: Sequence[str]) -> bool:
    return bool(terms) and sum(_are_known(terms)) >= LEAST_SHARE * len(terms)


def _find_alike(term: str) -> str:
    """The stem that the term is likeliest a slip for, or the term if it is too far from any."""
    if len(term) < SHORTEST:
        return term
    edits = 1 if len(term) <= SHORT else 2
    similar = search_index().similar_words(term, edits, MOST_ALIKE)
    costs = ((slip_cost(term, word.stem), word.stem) for word in similar)
    # Of those as likely the commonest, which comes first.
    cost, stem = min(costs, key=lambda each: each[0], default=(0, term))
    return stem if cost <= FARTHEST else term


def _query_of(words: list[str]) -> ParsedQuery:
    terms = tuple(dict.fromkeys(words))
    return ParsedQuery(terms, tuple(enumerate(terms)), (), frozenset(), asks_nothing=False)


def find_subjects(terms: list[str]) -> list[Category]:
    """Up to MOST_SUBJECTS subjects called by these stems; those called by nothing else first."""
    wanted, shares = set(terms), dict[int, float]()
    for number, name in _list_names() if wanted else ():
        own = {stem for stem in stems(name) if stem}
        share = len(own & wanted) / max(len(own), 1)
        shares[number] = max(share, shares.get(number, 0.0))
    best = sorted((n for n, share in shares.items() if share), key=lambda n: (-shares[n], n))
    chosen = (db.session.get(Category, number) for number in best[:MOST_SUBJECTS])
    return [category for category in chosen if category]


def _list_names() -> Iterator[tuple[int, str]]:
    for columns in (
        (Category.id, Category.name),
        (CategoryAlias.category_id, CategoryAlias.alias),
    ):
        yield from ((row[0], row[1]) for row in db.session.execute(select(*columns)))
