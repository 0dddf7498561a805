"""From what somebody did to the screen that answers: buttons, commands, words of the menu, text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flask_babel import gettext as _

from bot import menu
from bot.callbacks import unpack
from bot.people import Person
from bot.replies import Reply
from bot.screens import (
    assistant,
    collections,
    entrance,
    giving,
    history,
    keeping,
    kept,
    library,
    material,
    plans,
    reports,
    review,
    search,
    settings,
    subjects,
    subscriptions,
    talks,
    telling,
    uploads,
)
from bot.screens import menu as menu_screen
from bot.state import State
from edu.errors import NotFound

Screen: TypeAlias = Callable[[Person, State, tuple[str, ...]], Reply]

SCREENS: Mapping[str, Mapping[str, Screen]] = {
    "menu": menu_screen.ACTIONS,
    "entrance": entrance.ACTIONS,
    "search": search.ACTIONS,
    "library": library.ACTIONS,
    "subjects": subjects.ACTIONS,
    "material": material.ACTIONS,
    "keeping": keeping.ACTIONS,
    "reports": reports.ACTIONS,
    "review": review.ACTIONS,
    "assistant": assistant.ACTIONS,
    "talks": talks.ACTIONS,
    "kept": kept.ACTIONS,
    "plans": plans.ACTIONS,
    "collections": collections.ACTIONS,
    "history": history.ACTIONS,
    "subscriptions": subscriptions.ACTIONS,
    "settings": settings.ACTIONS,
    "telling": telling.ACTIONS,
    "giving": giving.ACTIONS,
    "uploads": uploads.ACTIONS,
}

# Commands that go on where they are given words.
ASKING = {"search:prompt": "search:search", "assistant:start": "assistant:ask"}
# A talk with the assistant goes on while these are opened; cards end it themselves.
TALKING = {"assistant", "talks", "material", "keeping", "reports", "entrance"}


def find_screen(screen: str, action: str) -> Screen:
    """Raises NotFound for a button of an older bot."""
    found = SCREENS.get(screen, {}).get(action)
    if found is None:
        raise NotFound(_("This button is out of date. Open the menu again."))
    return found


def go(where: str, args: tuple[str, ...], person: Person, state: State) -> Reply:
    """Show a screen by its name, `screen:action`."""
    screen, _colon, action = where.partition(":")
    return find_screen(screen, action)(person, state, args)


def press(data: str, person: Person, state: State) -> Reply:
    """A button was pressed. Raises Forbidden for a forged one."""
    call = unpack(person.chat_id, data)
    screen = find_screen(call.screen, call.action)
    if call.screen not in TALKING and state.awaits and state.awaits[0] == "assistant:ask":
        state.end_dialogue()
    return screen(person, state, call.args)


def command(text: str, person: Person, state: State) -> Reply:
    """A command with its arguments; what is unknown gets a word of its own."""
    name, *args = text.removeprefix("/").split(maxsplit=1) or [""]
    name = name.partition("@")[0].lower()
    if name == "start":
        return go("menu:start", tuple(args), person, state)
    where = menu.find_command(name, person.user)
    if where != "menu:cancel":  # which says whether there was anything
        state.end_dialogue()
    if args and where in ASKING:
        return go(ASKING[where], tuple(args), person, state)
    return go(where, (), person, state)


def text(words: str, person: Person, state: State) -> Reply:
    """Words of the menu, the answer that a dialogue waits for, or a search."""
    where = menu.find_item(words, person.user)
    if where is not None:
        state.end_dialogue()
        return go(where, (), person, state)
    if state.awaits is not None:
        awaits, args = state.awaits
        return go(awaits, (*args, words), person, state)
    return go("search:search", (words,), person, state)


def other(person: Person, state: State) -> Reply:
    """Whatever is neither text nor a file: stickers, places, contacts."""
    return go("menu:other", (), person, state)
