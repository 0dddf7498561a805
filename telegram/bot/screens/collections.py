"""«Мои коллекции»: the person's collections, and what is in them."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import PER_PAGE, back, pager, show_list, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.screens.entrance import ask_to_sign_in
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.accounts.models import User
from edu.collections.models import Collection
from edu.collections.service import count_items, create_collection, list_items, list_own_collections
from edu.errors import NotFound

SHOWN, MAX_LABEL = 10, 48


def find_own(user: User, collection_id: int) -> Collection:
    """One of the person's own. Raises NotFound."""
    for each in list_own_collections(user):
        if each.id == collection_id:
            return each
    raise NotFound(_("There is no such collection."))


def list_all(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The collections, the one changed last first. Argument: page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    own = list_own_collections(person.user)
    pages = max(1, -(-len(own) // SHOWN))
    page = min(max(whole(args, 0), 1), pages)
    shown = own[(page - 1) * SHOWN : page * SHOWN]
    counts = count_items(person.user, shown)
    rows = tuple(
        (
            Button(
                f"{shorten(each.title, MAX_LABEL)} ({counts[each.id]})",
                f"collections:open:{each.id}:1",
            ),
        )
        for each in shown
    )
    new = (Button("➕ " + _("New collection"), "collections:name"),)
    advice = _("Choose a collection.") if own else _("Nothing here yet")
    title = bold(_("My collections")) + f"\n\n{escape(advice)}"
    return Reply(title, (*rows, pager("collections:list", page, pages), new))


def open_one(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What is in a collection. Arguments: id, page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    collection = find_own(person.user, whole(args, 0, 0))
    listing = list_items(person.user, collection, whole(args, 1), PER_PAGE)
    materials = [item.material for item in listing.items]
    counts = (listing.total, listing.page, listing.pages)
    go = f"collections:open:{collection.id}"
    return show_list(collection.title, materials, counts, go, ((back("collections:list:1"),),))


def ask_name(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The next text is the name of a new collection."""
    state.ask("collections:create")
    text = escape(_("Write the name of the new collection, or /cancel."))
    return Reply(text, ((back("collections:list:1"),),))


def create(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Make it. Argument: its name."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    create_collection(person.user, args[0])
    state.end_dialogue()
    return list_all(person, state, ())


ACTIONS = {"list": list_all, "open": open_one, "name": ask_name, "create": create}
