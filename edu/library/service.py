"""What belongs to a person: where they have read, what they have uploaded, their collections."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import QueryableAttribute, joinedload, selectinload
from sqlalchemy.orm.interfaces import LoaderOption

from edu.accounts.models import Role, User
from edu.catalog.models import Category
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import db, insert_if_absent, settings, storage, utcnow
from edu.library.models import Collection, CollectionItem, HistoryEntry, Visibility
from edu.materials.models import SUFFIXES, Material, MaterialStatus, Passage
from edu.materials.service import MAX_PAGE, Page, paginate
from edu.permissions import GRANTS, Permission, Scope, lies_within_moderated
from edu.storage.archive import Member, safe_name
from edu.storage.base import original_key

MAX_PLACE = 1_000_000
MAX_TITLE = 120
MAX_DESCRIPTION = 2000
MAX_NOTE = 500
MAX_COLLECTIONS = 100
MAX_ITEMS = 500
ITEMS_PER_PAGE = 100
MAX_ARCHIVE_FILES = 200
MAX_ARCHIVE_BYTES = 2 * 1024**3

KEY = re.compile(r"[\w-]{1,32}", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A page of a list of anything: items, and where it stands in the whole."""

    items: list[T]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


def _list(query: Select[T], page: int, per_page: int) -> Listing[T]:
    page = min(max(page, 1), MAX_PAGE)
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    items = db.session.scalars(query.limit(per_page).offset((page - 1) * per_page))
    return Listing(list(items), db.session.scalar(counted) or 0, page, per_page)


def visible_to(user: User | None) -> ColumnElement[bool]:
    """The SQL of `can_see`: true for the materials that the person may see."""
    published = Material.status == MaterialStatus.ACTIVE
    if user is None or not user.is_active:
        return published
    conditions = {
        Scope.OWN: Material.uploader_id == user.id,
        Scope.SUBJECT: lies_within_moderated(user, Material.category_id),
        Scope.ANY: true(),
    }
    scopes = GRANTS[Permission.SEE_UNPUBLISHED].get(Role(user.role), ())
    return or_(published, *(conditions[scope] for scope in scopes))


def _with_material(material: QueryableAttribute[Material]) -> LoaderOption:
    """Load what a card of the material shows in a fixed number of queries."""
    return joinedload(material).options(
        joinedload(Material.file),
        joinedload(Material.category).joinedload(Category.parent),
        joinedload(Material.uploader),
        selectinload(Material.tags),
    )


# History --------------------------------------------------------------------------------------


def record_opening(user: User | None, material: Material) -> None:
    """The person has opened the material just now; of strangers nothing is kept."""
    if user is not None:
        _keep_entry(user, material, opened_at=utcnow())


def save_place(user: User, material: Material, place: int) -> None:
    """The person has read up to here. Raises InvalidInput when the material has no such place."""
    if not 0 <= place <= _last_place(material):
        raise InvalidInput(_("There is no such place in this material."), field="place")
    _keep_entry(user, material, place=place, opened_at=utcnow())


def _keep_entry(user: User, material: Material, **values: Any) -> None:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    fresh = {"place": 0, "user_id": user.id, "material_id": material.id, **values}
    statement = dialect.insert(HistoryEntry).values(fresh)
    # Two tabs may open a material at the same moment: one statement, so that both succeed.
    one = [HistoryEntry.user_id, HistoryEntry.material_id]
    db.session.execute(statement.on_conflict_do_update(index_elements=one, set_=values))


def _last_place(material: Material) -> int:
    file = material.file
    if file.kind == "video":
        return math.ceil(file.duration) if file.duration else MAX_PLACE
    if file.kind == "pdf":
        return file.pages or MAX_PLACE
    sections = select(func.max(Passage.number)).where(Passage.material_id == material.id)
    return db.session.scalar(sections) or 1


def find_place(user: User | None, material: Material) -> int:
    """Where the person has stopped, 0 when there is nothing to go on with."""
    entry = db.session.get(HistoryEntry, (user.id, material.id)) if user else None
    return entry.place if entry and entry.place > 1 else 0


def _history(user: User) -> Select[HistoryEntry]:
    query = select(HistoryEntry).join(Material)
    query = query.where(HistoryEntry.user_id == user.id, visible_to(user))
    query = query.options(_with_material(HistoryEntry.material))
    return query.order_by(HistoryEntry.opened_at.desc(), HistoryEntry.material_id.desc())


def list_history(user: User, page: int, per_page: int | None = None) -> Listing[HistoryEntry]:
    """What the person has opened and may still see, the latest first."""
    return _list(_history(user), page, per_page or settings().per_page)


def get_entry(user: User, material_id: int) -> HistoryEntry:
    """Raises NotFound."""
    query = _history(user).where(HistoryEntry.material_id == material_id)
    entry = db.session.scalar(query) if material_id < 2**31 else None
    if entry is None:
        raise NotFound(_("This material is not in your history."))
    return entry


def list_reading(user: User | None, limit: int = 3) -> list[HistoryEntry]:
    """What the person has begun to read, the latest first."""
    if user is None:
        return []
    return list(db.session.scalars(_history(user).where(HistoryEntry.place > 1).limit(limit)))


def remove_entry(user: User, material_id: int) -> None:
    """Forget that the person has opened it, also what they may not see any more."""
    if material_id < 2**31:
        _forget(user, HistoryEntry.material_id == material_id)


def clear_history(user: User) -> None:
    """Forget all that the person has opened."""
    _forget(user, true())


def _forget(user: User, which: ColumnElement[bool]) -> None:
    db.session.execute(delete(HistoryEntry).where(HistoryEntry.user_id == user.id, which))


# Uploads --------------------------------------------------------------------------------------


def list_uploads(
    user: User, page: int, status: MaterialStatus | None = None, per_page: int | None = None
) -> Page:
    """What the person has uploaded, in this state or in any, newest first."""
    query = select(Material).where(Material.uploader_id == user.id)
    if status is not None:
        query = query.where(Material.status == status)
    return paginate(query.order_by(Material.created_at.desc(), Material.id.desc()), page, per_page)


def count_uploads(user: User) -> dict[MaterialStatus, int]:
    """How many of the person's uploads are in each state; states without any are left out."""
    query = select(Material.status, func.count()).where(Material.uploader_id == user.id)
    counts = {row[0]: row[1] for row in db.session.execute(query.group_by(Material.status))}
    return {status: counts[status] for status in MaterialStatus if status in counts}


# Collections: who and which -------------------------------------------------------------------


def can_open(user: User | None, collection: Collection) -> bool:
    """Its owner; and unless it is private everybody with the link, as long as the owner is here."""
    if user is not None and user.id == collection.user_id:
        return True
    owner = collection.user
    return (
        collection.visibility != Visibility.PRIVATE
        and owner.blocked_at is None
        and owner.deleted_at is None
    )


def get_collection(user: User | None, key: str) -> Collection:
    """Raises NotFound, also for what this person may not open."""
    query = select(Collection).where(Collection.key == key).options(joinedload(Collection.user))
    collection = db.session.scalar(query) if KEY.fullmatch(key) else None
    if collection is None or not can_open(user, collection):
        raise NotFound(_("There is no such collection."))
    return collection


def get_own_collection(user: User, key: str) -> Collection:
    """One that the person may change. Raises NotFound or Forbidden."""
    return _require_owner(user, get_collection(user, key))


def _require_owner(user: User, collection: Collection) -> Collection:
    if collection.user_id != user.id:
        raise Forbidden(_("Only its owner can change a collection."))
    return collection


def list_own_collections(user: User) -> list[Collection]:
    """All of the person's own, the one changed last first."""
    query = select(Collection).where(Collection.user_id == user.id)
    query = query.options(joinedload(Collection.user))
    query = query.order_by(Collection.updated_at.desc(), Collection.id.desc())
    return list(db.session.scalars(query.limit(MAX_COLLECTIONS)))


def list_public_collections(page: int, per_page: int | None = None) -> Listing[Collection]:
    """Public ones with something published in them, the one changed last first."""
    filled = select(CollectionItem.collection_id).join(Material)
    filled = filled.where(Material.status == MaterialStatus.ACTIVE)
    query = select(Collection).join(User).options(joinedload(Collection.user))
    query = query.where(
        Collection.visibility == Visibility.PUBLIC,
        Collection.id.in_(filled),
        User.blocked_at.is_(None),
        User.deleted_at.is_(None),
    )
    query = query.order_by(Collection.updated_at.desc(), Collection.id.desc())
    return _list(query, page, per_page or settings().per_page)


def list_keeping(user: User, material: Material) -> set[int]:
    """Ids of the person's own collections that hold the material."""
    query = select(CollectionItem.collection_id).join(
        Collection, Collection.id == CollectionItem.collection_id
    )
    query = query.where(Collection.user_id == user.id, CollectionItem.material_id == material.id)
    return set(db.session.scalars(query))


# Collections: the whole -----------------------------------------------------------------------


def create_collection(
    user: User,
    title: str,
    description: str = "",
    visibility: Visibility = Visibility.PRIVATE,
) -> Collection:
    """Raises InvalidInput, or Conflict when the person has too many."""
    count = select(func.count()).where(Collection.user_id == user.id)
    if (db.session.scalar(count) or 0) >= MAX_COLLECTIONS:
        raise Conflict(
            _("You have %(n)d collections, and more are not possible.", n=MAX_COLLECTIONS),
            code="too_many",
        )
    collection = Collection(
        user=user,
        title=_clean_title(title),
        description=_clean_text(description, MAX_DESCRIPTION, "description"),
        visibility=visibility.value,
        key=secrets.token_urlsafe(16),
    )
    db.session.add(collection)
    db.session.flush()
    return collection


def change_collection(
    user: User,
    collection: Collection,
    *,
    title: str | None = None,
    description: str | None = None,
    visibility: Visibility | None = None,
) -> None:
    """What is None stays as it is. Raises Forbidden or InvalidInput."""
    _require_owner(user, collection)
    if title is not None:
        collection.title = _clean_title(title)
    if description is not None:
        collection.description = _clean_text(description, MAX_DESCRIPTION, "description")
    if visibility is not None:
        collection.visibility = visibility.value
    collection.updated_at = utcnow()
    db.session.flush()


def delete_collection(user: User, collection: Collection) -> None:
    """The materials stay. Raises Forbidden."""
    _require_owner(user, collection)
    db.session.execute(delete(CollectionItem).where(CollectionItem.collection_id == collection.id))
    db.session.execute(delete(Collection).where(Collection.id == collection.id))


def _clean_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise InvalidInput(_("Give the collection a title."), field="title")
    return _clean_text(title, MAX_TITLE, "title")


def _clean_text(text: str, limit: int, field: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > limit:
        raise InvalidInput(_("At most %(n)d characters, please.", n=limit), field=field)
    return text


# Collections: items ---------------------------------------------------------------------------


def _items(viewer: User | None, collection: Collection) -> Select[CollectionItem]:
    query = select(CollectionItem).join(Material)
    query = query.where(CollectionItem.collection_id == collection.id, visible_to(viewer))
    query = query.options(_with_material(CollectionItem.material))
    return query.order_by(CollectionItem.position, CollectionItem.material_id)


def list_items(
    viewer: User | None, collection: Collection, page: int = 1, per_page: int = ITEMS_PER_PAGE
) -> Listing[CollectionItem]:
    """Items in order, without those that the viewer may not see."""
    return _list(_items(viewer, collection), page, per_page)


def get_item(viewer: User | None, collection: Collection, material_id: int) -> CollectionItem:
    """Raises NotFound."""
    query = _items(viewer, collection).where(CollectionItem.material_id == material_id)
    item = db.session.scalar(query) if material_id < 2**31 else None
    if item is None:
        raise NotFound(_("This material is not in the collection."))
    return item


def count_items(viewer: User | None, collections: Sequence[Collection]) -> dict[int, int]:
    """How many items of each the viewer may see, by the ids of the collections."""
    query = select(CollectionItem.collection_id, func.count()).join(Material)
    query = query.where(
        CollectionItem.collection_id.in_([one.id for one in collections]), visible_to(viewer)
    )
    rows = db.session.execute(query.group_by(CollectionItem.collection_id))
    return dict.fromkeys((one.id for one in collections), 0) | {row[0]: row[1] for row in rows}


def count_hidden(viewer: User | None, collection: Collection) -> int:
    """How many items the viewer is not shown."""
    every = select(func.count()).where(CollectionItem.collection_id == collection.id)
    return (db.session.scalar(every) or 0) - count_items(viewer, [collection])[collection.id]


def _begin_change(user: User, collection: Collection) -> None:
    """Writes first: whoever changes the same collection waits, and then reads what is so now."""
    _require_owner(user, collection)
    changed = update(Collection).where(Collection.id == collection.id)
    db.session.execute(changed.values(updated_at=utcnow()))


def _order(collection: Collection) -> list[int]:
    query = select(CollectionItem.material_id).where(CollectionItem.collection_id == collection.id)
    query = query.order_by(CollectionItem.position, CollectionItem.material_id)
    return list(db.session.scalars(query))


def _write_order(collection: Collection, ids: Sequence[int]) -> None:
    rows = [
        {"collection_id": collection.id, "material_id": material_id, "position": position}
        for position, material_id in enumerate(ids, 1)
    ]
    if rows:
        db.session.execute(update(CollectionItem), rows)


def add_item(user: User, collection: Collection, material: Material, note: str = "") -> bool:
    """Put it at the end; False when it is there already. Raises Forbidden or Conflict."""
    _begin_change(user, collection)
    order = _order(collection)
    if material.id not in order and len(order) >= MAX_ITEMS:
        raise Conflict(_("The collection is full: it has %(n)d items.", n=MAX_ITEMS), code="full")
    last = select(func.max(CollectionItem.position))
    last = last.where(CollectionItem.collection_id == collection.id)
    return insert_if_absent(
        CollectionItem,
        collection_id=collection.id,
        material_id=material.id,
        position=(db.session.scalar(last) or 0) + 1,
        note=_clean_text(note, MAX_NOTE, "note"),
        added_at=utcnow(),
    )


def write_note(user: User, collection: Collection, material_id: int, note: str) -> None:
    """Change the note on an item. Raises Forbidden, InvalidInput or NotFound."""
    _begin_change(user, collection)
    note = _clean_text(note, MAX_NOTE, "note")
    if material_id not in _order(collection):
        raise NotFound(_("This material is not in the collection."))
    row = {"collection_id": collection.id, "material_id": material_id, "note": note}
    db.session.execute(update(CollectionItem), [row])


def remove_item(user: User, collection: Collection, material_id: int) -> bool:
    """Take it out; False when it is not there. Raises Forbidden."""
    _begin_change(user, collection)
    order = _order(collection)
    if material_id not in order:
        return False
    gone = delete(CollectionItem).where(
        CollectionItem.collection_id == collection.id, CollectionItem.material_id == material_id
    )
    db.session.execute(gone)
    _write_order(collection, [one for one in order if one != material_id])
    return True


def reorder_items(user: User, collection: Collection, material_ids: Iterable[int]) -> None:
    """Bring the named items into this order, in the places that they hold together.

    The others keep theirs: what the owner was not shown, or has added in another window. Ids that
    are not in the collection are passed over. Raises Forbidden.
    """
    _begin_change(user, collection)
    order = _order(collection)
    known = set(order)
    wanted = [one for one in dict.fromkeys(material_ids) if one in known]
    named, queue = set(wanted), iter(wanted)
    _write_order(collection, [next(queue) if one in named else one for one in order])


def move_item(user: User, collection: Collection, material_id: int, step: int) -> None:
    """One place up (-1) or down (1) among what the owner sees. Raises Forbidden."""
    _begin_change(user, collection)
    seen = [item.material_id for item in db.session.scalars(_items(user, collection))]
    if material_id not in seen:
        return
    at = seen.index(material_id)
    to = min(max(at + step, 0), len(seen) - 1)
    seen.insert(to, seen.pop(at))
    reorder_items(user, collection, seen)


def place_item(user: User, collection: Collection, material_id: int, position: int) -> None:
    """Bring an item to this position, from 1; beyond the end it is the last. Raises Forbidden."""
    _begin_change(user, collection)
    order = [one for one in _order(collection) if one != material_id]
    order.insert(position - 1, material_id)
    _write_order(collection, order)


# Collections: download ------------------------------------------------------------------------


def list_archive(viewer: User | None, collection: Collection) -> list[Member]:
    """The files that the viewer may see, in order, for one ZIP. Raises Conflict."""
    query = select(Material).join(CollectionItem).options(joinedload(Material.file))
    query = query.where(CollectionItem.collection_id == collection.id, visible_to(viewer))
    query = query.order_by(CollectionItem.position, CollectionItem.material_id)
    materials = list(db.session.scalars(query.limit(MAX_ARCHIVE_FILES + 1)))
    if len(materials) > MAX_ARCHIVE_FILES:
        text = _(
            "An archive holds at most %(n)d files, and this collection has more.",
            n=MAX_ARCHIVE_FILES,
        )
        raise Conflict(text, code="archive_too_large")
    if sum(material.file.size for material in materials) > MAX_ARCHIVE_BYTES:
        text = _("These files are larger than 2 GB together. Download them one by one.")
        raise Conflict(text, code="archive_too_large")
    members = _members(materials)
    if not members:
        raise Conflict(_("There is nothing in this collection to download."), code="empty")
    return members


def _members(materials: Sequence[Material]) -> list[Member]:
    digits = max(2, len(str(len(materials))))
    members = [
        Member(
            f"{number:0{digits}} {safe_name(material.title)}{SUFFIXES[material.file.kind]}",
            original_key(material.file.sha256),
            material.file.size,
        )
        for number, material in enumerate(materials, 1)
    ]
    return [member for member in members if storage().exists(member.key)]
