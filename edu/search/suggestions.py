"""What may be meant while it is still being typed: own searches, subjects, titles, tags.

Names are found by `completions` (see completion.py); what is offered is looked up once more in the
tables that own it. The table of beginnings may be a moment behind, and a title that has left the
published must not be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, bindparam, literal, select, union_all
from sqlalchemy.orm import selectinload

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus, Tag, material_tags
from edu.search.keys import name_key, start_keys
from edu.search.models import KEY_LENGTH, Completion
from edu.search.recent import list_recent
from edu.search.understanding.layout import to_english, to_russian

LIMIT = 10
RECENT, NAMES, TITLES, TAGS = 3, 3, 5, 2  # of each kind at most
SCANNED = 1000  # rows looked through for the best; they lie side by side in one index
CANDIDATES = 16  # of a kind: a name may come several times, or have gone meanwhile
KINDS = ("category", "alias", "material", "tag")
MOST_SUBJECTS = 6  # of names and of other names, looked at
_LAST = "\U0010ffff"  # comes after every character that a key holds
_IS_ACTIVE = Material.status == MaterialStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A choice: its words, what it is, and the page that it leads to.

    `kind` is query, subject, alias, material or tag, `id` that of the row behind it; `note` says
    where a part of a subject lies, and which subject an alias means.
    """

    text: str
    kind: str
    id: int
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def complete(text: str, user: User | None) -> list[Suggestion]:
    """What the person may be typing, at most LIMIT. Without words: what they have asked before."""
    key = name_key(text)
    recent = list(_recent(user, key))[: RECENT if key else LIMIT]
    found = _complete_key(key) or _complete_key(_other_layout(text, to_russian))
    found = found or _complete_key(_other_layout(text, to_english))
    known = {name_key(one.text) for one in recent}
    return [*recent, *(one for one in found if name_key(one.text) not in known)][:LIMIT]


def _other_layout(text: str, convert: Callable[[str], str]) -> str:
    converted = convert(text)
    return name_key(converted) if converted != text else ""


def _recent(user: User | None, key: str) -> Iterator[Suggestion]:
    for number, text in list_recent(user) if user else ():
        asked = name_key(text)
        if f" {key}" in f" {asked}" and key != asked:
            yield Suggestion(text, "query", number, "search.results", {"q": text})


def _complete_key(key: str) -> list[Suggestion]:
    if not key:
        return []
    found = _lookup(key)
    subjects = _subjects(key, found["category"], found["alias"])
    titles, tags = _titles(found["material"]), _tags(found["tag"])
    return [*subjects[:NAMES], *titles[:TITLES], *tags[:TAGS]]


def _best(kind: str) -> Select[str, int, float]:
    """The best of the names of a kind that begin so, or have a word that does."""
    among = (
        select(Completion.source_id, Completion.weight)
        .where(Completion.kind == kind)
        .where(Completion.key >= bindparam("low"), Completion.key < bindparam("high"))
        .order_by(Completion.key)
        .limit(SCANNED)
        .subquery()
    )
    best = select(among).order_by(among.c.weight.desc(), among.c.source_id).limit(CANDIDATES)
    found = best.subquery()
    return select(literal(kind), found.c.source_id, found.c.weight)


_LOOKUP = union_all(*map(_best, KINDS))


def _lookup(key: str) -> dict[str, list[int]]:
    """Ids behind the names by their kind, the best first."""
    key = key[:KEY_LENGTH]
    rows = db.session.execute(_LOOKUP, {"low": key, "high": key + _LAST}).all()
    best = sorted(rows, key=lambda row: (-row[2], row[1]))
    return {kind: list(dict.fromkeys(row[1] for row in best if row[0] == kind)) for kind in KINDS}


def _subjects(key: str, named: list[int], called: list[int]) -> list[Suggestion]:
    """Subjects by name or, where that does not fit, by another name."""
    named, called = named[:MOST_SUBJECTS], called[:MOST_SUBJECTS]
    if not named and not called:
        return []
    query = select(Category).where(Category.id.in_([*named, *called]))
    query = query.options(selectinload(Category.aliases))
    known = {category.id: category for category in db.session.scalars(query)}
    found = {number: _subject(known[number]) for number in named if number in known}
    for category in (known[number] for number in called if number in known):
        fitting = [each.alias for each in category.aliases if _begins(each.alias, key)]
        if fitting:
            found.setdefault(category.id, _subject(category, fitting[0]))
    return list(found.values())


def _begins(name: str, key: str) -> bool:
    return any(start.startswith(key[:KEY_LENGTH]) for start in start_keys(name))


def _subject(category: Category, alias: str = "") -> Suggestion:
    kind, to = "alias" if alias else "subject", {"path": category.path}
    note = category.full_name if alias or category.parent_id else ""
    return Suggestion(alias or category.name, kind, category.id, "catalog.browse", to, note)


def _titles(ids: list[int]) -> list[Suggestion]:
    if not ids:
        return []
    query = select(Material.id, Material.title).where(Material.id.in_(ids), _IS_ACTIVE)
    titles = {row.id: row.title for row in db.session.execute(query)}
    first: dict[str, Suggestion] = {}
    for number, title in ((number, titles[number]) for number in ids if number in titles):
        to = {"material_id": number}
        # Of equal titles the best one stands for all.
        first.setdefault(title, Suggestion(title, "material", number, "materials.show", to))
    return list(first.values())


def _tags(ids: list[int]) -> list[Suggestion]:
    """Tags of published materials: others may tell what is not for everybody."""
    if not ids:
        return []
    # Two steps: as a join it would begin with all that is published.
    shown = select(material_tags.c.tag_id).where(material_tags.c.tag_id == Tag.id)
    shown = shown.where(
        select(Material.id).where(material_tags.c.material_id == Material.id, _IS_ACTIVE).exists()
    )
    query = select(Tag.id, Tag.name).where(Tag.id.in_(ids), shown.exists())
    names = {row.id: row.name for row in db.session.execute(query)}
    return [
        Suggestion(names[number], "tag", number, "search.results", {"tag": names[number]})
        for number in ids
        if number in names
    ]
