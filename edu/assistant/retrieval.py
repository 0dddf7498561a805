"""What the library holds for a question: exactly, or with wishes given up, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edu.accounts.models import User
from edu.assistant.findings import Findings, Fit, Recommended, Relaxation
from edu.assistant.jailbreaks import is_jailbreak
from edu.assistant.meaning import Intent, Meaning
from edu.assistant.passages import best_places, take_passages
from edu.assistant.searching import Candidate, Searcher, says_level
from edu.catalog.models import Category
from edu.catalog.service import list_name_groups
from edu.extensions import db
from edu.materials.service import can_see, load_active
from edu.search.analysis import stems
from edu.search.hits import FoundMaterial
from edu.search.service import index_at_hand
from edu.search.understanding.slang import add_common_names

LEAST = 3  # materials that an answer names where there are so many near to it
MOST_IN_PLAN = 12
PLACES = 3
MOST_NEAR = 3  # of what does not hold what was asked for

Wish = Literal["semester", "year", "type", "kind", "level", "subject"]
# In this order they are given up: a semester is the likeliest to be unknown of a material.
WISHES: tuple[Wish, ...] = ("semester", "year", "kind", "type", "subject")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A meaning with fewer wishes, and what there is with these."""

    meaning: Meaning
    given_up: tuple[Wish, ...]
    found: list[Candidate]

    @property
    def fitting(self) -> list[Candidate]:
        return [one for one in self.found if one.covers]


def retrieve(user: User | None, meaning: Meaning, *, most: int = 5) -> Findings:
    """Materials and passages for the question, of what the person may see. Raises Unavailable."""
    most = meaning.count or (max(most, MOST_IN_PLAN) if meaning.intent is Intent.PLAN else most)
    searcher = Searcher(
        user, add_common_names(list_name_groups()), without=frozenset(meaning.without)
    )
    if is_jailbreak(meaning.words):
        return Findings(covers=False)
    with index_at_hand():
        if meaning.about:
            return _about(user, meaning)
        for words, wishes in _readings(meaning):
            searcher.ask(words)
            findings = _retrieve(searcher, replace(wishes, words=words), most)
            if findings.covers:
                return findings
        return _not_covered(searcher, meaning)


def _readings(meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    """The words and where to look for them; a part of a subject may be a word of texts only."""
    yield meaning.words, meaning
    category = db.session.get(Category, meaning.category_id) if meaning.category_id else None
    if category is None:
        return
    top = category.trail[0]
    if category is not top:
        words = f"{category.name} {meaning.words}".strip()
        yield words, replace(meaning, category_id=top.id)
    if not meaning.words and category is not top:
        yield category.name, replace(meaning, category_id=None)


def _retrieve(searcher: Searcher, meaning: Meaning, most: int) -> Findings:
    best = _attempt(searcher, meaning, ())
    if not best.fitting:
        for given_up in _fewer_wishes(meaning):
            best = _attempt(searcher, meaning, given_up)
            if best.fitting:
                break
    if not best.fitting:
        return Findings(covers=False)
    fit = Fit.NEAR if best.given_up else Fit.EXACT
    fitting = best.fitting
    if meaning.semesters and not best.meaning.semesters:  # the nearest semesters first
        fitting.sort(key=lambda one: _semesters_apart(one, meaning.semesters))
    chosen = [(one, fit) for one in fitting[:most]]
    if len(chosen) < min(LEAST, most):
        chosen += _fill(searcher, best, LEAST - len(chosen))
    relaxed = [_relaxation(meaning, wish, best.fitting) for wish in best.given_up]
    if meaning.level and not any(says_level(o.material, meaning.level) for o, _ in chosen):
        relaxed.append(Relaxation("level", (meaning.level,)))
    return _findings(searcher, chosen, tuple(relaxed))


def _attempt(searcher: Searcher, meaning: Meaning, given_up: tuple[Wish, ...]) -> _Attempt:
    fewer = _without(meaning, given_up)
    return _Attempt(fewer, given_up, searcher.find(fewer))


def _fewer_wishes(meaning: Meaning) -> Iterator[tuple[Wish, ...]]:
    """Each wish alone, then the first two, three ..., all."""
    given = [wish for wish in WISHES if _has(meaning, wish)]
    # Without words the subject is all that was asked for.
    given = [wish for wish in given if wish != "subject" or meaning.words]
    yield from ((wish,) for wish in given)
    yield from (tuple(given[:size]) for size in range(2, len(given) + 1))


def _has(meaning: Meaning, wish: Wish) -> bool:
    if wish == "semester":
        return bool(meaning.semesters) and meaning.year is None
    if wish == "year":
        return meaning.year is not None
    if wish == "subject":
        return meaning.category_id is not None
    return bool({"type": meaning.types, "kind": meaning.kinds}[wish])


def _without(meaning: Meaning, wishes: Sequence[Wish]) -> Meaning:
    for wish in wishes:
        if wish in ("semester", "year"):
            meaning = replace(meaning, semesters=(), year=None)
        elif wish == "subject":
            meaning = replace(meaning, category_id=None)
        elif wish == "type":
            meaning = replace(meaning, types=())
        else:
            meaning = replace(meaning, kinds=())
    return meaning


def _semesters_apart(one: Candidate, semesters: Sequence[int]) -> int:
    semester = one.material.semester
    return min(abs(semester - each) for each in semesters) if semester else 99


def _fill(searcher: Searcher, best: _Attempt, room: int) -> list[tuple[Candidate, Fit]]:
    """A few more: with a wish less, with most of the words, then of the best one's subject."""
    rows = [
        [(one, Fit.NEAR) for one in _attempt(searcher, best.meaning, given_up).fitting]
        for given_up in _fewer_wishes(best.meaning)
    ]
    rows.append([(one, Fit.NEAR) for one in best.found if one.is_near])
    top = best.fitting[0].material.category.trail[0]
    rows.append([(one, Fit.SUBJECT) for one in searcher.find(Meaning(category_id=top.id))])
    more: dict[int, tuple[Candidate, Fit]] = {}
    known = {one.hit.id for one in best.fitting}
    for one, fit in (each for row in rows for each in row):
        if one.hit.id not in known and len(more) < room:
            more.setdefault(one.hit.id, (one, fit))
    return list(more.values())


def _relaxation(meaning: Meaning, wish: Wish, found: Sequence[Candidate]) -> Relaxation:
    materials = [one.material for one in found]
    if wish == "semester":
        there = sorted({m.semester for m in materials if m.semester})
        return Relaxation(wish, _words(meaning.semesters), _words(there))
    if wish == "year":
        years = sorted({(m.semester + 1) // 2 for m in materials if m.semester})
        return Relaxation(wish, (str(meaning.year),), _words(years))
    if wish == "type":
        return Relaxation(wish, meaning.types, tuple(dict.fromkeys(m.type for m in materials)))
    if wish == "kind":
        kinds = tuple(dict.fromkeys(m.file.kind for m in materials))
        return Relaxation(wish, meaning.kinds, kinds)
    category = db.session.get(Category, meaning.category_id)
    names = dict.fromkeys(m.category.trail[0].name for m in materials)
    return Relaxation("subject", (category.name if category else "",), tuple(names))


def _words(numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, numbers))


def _findings(
    searcher: Searcher,
    chosen: Sequence[tuple[Candidate, Fit]],
    relaxed: tuple[Relaxation, ...] = (),
    *,
    covers: bool = True,
) -> Findings:
    fits = {one.hit.id: fit for one, fit in chosen}
    shown = searcher.show([one for one, _fit in chosen])
    materials = tuple(Recommended(found, fits[found.material.id]) for found in shown)
    terms = frozenset(stem for one in searcher.asked for stem in one.weights)
    passages = tuple(take_passages(materials, terms)) if covers else ()
    return Findings(materials, passages, relaxed, covers)


def _not_covered(searcher: Searcher, meaning: Meaning) -> Findings:
    """What is near, of the words or at least of the subject."""
    searcher.ask(meaning.words)
    chosen: list[tuple[Candidate, Fit]] = []
    if searcher.asked:
        anywhere = searcher.find(Meaning(words=meaning.words))
        chosen = [(one, Fit.NEAR) for one in anywhere if one.is_near][:MOST_NEAR]
    if not chosen and meaning.category_id and meaning.words:
        found = searcher.find(Meaning(category_id=meaning.category_id))
        chosen = [(one, Fit.SUBJECT) for one in found][:MOST_NEAR]
    return _findings(searcher, chosen, covers=meaning.asks_nothing)


def _about(user: User | None, meaning: Meaning) -> Findings:
    """These materials themselves, with the places that hold the words."""
    materials = load_active(meaning.about)
    terms = frozenset(stem for stem in stems(meaning.words) if stem)
    chosen = tuple(
        Recommended(FoundMaterial(one, best_places(one, terms, PLACES)), Fit.EXACT)
        for number in meaning.about
        if (one := materials.get(number)) and can_see(user, one)
    )
    passages = tuple(take_passages(chosen, terms))
    return Findings(chosen, passages, covers=bool(chosen))
