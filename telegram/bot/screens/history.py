"""«История»: what the person has opened, here and on the site."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import PER_PAGE, back, show_list, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.screens.entrance import ask_to_sign_in
from bot.state import State
from bot.texts import escape
from edu.library.service import clear_history, list_history


def list_opened(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The latest first. Argument: page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    listing = list_history(person.user, whole(args, 0), PER_PAGE)
    materials = [entry.material for entry in listing.items]
    counts = (listing.total, listing.page, listing.pages)
    clear = ((Button(str(_("Clear the history")), "history:ask"),),) if materials else ()
    return show_list(str(_("History")), materials, counts, "history:list", clear)


def ask(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Nothing is forgotten by a slip of the finger."""
    rows = ((Button(str(_("Clear the history")), "history:clear"),), (back("history:list:1"),))
    return Reply(escape(_("All that you have opened will be forgotten. Go on?")), rows)


def clear(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Forget all that the person has opened."""
    if person.user is not None:
        clear_history(person.user)
    return list_opened(person, state, ())


ACTIONS = {"list": list_opened, "ask": ask, "clear": clear}
