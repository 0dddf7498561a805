"""The menu: one table for the keyboard, the commands and their descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.accounts.models import User
from edu.permissions import Permission, may
from edu.site.preferences import LANGUAGES


@dataclass(frozen=True, slots=True)
class Item:
    """`command` and `label` open the screen `go`; a label in rows of the keyboard, or nowhere.

    To all but those who have the permission that it `needs` it is not there.
    """

    command: str
    label: object
    go: str
    about: object
    row: int | None = None
    needs: Permission | None = None


ITEMS = (
    Item("search", _l("Search"), "search:prompt", _l("Search in all materials"), 0),
    Item("library", _l("Library"), "library:types", _l("Materials by type"), 0),
    Item("subjects", _l("Subjects"), "subjects:root", _l("Materials by subject"), 1),
    Item("assistant", _l("Assistant"), "assistant:start", _l("Ask about your studies"), 1),
    Item("collections", _l("My collections"), "collections:list", _l("What you have collected"), 2),
    Item("history", _l("History"), "history:list", _l("What you have opened"), 2),
    Item("subscriptions", _l("Subscriptions"), "subscriptions:list", _l("What you follow"), 3),
    Item("settings", _l("Settings"), "settings:show", _l("Language, notifications, account"), 3),
    Item(
        "review", _l("In review"), "review:list", _l("What waits for review"), 4, Permission.REVIEW
    ),
    Item("uploads", _l("My uploads"), "uploads:list", _l("What you have given")),
    Item("plans", _l("Study plans"), "plans:list", _l("What to read this week")),
    Item("login", _l("Sign in"), "entrance:show", _l("Sign in with your account")),
    Item("logout", _l("Sign out"), "entrance:leave", _l("Unlink this chat")),
    Item("help", _l("Help"), "menu:help", _l("What the bot can do")),
    Item("cancel", _l("Cancel"), "menu:cancel", _l("Stop what was begun")),
)


def items_for(user: User | None) -> list[Item]:
    """What there is for this person, or for a stranger."""
    return [item for item in ITEMS if item.needs is None or may(user, item.needs)]


def keyboard(user: User | None) -> tuple[tuple[str, ...], ...]:
    """The rows below the field for text, in the reader's language."""
    rows: dict[int, list[str]] = {}
    for item in items_for(user):
        if item.row is not None:
            rows.setdefault(item.row, []).append(str(item.label))
    return tuple(tuple(rows[row]) for row in sorted(rows))


def find_command(name: str, user: User | None) -> str:
    """The screen that `/name` opens."""
    known = {item.command: item.go for item in items_for(user)}
    return known.get(name, "menu:unknown")


def find_item(text: str, user: User | None) -> str | None:
    """The screen that the words on the keyboard open, in any language; None for other text."""
    wanted = text.strip().casefold()
    for locale in LANGUAGES:
        with force_locale(locale):
            for item in items_for(user):
                if item.row is not None and str(item.label).casefold() == wanted:
                    return item.go
    return None


def list_commands(user: User | None = None) -> list[tuple[str, str]]:
    """Commands and what they do, in the reader's language, as setMyCommands takes them."""
    return [(item.command, str(item.about)) for item in items_for(user)]


def describe_commands(user: User | None) -> str:
    """The same as lines of text, without the door that the person has gone through."""
    door = "login" if user else "logout"
    commands = [(name, about) for name, about in list_commands(user) if name != door]
    return "\n".join(f"/{name} — {about}" for name, about in commands)


def placeholder() -> str:
    """What stands in the empty field for text; 64 characters at most."""
    return str(_("What are you looking for?"))[:64]
