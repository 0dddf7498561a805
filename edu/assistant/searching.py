"""One search after another for the same words, with ever fewer wishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product, zip_longest

from sqlalchemy import and_, or_, select

from edu.accounts.models import User
from edu.assistant.coverage import COVERS, NEAR, Asked, Cover, measure, weigh
from edu.assistant.meaning import Level, Meaning
from edu.catalog.models import MaterialType
from edu.extensions import db, search_index
from edu.likeness.models import SimilarText
from edu.materials.models import Material, Passage
from edu.materials.service import can_see, load_active
from edu.search.analysis import stems
from edu.search.base import Hit, SearchAnswer, SearchFilters, SearchRequest
from edu.search.hits import FoundMaterial, show_hits
from edu.search.understanding.meaning import NameGroup
from edu.search.understanding.understand import Understood, understand

DEPTH = 12  # hits of one search that are weighed
LISTED = 40  # materials without words, of which the first are chosen
MOST_SEARCHES = 9  # of types and kinds at a time

_EASY = frozenset(
    stem
    for stem in stems(
        "введение введения основы начинающих начальный начальные элементарный элементарные элементы"
        " краткий краткое кратко шпаргалка простой простыми чайников нуля азы базовый"
        " introduction introductory intro basics basic beginner beginners primer elementary easy"
    )
    if stem
)
_HARD = frozenset(
    stem
    for stem in stems(
        "олимпиадные олимпиада олимпиадный углублённый углубленное углублённо продвинутый"
        " дополнительные доп избранные спецкурс магистратура повышенной сложные трудные"
        " advanced olympiad graduate selected hard challenging"
    )
    if stem
)
LEVEL_SHARE = 0.25  # by which a fitting level raises a score, and another one lowers it
SUITED = 2.0  # half stars, that a fitting level is worth where nothing else orders
LATER_SHARE = 0.02  # each later semester is a little more advanced


@dataclass(frozen=True, slots=True)
class Candidate:
    """A material that may be recommended, where to look in it, and what it holds of the words."""

    hit: Hit
    material: Material
    cover: Cover
    score: float
    suits: float = 0.0  # the level

    @property
    def covers(self) -> bool:
        return self.cover.share >= COVERS

    @property
    def is_near(self) -> bool:
        return self.cover.share >= NEAR


@dataclass(slots=True)
class Searcher:
    """Looks for the words of one question, for one person. Raises IndexUnavailable."""

    user: User | None
    names: Sequence[NameGroup]
    understood: Understood = field(init=False)
    asked: list[Asked] = field(init=False)
    without: frozenset[int] = frozenset()
    _materials: dict[int, Material] = field(default_factory=dict)
    _passages: dict[tuple[int, int], Passage] = field(default_factory=dict)
    _covers: dict[int, Cover] = field(default_factory=dict)

    def ask(self, words: str) -> None:
        """Begin anew with these words."""
        understood = understand(words, search_index(), self.names)
        apart = frozenset(change.said for change in understood.changes if " " in change.meant)
        spelt = {change.said for change in understood.changes if change.kind == "spelling"}
        if apart & spelt:  # two words of the library out of one of its own are no better
            understood = understand(words, search_index(), self.names, literal=apart & spelt)
        self.understood = understood
        self.asked = weigh(understood) if words.strip() else []
        self._covers.clear()

    def find(self, meaning: Meaning) -> list[Candidate]:
        """What there is with all wishes of the meaning, the best first; several types in turn."""
        has_words = bool(meaning.words and self.asked)
        rows = [self._search(filters, has_words) for filters in _filters(meaning)]
        hits = {hit.id: hit for hit in _in_turn(rows)}
        found = list(self._weigh(hits.values(), meaning.level, has_words))
        if not has_words:
            found.sort(key=_whole_first)
        elif len(rows) == 1:
            found.sort(key=lambda one: -one.score)
        return found

    def show(self, chosen: Sequence[Candidate]) -> list[FoundMaterial]:
        """The same as people see them, with their places."""
        terms = frozenset(s for each in self.understood.wordings for s in each.query.terms)
        hits = [one.hit for one in chosen]
        return show_hits(SearchAnswer(hits, len(hits), terms if self.asked else frozenset()))

    def _search(self, filters: SearchFilters, has_words: bool) -> list[Hit]:
        if not has_words:
            everything = understand("", search_index()).wordings
            request = SearchRequest(everything, filters, sort="rating", per_page=LISTED)
        else:
            wordings = self.understood.wordings
            given = self.understood  # an academic year or a kind of file may stand among the words
            filters = replace(
                filters, kind=filters.kind or given.kind, year=filters.year or given.year
            )
            request = SearchRequest(wordings, filters, per_page=DEPTH)
        return search_index().search(request).hits

    def _weigh(self, hits: Iterable[Hit], level: Level, has_words: bool) -> Iterator[Candidate]:
        hits = [hit for hit in hits if hit.id not in self.without]
        self._load(hits)
        alike = _Alike([hit.id for hit in hits])
        for hit in hits:
            material = self._materials.get(hit.id)
            if material is None or alike.has_seen(material):
                continue
            cover = self._cover(hit, material) if has_words else Cover(1.0, frozenset())
            fits = suits(material, level)
            yield Candidate(hit, material, cover, hit.score * (1 + LEVEL_SHARE * fits), fits)

    def _cover(self, hit: Hit, material: Material) -> Cover:
        if hit.id not in self._covers:
            numbers = (place.number for place in hit.places)
            passages = [p for n in numbers if (p := self._passages.get((hit.id, n)))]
            self._covers[hit.id] = measure(self.asked, material, passages)
        return self._covers[hit.id]

    def _load(self, hits: Sequence[Hit]) -> None:
        new = [hit.id for hit in hits if hit.id not in self._materials]
        if new:
            seen = load_active(new).items()
            self._materials |= {key: one for key, one in seen if can_see(self.user, one)}
        missing = [
            and_(Passage.material_id == hit.id, Passage.number.in_(numbers))
            for hit in hits
            if (
                numbers := [
                    p.number for p in hit.places if (hit.id, p.number) not in self._passages
                ]
            )
        ]
        if missing and self.asked:
            for passage in db.session.scalars(select(Passage).where(or_(*missing))):
                self._passages[passage.material_id, passage.number] = passage


def suits(material: Material, level: Level) -> float:
    """1 where the title says that it is of this level, -1 of the other; small without a word."""
    if not level:
        return 0.0
    own = frozenset(stems(material.title))
    by_name = bool(own & _EASY) - bool(own & _HARD)
    later = LATER_SHARE / LEVEL_SHARE * ((material.semester or 4) - 4)
    if material.type == MaterialType.TEXTBOOK:
        later += 0.05
    return by_name - later if level == "basic" else -by_name + later


def says_level(material: Material, level: Level) -> bool:
    """Whether the title says so."""
    own = frozenset(stems(material.title))
    return bool(own & (_EASY if level == "basic" else _HARD))


def _filters(meaning: Meaning) -> list[SearchFilters]:
    choices = product(meaning.types or (None,), meaning.kinds or (None,))
    return [
        SearchFilters(
            category_id=meaning.category_id,
            type=kind_of_material,
            kind=kind,
            semesters=meaning.semesters or None,
        )
        for kind_of_material, kind in choices
    ][:MOST_SEARCHES]


def _in_turn(rows: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    for turn in zip_longest(*rows):
        yield from (hit for hit in turn if hit is not None)


def _whole_first(one: Candidate) -> tuple[float, bool, str]:
    """Without words: what is rated best, then whole courses, then in the order of titles."""
    material = one.material
    rated = round(material.rating_mean * 2) if material.rating_votes else 0
    is_whole = bool(frozenset(stems(material.title)) & _WHOLE)
    # «Лекция 17.02.2024» stands where its day is.
    title = _DAY.sub(lambda day: f"{day[3]}.{day[2]}.{day[1]}", material.title)
    title = _NUMBER.sub(lambda number: number[0].zfill(6), title)
    return -rated - SUITED * one.suits, not is_whole, title


_DAY = re.compile(r"\b(\d\d)\.(\d\d)\.(20\d\d)\b")
_NUMBER = re.compile(r"\d+")
_WHOLE = frozenset(stem for stem in stems("полный курс весь complete full course") if stem)


class _Alike:
    """Materials with almost the same text, of which the first is enough."""

    def __init__(self, ids: Sequence[int]) -> None:
        pair = select(SimilarText.material_id, SimilarText.other_id)
        rows = db.session.execute(
            pair.where(SimilarText.material_id.in_(ids), SimilarText.other_id.in_(ids))
        )
        self._pairs = {(row[0], row[1]) for row in rows}
        self._seen: list[int] = []
        self._files: set[int] = set()
        self._names: set[tuple[int, str, tuple[str, ...]]] = set()

    def has_seen(self, material: Material) -> bool:
        """Whether one like it has been asked about; if not, it has now."""
        key = (material.category_id, material.type, tuple(stems(material.title)))
        alike = any((material.id, seen) in self._pairs for seen in self._seen)
        if alike or material.file_id in self._files or key in self._names:
            return True
        self._seen.append(material.id)
        self._files.add(material.file_id)
        self._names.add(key)
        return False
