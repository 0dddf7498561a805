"""The menu: one table for the keyboard, the commands and their descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.site.preferences import LANGUAGES


@dataclass(frozen=True, slots=True)
class Item:
    """`command` and `label` open the screen `go`; a label in rows of the keyboard, or nowhere."""

    command: str
    label: object
    go: str
    about: object
    row: int | None = None


ITEMS = (
    Item("search", _l("Search"), "search:prompt", _l("Search in all materials"), 0),
    Item("library", _l("Library"), "library:types", _l("Materials by type"), 0),
    Item("subjects", _l("Subjects"), "subjects:root", _l("Materials by subject"), 1),
    Item("collections", _l("My collections"), "collections:list", _l("What you have collected"), 1),
    Item("history", _l("History"), "history:list", _l("What you have opened"), 2),
    Item("subscriptions", _l("Subscriptions"), "subscriptions:list", _l("What you follow"), 2),
    Item("settings", _l("Settings"), "settings:show", _l("Language and account"), 3),
    Item("login", _l("Sign in"), "entrance:show", _l("Sign in with your account")),
    Item("logout", _l("Sign out"), "entrance:leave", _l("Unlink this chat")),
    Item("help", _l("Help"), "menu:help", _l("What the bot can do")),
    Item("cancel", _l("Cancel"), "menu:cancel", _l("Stop what was begun")),
)
COMMANDS = {item.command: item.go for item in ITEMS}


def keyboard() -> tuple[tuple[str, ...], ...]:
    """The rows below the field for text, in the reader's language."""
    last = max(item.row for item in ITEMS if item.row is not None)
    return tuple(
        tuple(str(item.label) for item in ITEMS if item.row == row) for row in range(last + 1)
    )


def find_item(text: str) -> str | None:
    """The screen that the words on the keyboard open, in any language; None for other text."""
    wanted = text.strip().casefold()
    for locale in LANGUAGES:
        with force_locale(locale):
            for item in ITEMS:
                if item.row is not None and str(item.label).casefold() == wanted:
                    return item.go
    return None


def list_commands() -> list[tuple[str, str]]:
    """Commands and what they do, in the reader's language, as setMyCommands takes them."""
    return [(item.command, str(item.about)) for item in ITEMS]


def describe_commands() -> str:
    """The same as lines of text."""
    return "\n".join(f"/{name} — {about}" for name, about in list_commands())


def placeholder() -> str:
    """What stands in the empty field for text; 64 characters at most."""
    return str(_("What are you looking for?"))[:64]
