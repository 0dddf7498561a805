"""The table of completions held to what it is made of: published titles, tags, subjects' names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Executable, delete, func, insert, inspect, select

from edu.catalog.models import Category, CategoryAlias
from edu.extensions import change_rows, db
from edu.materials.models import Material, MaterialStatus, Tag, material_tags
from edu.search.keys import start_keys
from edu.search.models import Completion

BATCH = 2000  # rows written at once
_HALF = 50.0  # how well known a name is at half of the weight that there is for it
_IS_ACTIVE = Material.status == MaterialStatus.ACTIVE
Rows = Iterator[dict[str, Any]]


def refresh_completions(upserts: Iterable[Material], deletes: Iterable[int]) -> None:
    """Follow these materials and their tags, as the database has them now.

    A tag that was taken off a material is counted anew by its next use, or by a rebuild.
    """
    # By their ids alone: the objects may have expired, or have been let go of.
    ids = [identity[0] for one in upserts if (identity := inspect(one).identity)]
    gone = list(deletes)
    _forget("material", [*ids, *gone])
    _put(_title_rows(Material.id.in_(ids)))
    touched = select(material_tags.c.tag_id).where(material_tags.c.material_id.in_([*ids, *gone]))
    of_these = Completion.source_id.in_(touched)
    change_rows(delete(Completion).where(Completion.kind == "tag", of_these))
    _put(_tag_rows(_count_tags(Tag.id.in_(touched))))


def refresh_names(category_ids: Iterable[int]) -> None:
    """Follow the names and other names of these subjects, some of which may be gone."""
    ids = list(category_ids)
    _forget("category", ids)
    _forget("alias", ids)
    _put(_name_rows(Category.id.in_(ids)))


def rebuild_completions() -> None:
    """Make the whole table anew; readers see the old one until the commit."""
    # Worked out before anything is written: in SQLite everybody else who writes has to wait.
    rows = [*_title_rows(), *_tag_rows(_count_tags()), *_name_rows()]
    change_rows(delete(Completion))
    _put(iter(rows))


def _forget(kind: str, ids: list[int]) -> None:
    if ids:
        of_these = Completion.source_id.in_(ids)
        change_rows(delete(Completion).where(Completion.kind == kind, of_these))


def _put(rows: Rows) -> None:
    while some := list(islice(rows, BATCH)):
        db.session.execute(insert(Completion), some)


def _title_rows(*which: Any) -> Rows:
    query = select(
        Material.id, Material.title, Material.views, Material.rating_mean, Material.rating_votes
    )
    for row in _run(query.where(_IS_ACTIVE, *which)):
        known = row.views / 10 + row.rating_mean * row.rating_votes
        yield from _rows("material", row.id, row.title, known)


def _count_tags(*which: Any) -> Sequence[Any]:
    query = select(Tag.id, Tag.name, func.count()).join(material_tags).join(Material)
    return _run(query.where(_IS_ACTIVE, *which).group_by(Tag.id, Tag.name))


def _tag_rows(tags: Iterable[Any]) -> Rows:
    for number, name, times in tags:
        yield from _rows("tag", number, name, times)


def _name_rows(*which: Any) -> Rows:
    """A whole subject before parts of subjects."""
    named = select(Category.id, Category.parent_id, Category.name).where(*which)
    called = select(Category.id, Category.parent_id, CategoryAlias.alias.label("name"))
    called = called.join(CategoryAlias).where(*which)
    for kind, query in (("category", named), ("alias", called)):
        for row in _run(query):
            yield from _rows(kind, row.id, row.name, 0.0 if row.parent_id else _HALF)


def _run(query: Executable) -> Sequence[Any]:
    return db.session.execute(query).all()


def _rows(kind: str, source_id: int, name: str, known: float) -> Rows:
    """One for each word that typing may begin at; the whole name outweighs parts of any other."""
    weight = known / (known + _HALF)
    for number, key in enumerate(start_keys(name)):
        yield {
            "kind": kind,
            "source_id": source_id,
            "key": key,
            "text": name,
            "weight": weight + (number == 0),
        }
