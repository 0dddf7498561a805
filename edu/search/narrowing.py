"""The choices that narrow a result, and what was understood, as the page of results shows them.

Every choice is an address; the number beside it is how many one finds there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from edu.catalog.models import Category, MaterialType
from edu.catalog.service import type_label
from edu.extensions import db
from edu.materials.models import SUFFIXES
from edu.materials.service import language_label, year_label
from edu.search.arguments import Links, escape_value, list_arguments
from edu.search.base import Facet
from edu.search.labels import (
    describe_change,
    kind_label,
    rating_label,
    semester_label,
    since_label,
    until_label,
    within_label,
)
from edu.search.service import NARROWING, WITHIN, Found, SearchInput, narrowing_changes
from edu.search.understanding.understand import Change

MOST_TAGS = 12
MOST_YEARS = 12
_WORDS = {"q", "exact", "literal", "sort"}
MOST_OPEN = 60  # subjects with their parts; of more, only the chosen one's parts are listed
_Tree = dict[int | None, list[tuple[int, str, str]]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter. Of a chosen one the address takes it back.

    `key` is its id in the page, the same in every result, so that it keeps the focus.
    """

    key: str
    name: str
    count: int
    href: str
    chosen: bool = False
    children: tuple[Choice, ...] = ()

    @property
    def holds_chosen(self) -> bool:
        """Whether it or anything below it is chosen."""
        return self.chosen or any(child.holds_chosen for child in self.children)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The choices of one filter."""

    facet: Facet
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that was asked for or understood; the address takes it back."""

    label: str
    href: str
    understood: bool = False


class Sidebar:
    """What stands around one page of results; `path` is the address of the page of results."""

    def __init__(self, path: str, wanted: SearchInput, found: Found) -> None:
        self.wanted, self.found = wanted, found
        self.changes = narrowing_changes(wanted, found.understood)
        # Every further choice keeps to the present reading of the words, or counts would lie.
        self.literal = list(dict.fromkeys((*wanted.literal, *found.as_text)))
        arguments = list_arguments(wanted) | ({"literal": self.literal} if self.literal else {})
        self.links = Links(path, arguments)
        self.counts: dict[Facet, dict[Any, int]] = found.counts or {}

    # Chips ----------------------------------------------------------------------------------------

    def chips(self) -> list[Chip]:
        """What was understood and what is asked for, each with a way back."""
        return [*self._understood(), *self._literal(), *self._given()]

    def _understood(self) -> Iterable[Chip]:
        for change in self.found.understood.changes:
            if change.kind not in NARROWING or change in self.changes:
                yield Chip(describe_change(change), self._as_typed(change), understood=True)

    def _literal(self) -> Iterable[Chip]:
        for said in self.literal:
            label = _("As typed: %(words)s", words=said)
            yield Chip(label, self.links.without("literal", said), understood=True)

    def _as_typed(self, *changes: Change) -> str:
        said = [change.said for change in changes]
        return self.links(literal=[*dict.fromkeys((*self.literal, *said))])

    def _given(self) -> Iterable[Chip]:
        wanted, without = self.wanted, self.links.without
        if wanted.category:
            yield Chip(wanted.category.full_name, without("category"))
        for name, label in self._single():
            yield Chip(label, without(name))
        for tag in wanted.tags:
            yield Chip(f"#{tag}", without("tag", tag))

    def _single(self) -> Iterable[tuple[str, str]]:
        wanted = self.wanted
        labels: list[tuple[str, Any, Callable[[Any], str]]] = [
            ("type", wanted.type, type_label),
            ("kind", wanted.kind, kind_label),
            ("language", wanted.language, _name_language),
            ("semester", wanted.semester, semester_label),
            ("year", wanted.year, year_label),
            ("rating_gte", wanted.rating_gte, rating_label),
            ("within", wanted.within, within_label),
            ("uploaded_after", wanted.uploaded_after, since_label),
            ("uploaded_before", wanted.uploaded_before, until_label),
        ]
        return [(name, str(label(value))) for name, value, label in labels if value]

    @property
    def marks(self) -> str:
        """The stems to mark in what was found, as an address takes them."""
        return escape_value(self.found.marks)

    @property
    def narrowed(self) -> bool:
        """Whether filters were given."""
        return not self.links.arguments.keys() <= _WORDS

    @property
    def filter_words(self) -> list[str]:
        """The words that are filters, as they were typed."""
        return list(dict.fromkeys(change.said for change in self.changes))

    def list_filters(self) -> list[str]:
        """What every material had to be, in words: the filters understood, then those given."""
        understood = [describe_change(change) for change in self.changes]
        return [*dict.fromkeys(understood), *(chip.label for chip in self._given())]

    def words_only(self) -> str:
        """The address of the same words without filters, given or understood."""
        given = self.links.arguments.keys() - _WORDS
        changes = self.found.understood.changes
        words = [change.said for change in changes if change.kind in NARROWING]
        literal = [*dict.fromkeys((*self.literal, *words))]
        return self.links(**{name: [] for name in given}, literal=literal)

    # Narrowing ------------------------------------------------------------------------------------

    def narrowings(self) -> list[Narrowing]:
        """The filters that narrow this result, or are chosen."""
        filters, wanted = self.found.filters, self.wanted
        since = [wanted.within] if wanted.within else []
        known: list[tuple[Facet, str, tuple[Choice, ...]]] = [
            ("category", _("Subject"), self._subjects()),
            ("type", _("Type"), self._choices("type", MaterialType, [filters.type], type_label)),
            ("kind", _("File"), self._choices("kind", SUFFIXES, [filters.kind], kind_label)),
            ("semester", _("Semester"), self._semesters()),
            ("year", _("Academic year"), self._years()),
            ("language", _("Language"), self._languages()),
            ("tag", _("Tags"), self._tags()),
            ("rating", _("Rating"), self._ratings()),
            ("uploaded", _("Date of upload"), self._within(since)),
        ]
        return [Narrowing(*each) for each in known if self._helps(each[2])]

    def _helps(self, choices: tuple[Choice, ...]) -> bool:
        return any(c.holds_chosen or c.count != self.found.total or c.children for c in choices)

    def _choices(
        self,
        facet: Facet,
        values: Iterable[Any],
        chosen: list[Any],
        label: Callable[[Any], str],
        argument: str = "",
    ) -> tuple[Choice, ...]:
        name, counts = argument or facet, self.counts.get(facet, {})
        return tuple(
            Choice(
                _key(facet, value),
                str(label(value)),
                counts.get(value, 0),
                self._back(name) if value in chosen else self.links(**{name: [str(value)]}),
                value in chosen,
            )
            for value in values
            if value in counts or value in chosen
        )

    def _back(self, name: str) -> str:
        """Without a filter, whether it was given or understood."""
        own = [change for change in self.changes if NARROWING[change.kind] == name]
        return self._as_typed(*own) if own else self.links.without(name)

    def _semesters(self) -> tuple[Choice, ...]:
        chosen = list(self.found.filters.semesters or ())
        values = sorted({*self.counts.get("semester", {}), *chosen})
        return self._choices("semester", values, chosen, semester_label)

    def _years(self) -> tuple[Choice, ...]:
        chosen = [year for year in (self.found.filters.year,) if year]
        latest = sorted(self.counts.get("year", {}), reverse=True)[:MOST_YEARS]
        values = sorted({*latest, *chosen}, reverse=True)
        return self._choices("year", values, chosen, year_label)

    def _languages(self) -> tuple[Choice, ...]:
        values = sorted({*self.counts.get("language", {}), self.wanted.language} - {None, ""})
        return self._choices("language", values, [self.wanted.language], _name_language)

    def _ratings(self) -> tuple[Choice, ...]:
        stars = range(5, 0, -1)
        return self._choices("rating", stars, [self.wanted.rating_gte], rating_label, "rating_gte")

    def _tags(self) -> tuple[Choice, ...]:
        counts, chosen = self.counts.get("tag", {}), self.wanted.tags
        others = sorted(counts.keys() - set(chosen), key=lambda tag: (-counts[tag], tag))
        taken = [
            Choice(_key("tag", tag), tag, counts.get(tag, 0), self.links.without("tag", tag), True)
            for tag in chosen
        ]
        offered = [
            Choice(_key("tag", tag), tag, counts[tag], self.links(tag=[*chosen, tag]))
            for tag in others[:MOST_TAGS]
        ]
        return (*taken, *offered)

    def _within(self, chosen: list[Any]) -> tuple[Choice, ...]:
        counts = self.counts.get("uploaded", {})
        none: dict[str, list[str]] = {"uploaded_after": [], "uploaded_before": []}
        return tuple(
            Choice(
                _key("uploaded", name),
                within_label(name),
                counts.get(number, 0),
                self.links(**none, within=[] if name in chosen else [name]),
                name in chosen,
            )
            for number, name in enumerate(WITHIN)
            if number in counts or name in chosen
        )

    def _subjects(self) -> tuple[Choice, ...]:
        chosen = self.wanted.category
        trail = [category.id for category in chosen.trail] if chosen else []
        below = _load_tree({*self.counts.get("category", {}), *trail})
        small = sum(map(len, below.values())) <= MOST_OPEN
        return self._branch(below, below.keys() if small else {None, *trail}, None, "")

    def _branch(
        self, below: _Tree, shown: Collection[int | None], parent: int | None, path: str
    ) -> tuple[Choice, ...]:
        counts, chosen = self.counts.get("category", {}), self.wanted.category
        here = chosen.id if chosen else 0
        back = self.links.without("category")
        return tuple(
            Choice(
                _key("category", number),
                name,
                counts.get(number, 0),
                back if number == here else self.links(category=[path + slug]),
                number == here,
                self._branch(below, shown, number, f"{path}{slug}/") if number in shown else (),
            )
            for number, slug, name in below.get(parent, ())
        )


def _name_language(language: str) -> str:
    return language_label(language).capitalize()  # alone, not within a line


def _key(facet: Facet, value: object) -> str:
    return f"n-{facet}-{value}".replace(" ", "_")


def _load_tree(ids: set[int]) -> _Tree:
    """Parent -> (id, slug, name) of these categories, in order."""
    columns = (Category.parent_id, Category.id, Category.slug, Category.name)
    query = select(*columns).order_by(Category.position, Category.name)
    below: _Tree = {}
    for parent, number, slug, name in db.session.execute(query):
        if number in ids:
            below.setdefault(parent, []).append((number, slug, name))
    return below
