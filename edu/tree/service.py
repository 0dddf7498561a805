"""Changing the subject tree: by administrators, and by commands that make what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, delete, func, inspect, select, update
from sqlalchemy.exc import IntegrityError

from edu.accounts.models import ModeratedSubject, User
from edu.catalog.models import Category, CategoryAlias
from edu.catalog.service import SubjectSpec, count_materials, fold, list_tree, slugify, walk
from edu.demand.models import EmptySearch, MaterialRequest
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import change_rows, db
from edu.materials.models import Material, MaterialStatus
from edu.permissions import Permission, require
from edu.search.completion import refresh_names
from edu.site.audit import record
from edu.site.database import lock_table
from edu.subscriptions.models import Subscription, SubscriptionKind

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
    refresh_names([category.id])
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
    refresh_names([category.id])
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
    number = category.id
    record(actor, "subject_deleted", f"category:{number}", category.full_name)
    db.session.delete(category)
    try:
        db.session.flush()
    except IntegrityError as error:  # a material has come in this very moment
        db.session.rollback()
        raise Conflict(_in_the_way(1, 0), code="not_empty") from error
    refresh_names([number])


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
    touched = [category.id for category in walk([source, target])]
    _pour(source, target)
    refresh_names(touched)
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
    change_rows(touched.values(revision=Material.revision + 1))


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
    change_rows(moved.values(category_id=target.id, revision=Material.revision + 1))
    for model in (MaterialRequest, EmptySearch):
        asked = update(model).where(model.category_id == source.id)
        change_rows(asked.values(category_id=target.id))


def _move_people(source: Category, target: Category) -> None:
    """Followers and moderators; who has the target already keeps that."""
    already = select(ModeratedSubject.user_id).where(ModeratedSubject.category_id == target.id)
    theirs = ModeratedSubject.category_id == source.id
    change_rows(delete(ModeratedSubject).where(theirs, ModeratedSubject.user_id.in_(already)))
    change_rows(update(ModeratedSubject).where(theirs).values(category_id=target.id))
    _move_followers(str(source.id), target)
    _move_searches(f"category={source.id}", f"category={target.id}")


def _move_followers(source: str, target: Category) -> None:
    follows = Subscription.kind == SubscriptionKind.SUBJECT
    already = select(Subscription.user_id).where(follows, Subscription.target == str(target.id))
    theirs = and_(follows, Subscription.target == source)
    change_rows(delete(Subscription).where(theirs, Subscription.user_id.in_(already)))
    moved = update(Subscription).where(theirs)
    change_rows(moved.values(target=str(target.id), category_id=target.id))


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


# What is missing --------------------------------------------------------------------------------


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
    refresh_names([category.id])
    return category


def ensure_tree(subjects: Iterable[SubjectSpec], parent: Category | None = None) -> None:
    """Make what is missing of the tree."""
    for position, spec in enumerate(subjects):
        category = ensure_category(
            spec.name, parent, slug=spec.slug, aliases=spec.aliases, position=position
        )
        ensure_tree(spec.children, category)
