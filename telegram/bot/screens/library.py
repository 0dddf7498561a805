"""«Библиотека»: the types of materials, and what there is of each."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import PER_PAGE, back, show_list, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import bold, escape
from edu.catalog.models import MaterialType
from edu.catalog.service import type_label
from edu.materials.service import count_by_type, list_of_type


def types(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The types that have something in them, two a row."""
    counts = count_by_type()
    buttons = [
        Button(f"{type_label(kind)} ({counts[kind]})", f"library:type:{kind}:1")
        for kind in MaterialType
        if kind in counts
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    advice = _("Choose a type.") if rows else _("Nothing here yet")
    return Reply(bold(_("Library")) + f"\n\n{escape(advice)}", rows)


def of_type(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: type, page."""
    kind = MaterialType(args[0])
    listing = list_of_type(kind, whole(args, 1), PER_PAGE)
    counts = (listing.total, listing.page, listing.pages)
    ways = ((back("library:types"),),)
    return show_list(type_label(kind), listing.items, counts, f"library:type:{kind}", ways)


ACTIONS = {"types": types, "type": of_type}
