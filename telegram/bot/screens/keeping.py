"""«В коллекцию» and «Подписаться»: from the card of a material."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import back, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens.collections import find_own
from bot.state import State
from bot.texts import escape, shorten
from edu.accounts.models import User
from edu.collections.service import (
    add_item,
    create_collection,
    list_keeping,
    list_own_collections,
    remove_item,
)
from edu.errors import SignInRequired
from edu.materials.models import Material
from edu.materials.service import get_visible
from edu.subscriptions.models import SubscriptionKind
from edu.subscriptions.service import find_subscription, follow_author, follow_subject, unfollow

COLLECTIONS_SHOWN, MAX_LABEL = 20, 48


def _material(person: Person, args: tuple[str, ...]) -> tuple[User, Material, str]:
    """Who, what, and where its card was opened from. Raises SignInRequired or NotFound."""
    if person.user is None:
        raise SignInRequired
    return person.user, get_visible(person.user, whole(args, 0, 0)), args[1] if args[1:] else ""


def choose(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The person's collections, those marked that hold the material. Arguments: id, origin."""
    user, material, origin = _material(person, args)
    return Reply(buttons=_collection_rows(user, material, origin))


def _collection_rows(user: User, material: Material, origin: str) -> Rows:
    holding, tail = list_keeping(user, material), f"{material.id}:{origin}"
    rows = [
        (
            Button(
                f"{'✓ ' if each.id in holding else ''}{shorten(each.title, MAX_LABEL)}",
                f"keeping:toggle:{tail}:{each.id}",
            ),
        )
        for each in list_own_collections(user)[:COLLECTIONS_SHOWN]
    ]
    rows.append((Button("➕ " + _("New collection"), f"keeping:name:{tail}"),))
    rows.append((back(f"material:show:{material.id}:0:{origin}"),))
    return tuple(rows)


def toggle(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Put it in, or take it out. Arguments: id, origin, id of the collection."""
    user, material, origin = _material(person, args)
    collection = find_own(user, whole(args, 2, 0))
    if add_item(user, collection, material):
        said = _("It is in “%(title)s” now.", title=shorten(collection.title, 100))
    else:
        remove_item(user, collection, material.id)
        said = _("It is not in “%(title)s” any more.", title=shorten(collection.title, 100))
    return Reply(buttons=_collection_rows(user, material, origin), alert=str(said))


def ask_name(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The next text is the name of a new collection. Arguments: id, origin."""
    _user, material, origin = _material(person, args)
    state.ask("keeping:create", material.id, origin)
    way = back(f"material:show:{material.id}:0:{origin}")
    return Reply(escape(_("Write the name of the new collection, or /cancel.")), ((way,),))


def create(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Make it, with the material in it. Arguments: id, origin, name."""
    user, material, origin = _material(person, args)
    collection = create_collection(user, args[2])
    add_item(user, collection, material)
    state.end_dialogue()
    said = _("It is in “%(title)s” now.", title=shorten(collection.title, 100))
    opening = Button(str(_("Open")), f"collections:open:{collection.id}:1")
    return Reply(escape(said), ((opening,), (back(f"material:show:{material.id}:0:{origin}"),)))


def follow(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What of the material can be followed: its subject, its author. Arguments: id, origin."""
    user, material, origin = _material(person, args)
    return Reply(buttons=_follow_rows(user, material, origin))


def _follow_rows(user: User, material: Material, origin: str) -> Rows:
    tail = f"{material.id}:{origin}"
    subject = find_subscription(user, SubscriptionKind.SUBJECT.value, str(material.category_id))
    name = shorten(material.category.name, MAX_LABEL)
    rows = [(Button(f"{'✓' if subject else '🔔'} {name}", f"keeping:subject:{tail}"),)]
    if material.uploader_id != user.id and material.uploader.deleted_at is None:
        author = find_subscription(user, SubscriptionKind.AUTHOR.value, str(material.uploader_id))
        name = shorten(material.uploader.name, MAX_LABEL)
        rows.append((Button(f"{'✓' if author else '🔔'} {name}", f"keeping:author:{tail}"),))
    rows.append((back(f"material:show:{material.id}:0:{origin}"),))
    return tuple(rows)


def follow_its_subject(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Begin or end to follow the subject. Arguments: id, origin."""
    user, material, origin = _material(person, args)
    kind, target = SubscriptionKind.SUBJECT.value, str(material.category_id)
    known = find_subscription(user, kind, target)
    if known is not None:
        unfollow(known)
    else:
        follow_subject(user, material.category)
    return _followed(user, material, origin, known is None)


def follow_its_author(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Begin or end to follow the author. Arguments: id, origin."""
    user, material, origin = _material(person, args)
    kind, target = SubscriptionKind.AUTHOR.value, str(material.uploader_id)
    known = find_subscription(user, kind, target)
    if known is not None:
        unfollow(known)
    else:
        follow_author(user, material.uploader_id)
    return _followed(user, material, origin, known is None)


def _followed(user: User, material: Material, origin: str, begun: bool) -> Reply:
    said = _("You will hear of new materials.") if begun else _("You do not follow it any more.")
    return Reply(buttons=_follow_rows(user, material, origin), alert=str(said))


ACTIONS = {
    "choose": choose,
    "toggle": toggle,
    "name": ask_name,
    "create": create,
    "follow": follow,
    "subject": follow_its_subject,
    "author": follow_its_author,
}
