"""The subject tree: how people and programs ask for it. `edu/tree` changes it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from edu.catalog.models import Category, CategoryAlias, MaterialType
from edu.errors import NotFound
from edu.extensions import db, find_row
from edu.materials.models import Material

_TYPES = {
    MaterialType.LECTURE: _l("Lecture"),
    MaterialType.SEMINAR: _l("Seminar"),
    MaterialType.PROBLEMS: _l("Problem set"),
    MaterialType.TEXTBOOK: _l("Textbook"),
    MaterialType.EXAM: _l("Exam"),
    MaterialType.NOTES: _l("Notes"),
    MaterialType.OTHER: _l("Other"),
}


def type_label(material_type: str) -> str:
    """The name of a material type in the reader's language."""
    return str(_TYPES[MaterialType(material_type)])


def fold(word: str) -> str:
    """The spelling under which aliases are compared: lower case, ё as е, single spaces."""
    return " ".join(word.lower().replace("ё", "е").split())


def list_subjects() -> list[Category]:
    """All subjects in order, their children loaded."""
    query = (
        select(Category)
        .where(Category.parent_id.is_(None))
        .order_by(Category.position, Category.name)
        .options(selectinload(Category.children).selectinload(Category.children))
    )
    return list(db.session.scalars(query))


def list_tree() -> list[Category]:
    """All subjects in order, everything below them and all aliases loaded, in two queries."""
    query = select(Category).options(selectinload(Category.aliases))
    below: dict[int | None, list[Category]] = {}
    for category in db.session.scalars(query.order_by(Category.position, Category.name)):
        below.setdefault(category.parent_id, []).append(category)
    for category in [child for children in below.values() for child in children]:
        set_committed_value(category, "children", below.get(category.id, []))
    return below.get(None, [])


def walk(categories: Iterable[Category]) -> Iterator[Category]:
    """These and all that lies below them, in the order of reading."""
    for category in categories:
        yield category
        yield from walk(category.children)


def list_name_groups() -> list[tuple[str, ...]]:
    """The name and the aliases of each category, as search takes one for another. Two queries."""
    names = {row[0]: [row[1]] for row in db.session.execute(select(Category.id, Category.name))}
    aliases = select(CategoryAlias.category_id, CategoryAlias.alias).order_by(CategoryAlias.id)
    for category_id, alias in db.session.execute(aliases):
        if category_id in names:  # else it was made between the two queries
            names[category_id].append(alias)
    return [tuple(group) for group in names.values()]


def get_category(category_id: int) -> Category:
    """Raises NotFound."""
    category = find_row(Category, category_id)
    if category is None:
        raise NotFound(_("There is no such subject."))
    return category


def find_category(reference: str) -> Category | None:
    """A category by id (`12`) or slug path (`matan/ryady`)."""
    reference = reference.strip().strip("/")
    if reference.isdecimal():
        # Longer numbers are no ids, and would overflow the column.
        return db.session.get(Category, int(reference)) if len(reference) < 10 else None
    found: Category | None = None
    for slug in reference.split("/")[:8]:
        parent_id = found.id if found else None
        query = select(Category).where(Category.slug == slug, Category.parent_id == parent_id)
        found = db.session.scalar(query)
        if found is None:
            return None
    return found


def find_category_by_name(name: str) -> Category | None:
    """A category that is called so, by name or alias; a subject before a part of one."""
    wanted = fold(name)
    query = (
        select(Category)
        .outerjoin(CategoryAlias)
        .where((CategoryAlias.alias == wanted) | (Category.slug == wanted))
        .order_by(Category.parent_id.is_not(None), Category.id)
    )
    by_alias = db.session.scalar(query.limit(1))
    if by_alias is not None:
        return by_alias
    named = [c for c in db.session.scalars(select(Category)) if fold(c.name) == wanted]
    return min(named, key=lambda c: (c.parent_id is not None, c.id), default=None)


def descendant_ids(category: Category) -> list[int]:
    """The category itself and all that lies below it."""
    ids, level = [category.id], [category.id]
    while level:
        below = select(Category.id).where(Category.parent_id.in_(level))
        level = list(db.session.scalars(below))
        ids += level
    return ids


def count_materials(category: Category) -> int:
    """How many lie in it itself, whatever their state."""
    query = select(func.count()).where(Material.category_id == category.id)
    return db.session.scalar(query) or 0


TRANSLITERATION = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True))
    | {"ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch"}
    | {"ю": "yu", "я": "ya", "ъ": "", "ь": ""}
)


def slugify(name: str) -> str:
    """A word for addresses: Latin letters, digits, hyphens; never empty."""
    latin = name.lower().translate(TRANSLITERATION)
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:80] or "subject"


# A tree from a file ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubjectSpec:
    """A subject or a part of one; slugs are unique among siblings, aliases are what people type."""

    slug: str
    name: str
    aliases: list[str]
    children: list[SubjectSpec]


def read_tree(path: Path) -> list[SubjectSpec]:
    """The subjects of a TOML file: [[subject]] with name, slug, aliases and topic (the parts).

    Raises ValueError.
    """
    with path.open("rb") as file:
        return [_read_subject(item) for item in tomllib.load(file).get("subject", [])]


def _read_subject(item: dict[str, Any]) -> SubjectSpec:
    if not isinstance(item.get("name"), str):
        raise ValueError("a subject without a name")
    return SubjectSpec(
        slug=item.get("slug") or slugify(item["name"]),
        name=item["name"],
        aliases=list(item.get("aliases", [])),
        children=[_read_subject(child) for child in item.get("topic", [])],
    )
