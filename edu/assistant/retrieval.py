"""Which materials answer a question: what fits first, then ever looser, each said as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from edu.assistant.understanding import Understood
from edu.search.base import Sort
from edu.search.hits import FoundMaterial
from edu.search.service import SearchInput, find_materials

ENOUGH = 3
MOST = 5


class Fit(StrEnum):
    """How well a material fits the question, the best first."""

    EXACT = "exact"
    NEAR = "near"  # the same words, of another kind or elsewhere
    SUBJECT = "subject"  # the same subject, other words
    POPULAR = "popular"  # nothing of it


@dataclass(frozen=True, slots=True)
class Recommended:
    """A published material, where the words stand in it, and how it fits."""

    found: FoundMaterial
    fit: Fit


def recommend(wanted: Understood) -> list[Recommended]:
    """Up to MOST that fit; looser ones only until there are ENOUGH. Raises Unavailable."""
    chosen: dict[int, Recommended] = {}
    for fit, search in _attempts(wanted):
        room = MOST if fit is Fit.EXACT else ENOUGH
        if len(chosen) >= room:
            break
        for found in find_materials(search).items:
            if len(chosen) < room:
                chosen.setdefault(found.material.id, Recommended(found, fit))
    return list(chosen.values())


def _attempts(wanted: Understood) -> Iterator[tuple[Fit, SearchInput]]:
    words, category, kind = wanted.words, wanted.category, wanted.type
    if words or category or kind:
        yield Fit.EXACT, _search(wanted)
    if words and kind:
        yield Fit.NEAR, _search(Understood(words, category))
    if words and category:
        yield Fit.NEAR, _search(Understood(words, None, kind))
        yield Fit.NEAR, _search(Understood(words))
    if category and (words or kind):
        yield Fit.SUBJECT, _search(Understood("", category, kind))
        yield Fit.SUBJECT, _search(Understood("", category))
    if category and category.parent:
        yield Fit.SUBJECT, _search(Understood("", category.trail[0]))
    yield Fit.POPULAR, _search(Understood(""))


def _search(wanted: Understood) -> SearchInput:
    sort: Sort = "relevance" if wanted.words else "rating"
    kind = wanted.type.value if wanted.type else None
    # More than are taken: some may be among the chosen already.
    return SearchInput(wanted.words, wanted.category, kind, sort=sort, per_page=MOST + ENOUGH)
