"""The subject tree: how people and programs ask for it, and how administrators change it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, delete, func, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import Executable

from edu.accounts.models import ModeratedSubject, User
from edu.catalog.models import Category, CategoryAlias, MaterialType
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.permissions import Permission, require
from edu.site.audit import record
from edu.site.database import lock_table
from edu.subscriptions.models import Subscription, SubscriptionKind


def type_label(material_type: str) -> str:
    """The name of a material type in the reader's language."""
    labels = {
        MaterialType.LECTURE: _("Lecture"),
        MaterialType.SEMINAR: _("Seminar"),
        MaterialType.PROBLEMS: _("Problem set"),
        MaterialType.TEXTBOOK: _("Textbook"),
        MaterialType.EXAM: _("Exam"),
        MaterialType.NOTES: _("Notes"),
        MaterialType.OTHER: _("Other"),
    }
    return str(labels[MaterialType(material_type)])


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


def get_category(category_id: int) -> Category:
    """Raises NotFound."""
    category = db.session.get(Category, category_id) if category_id < 2**31 else None
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


TRANSLITERATION = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True))
    | {"ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch"}
    | {"ю": "yu", "я": "ya", "ъ": "", "ь": ""}
)


def slugify(name: str) -> str:
    """A word for addresses: Latin letters, digits, hyphens; never empty."""
    latin = name.lower().translate(TRANSLITERATION)
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:80] or "subject"


def ensure_category(
    name: str,
    parent: Category | None = None,
    *,
    slug: str = "",
    aliases: Iterable[str] = (),
    position: int | None = None,
) -> Category:
    """The category with this slug under `parent`, made if missing; aliases are added."""
    slug = slug or slugify(name)
    parent_id = parent.id if parent else None
    query = select(Category).where(Category.slug == slug, Category.parent_id == parent_id)
    category = db.session.scalar(query)
    if category is None:
        siblings = select(func.count()).where(Category.parent_id == parent_id)
        place = position if position is not None else db.session.scalar(siblings) or 0
        category = Category(slug=slug, name=name, parent=parent, position=place)
        db.session.add(category)
    known = {alias.alias for alias in category.aliases}
    for alias in dict.fromkeys(fold(alias) for alias in aliases):
        if alias and alias not in known:
            category.aliases.append(CategoryAlias(alias=alias))
    db.session.flush()
    return category


# Changing -------------------------------------------------------------------------------------

MAX_NAME = 120
MAX_SLUG = 80
MAX_ALIAS = 80
MAX_ALIASES = 40
MAX_DEPTH = 5
MAX_CATEGORIES = 2000
RESERVED_SLUGS = {"options"}  # an address of the site's own
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def add_category(
    actor: User,
    name: str,
    parent: Category | None = None,
    *,
    slug: str = "",
    aliases: Iterable[str] = (),
) -> Category:
    """A new subject, or part of `parent`, after its siblings.

    Raises Forbidden, InvalidInput, Conflict, or NotFound for a parent that has just gone.
    """
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    parent = _still_there(tree, parent) if parent else None
    if len(tree) >= MAX_CATEGORIES:
        raise Conflict(_("The tree is full: it has %(n)d subjects and parts.", n=len(tree)))
    if parent is not None and len(parent.trail) >= MAX_DEPTH:
        raise InvalidInput(_too_deep(), field="parent_id")
    siblings = _children(tree, parent)
    category = Category(name=_check_name(name, siblings), position=len(siblings))
    category.slug = _check_slug(slug, siblings) if slug else _free_slug(name, siblings)
    category.parent = parent
    db.session.add(category)
    _set_aliases(category, aliases)
    db.session.flush()
    record(actor, "subject_added", f"category:{category.id}", category.full_name)
    return category


def edit_category(
    actor: User,
    category: Category,
    *,
    name: str | None = None,
    slug: str | None = None,
    aliases: Iterable[str] | None = None,
) -> None:
    """Change what is not None. Its address is kept unless a slug is given. Raises as add_category.

    Materials below it become pending for search, for they are found by these words.
    """
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    category = _still_there(tree, category)
    siblings = [c for c in _children(tree, category.parent) if c is not category]
    before = _describe(category)
    if name is not None:
        category.name = _check_name(name, siblings)
    if slug is not None and slug != category.slug:
        category.slug = _check_slug(slug, siblings)
    if aliases is not None:
        _set_aliases(category, aliases)
    after = _describe(category)
    if before == after:
        return
    db.session.flush()
    _touch_materials(category)
    record(actor, "subject_changed", f"category:{category.id}", f"{before} → {after}")


def place_category(
    actor: User, category: Category, parent: Category | None, position: int | None = None
) -> None:
    """Put it below `parent` (None: among the subjects), before the sibling now at `position`.

    Without a position it comes last. Raises as add_category.
    """
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    category = _still_there(tree, category)
    parent = _still_there(tree, parent) if parent else None
    siblings = [c for c in _children(tree, parent) if c is not category]
    moved = category.parent is not parent
    if moved:
        _check_move(category, parent, siblings)
        before = category.full_name
        category.parent = parent
        db.session.flush()
        _touch_materials(category)
        details = f"{before} ⇒ {category.full_name}"
        record(actor, "subject_moved", f"category:{category.id}", details)
    place = len(siblings) if position is None else max(0, min(position, len(siblings)))
    siblings.insert(place, category)
    for number, sibling in enumerate(siblings):
        sibling.position = number
    db.session.flush()


def shift_category(actor: User, category: Category, step: int) -> None:
    """Move it by so many places among its siblings: -1 is up. Raises as add_category."""
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    category = _still_there(tree, category)
    place = _children(tree, category.parent).index(category) + step
    place_category(actor, category, category.parent, place)


def delete_category(actor: User, category: Category) -> None:
    """Remove what is empty. Raises Conflict with a sentence about what is in the way."""
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    category = _still_there(tree, category)
    materials, parts = count_materials(category), len(category.children)
    if materials or parts:
        raise Conflict(_in_the_way(materials, parts), code="not_empty")
    record(actor, "subject_deleted", f"category:{category.id}", category.full_name)
    db.session.delete(category)
    try:
        db.session.flush()
    except IntegrityError as error:  # a material has come in this very moment
        db.session.rollback()
        raise Conflict(_in_the_way(1, 0), code="not_empty") from error


def count_materials(category: Category) -> int:
    """How many lie in it itself, whatever their state."""
    query = select(func.count()).where(Material.category_id == category.id)
    return db.session.scalar(query) or 0


def merge_category(actor: User, source: Category, target: Category) -> None:
    """Move all that belongs to `source` into `target`, and remove it.

    Its materials, parts, followers and moderators go over; its name and other names become other
    names of the target. Parts that both have are merged too. Raises as add_category.
    """
    require(actor, Permission.MANAGE_SUBJECTS)
    tree = _lock_tree()
    source, target = _still_there(tree, source), _still_there(tree, target)
    if target in _with_descendants(source):
        raise InvalidInput(
            _("A subject cannot be merged into itself or a part of it."), field="target"
        )
    if len(target.trail) + _height(source) - 1 > MAX_DEPTH:
        raise InvalidInput(_too_deep(), field="target")
    details = f"{source.full_name} ⇒ {target.full_name}"
    record(actor, "subject_merged", f"category:{source.id}", details)
    _pour(source, target)
    _touch_materials(target)
    db.session.expire_all()


def _lock_tree() -> dict[int, Category]:
    """The tree as it is until this transaction ends, by ids, with children and aliases loaded."""
    lock_table(Category)
    return {category.id: category for category in walk(list_tree())}


def _still_there(tree: dict[int, Category], category: Category) -> Category:
    identity = inspect(category).identity  # told also when the row has just gone
    if identity is None or identity[0] not in tree:
        raise NotFound(_("There is no such subject."))
    return tree[identity[0]]


def _children(tree: dict[int, Category], parent: Category | None) -> list[Category]:
    if parent is not None:
        return list(parent.children)
    roots = [category for category in tree.values() if category.parent_id is None]
    return sorted(roots, key=lambda root: (root.position, root.name))


def _with_descendants(category: Category) -> list[Category]:
    return list(walk([category]))


def _height(category: Category) -> int:
    return 1 + max((_height(child) for child in category.children), default=0)


def _too_deep() -> str:
    return str(_("At most %(n)d levels, please.", n=MAX_DEPTH))


def _in_the_way(materials: int, parts: int) -> str:
    inside = [
        ngettext("%(num)s material", "%(num)s materials", materials) if materials else "",
        ngettext("%(num)s part", "%(num)s parts", parts) if parts else "",
    ]
    what = ", ".join(text for text in inside if text)
    return str(_("It is not empty: %(what)s. Move that elsewhere first.", what=what))


def _check_name(name: str, siblings: list[Category]) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidInput(_("Give it a name."), field="name")
    if len(name) > MAX_NAME:
        raise InvalidInput(_("The name is too long."), field="name")
    if any(fold(sibling.name) == fold(name) for sibling in siblings):
        raise Conflict(_("There is already one with this name here."), field="name")
    return name


def _check_slug(slug: str, siblings: list[Category]) -> str:
    if not SLUG.fullmatch(slug) or len(slug) > MAX_SLUG:
        text = _("An address has small Latin letters, digits and single hyphens.")
        raise InvalidInput(text, field="slug")
    if slug.isdecimal() or slug in RESERVED_SLUGS:  # numbers are ids
        raise InvalidInput(_("This address cannot be used. Choose another."), field="slug")
    if any(sibling.slug == slug for sibling in siblings):
        raise Conflict(_("There is already one with this address here."), field="slug")
    return slug


def _free_slug(name: str, siblings: list[Category]) -> str:
    taken = {sibling.slug for sibling in siblings} | RESERVED_SLUGS
    wanted = slugify(name)[: MAX_SLUG - 5].strip("-")
    wanted = f"subject-{wanted}"[: MAX_SLUG - 5] if wanted.isdecimal() else wanted
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (wanted, *numbered) if slug not in taken)


def _set_aliases(category: Category, aliases: Iterable[str]) -> None:
    wanted = dict.fromkeys(folded for alias in aliases if (folded := fold(alias)))
    if len(wanted) > MAX_ALIASES or any(len(alias) > MAX_ALIAS for alias in wanted):
        text = _(
            "At most %(n)d other names of up to %(length)d characters, please.",
            n=MAX_ALIASES,
            length=MAX_ALIAS,
        )
        raise InvalidInput(text, field="aliases")
    known = {alias.alias: alias for alias in category.aliases}
    category.aliases = [known.get(alias) or CategoryAlias(alias=alias) for alias in wanted]


def _describe(category: Category) -> str:
    aliases = ", ".join(sorted(alias.alias for alias in category.aliases))
    return f"{category.name} /{category.slug} ({aliases})"


def _check_move(category: Category, parent: Category | None, siblings: list[Category]) -> None:
    if parent is not None:
        if category in parent.trail:
            raise InvalidInput(_("A subject cannot lie inside itself."), field="parent_id")
        if len(parent.trail) + _height(category) > MAX_DEPTH:
            raise InvalidInput(_too_deep(), field="parent_id")
    _check_name(category.name, siblings)
    if any(sibling.slug == category.slug for sibling in siblings):
        raise Conflict(_("There is already one with this address here."), field="slug")


def _touch_materials(category: Category) -> None:
    """Search has to learn of the new words; what is not published is not in the index."""
    ids = [one.id for one in _with_descendants(category)]
    touched = update(Material).where(
        Material.category_id.in_(ids), Material.status == MaterialStatus.ACTIVE
    )
    _run(touched.values(revision=Material.revision + 1))


def _run(statement: Executable) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _pour(source: Category, target: Category) -> None:
    """Everything of the one into the other, parts of the same name into each other."""
    source.slug = f"merged-{source.id}-"  # no slug of people ends so: a part may need this one's
    db.session.flush()
    for child in list(source.children):
        others = [other for other in target.children if other is not source]
        twin = next((o for o in others if child.slug == o.slug or _same_name(child, o)), None)
        if twin is not None:
            _pour(child, twin)
        else:
            child.parent, child.position = target, len(target.children)
            db.session.flush()
    _move_materials(source, target)
    _move_people(source, target)
    known = [alias.alias for alias in target.aliases]
    theirs = [fold(source.name), *(alias.alias for alias in source.aliases)]
    fresh = [word for word in theirs if len(word) <= MAX_ALIAS and word != fold(target.name)]
    _set_aliases(target, dict.fromkeys([*known, *fresh][:MAX_ALIASES]))
    db.session.delete(source)
    db.session.flush()


def _same_name(one: Category, other: Category) -> bool:
    return fold(one.name) == fold(other.name)


def _move_materials(source: Category, target: Category) -> None:
    moved = update(Material).where(Material.category_id == source.id)
    _run(moved.values(category_id=target.id, revision=Material.revision + 1))


def _move_people(source: Category, target: Category) -> None:
    """Followers and moderators; who has the target already keeps that."""
    already = select(ModeratedSubject.user_id).where(ModeratedSubject.category_id == target.id)
    theirs = ModeratedSubject.category_id == source.id
    _run(delete(ModeratedSubject).where(theirs, ModeratedSubject.user_id.in_(already)))
    _run(update(ModeratedSubject).where(theirs).values(category_id=target.id))
    _move_followers(str(source.id), target)
    _move_searches(f"category={source.id}", f"category={target.id}")


def _move_followers(source: str, target: Category) -> None:
    follows = Subscription.kind == SubscriptionKind.SUBJECT
    already = select(Subscription.user_id).where(follows, Subscription.target == str(target.id))
    theirs = and_(follows, Subscription.target == source)
    _run(delete(Subscription).where(theirs, Subscription.user_id.in_(already)))
    moved = update(Subscription).where(theirs)
    _run(moved.values(target=str(target.id), category_id=target.id))


def _move_searches(old: str, new: str) -> None:
    """Saved searches name their subject as a part of the address."""
    searches = Subscription.kind == SubscriptionKind.SEARCH
    found = select(Subscription).where(searches, Subscription.target.contains(old))
    for saved in db.session.scalars(found).all():
        parts = [new if part == old else part for part in saved.target.split("&")]
        twin = select(Subscription.id).where(
            searches,
            Subscription.user_id == saved.user_id,
            Subscription.target == "&".join(parts),
            Subscription.id != saved.id,
        )
        if db.session.scalar(twin) is not None:
            db.session.delete(saved)
        else:
            saved.target = "&".join(parts)
        db.session.flush()


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


def ensure_tree(subjects: Iterable[SubjectSpec], parent: Category | None = None) -> None:
    """Make what is missing of the tree."""
    for position, spec in enumerate(subjects):
        category = ensure_category(
            spec.name, parent, slug=spec.slug, aliases=spec.aliases, position=position
        )
        ensure_tree(spec.children, category)
