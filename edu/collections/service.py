"""Collections: who may open and change them, what is in them and in which order, their ZIP."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import joinedload

from edu.accounts.models import User
from edu.collections.models import Collection, CollectionItem, Visibility
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import MAX_ID, db, insert_if_absent, storage, utcnow
from edu.materials.models import SUFFIXES, Material, MaterialStatus
from edu.materials.service import details_of, visible_to
from edu.site.paging import Listing, list_page
from edu.storage.archive import Member, safe_name
from edu.storage.base import original_key

MAX_TITLE = 120
MAX_DESCRIPTION = 2000
MAX_NOTE = 500
MAX_COLLECTIONS = 100
MAX_ITEMS = 500
ITEMS_PER_PAGE = 100
MAX_ARCHIVE_FILES = 200
MAX_ARCHIVE_BYTES = 2 * 1024**3

KEY = re.compile(r"[\w-]{1,32}", re.ASCII)


# Who and which --------------------------------------------------------------------------------


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
    return list_page(query, page, per_page)


def list_keeping(user: User, material: Material) -> set[int]:
    """Ids of the person's own collections that hold the material."""
    query = select(CollectionItem.collection_id).join(
        Collection, Collection.id == CollectionItem.collection_id
    )
    query = query.where(Collection.user_id == user.id, CollectionItem.material_id == material.id)
    return set(db.session.scalars(query))


# The whole ------------------------------------------------------------------------------------


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


# Items ----------------------------------------------------------------------------------------


def _items(viewer: User | None, collection: Collection) -> Select[CollectionItem]:
    query = select(CollectionItem).join(Material)
    query = query.where(CollectionItem.collection_id == collection.id, visible_to(viewer))
    query = query.options(details_of(CollectionItem.material))
    return query.order_by(CollectionItem.position, CollectionItem.material_id)


def list_items(
    viewer: User | None, collection: Collection, page: int = 1, per_page: int = ITEMS_PER_PAGE
) -> Listing[CollectionItem]:
    """Items in order, without those that the viewer may not see."""
    return list_page(_items(viewer, collection), page, per_page)


def get_item(viewer: User | None, collection: Collection, material_id: int) -> CollectionItem:
    """Raises NotFound."""
    query = _items(viewer, collection).where(CollectionItem.material_id == material_id)
    item = db.session.scalar(query) if material_id <= MAX_ID else None
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


# Download -------------------------------------------------------------------------------------


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
