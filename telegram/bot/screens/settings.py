"""«Настройки»: the language, and whose chat this is."""

from __future__ import annotations

from flask_babel import force_locale
from flask_babel import gettext as _

from bot.menu import keyboard
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import bold, escape
from edu.accounts.service import change_profile
from edu.site.preferences import LANGUAGES


def show(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The languages, and the way in or out."""
    who = (
        _("You are signed in as %(name)s.", name=person.user.name)
        if person.user
        else _("You are not signed in: you can search and read, and nothing is kept of it.")
    )
    languages = tuple(
        Button(f"{'✓ ' if person.locale == code else ''}{name}", f"settings:language:{code}")
        for code, name in LANGUAGES.items()
    )
    door = (
        Button(str(_("Sign out")), "entrance:ask")
        if person.user
        else Button(str(_("Sign in")), "entrance:show")
    )
    text = bold(_("Settings")) + f"\n\n{escape(who)}\n\n" + escape(_("Language")) + ":"
    told = (Button("🔔 " + _("Notifications"), "telling:show"),) if person.user else ()
    return Reply(text, (languages, told, (door,)))


def choose_language(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The bot speaks it from now on, and the site to who is signed in. Argument: its code."""
    if not args or args[0] not in LANGUAGES:
        return show(person, state, ())
    state.chat.locale = args[0]
    if person.user is not None:
        change_profile(person.user, locale=args[0])
    with force_locale(args[0]):
        shown = show(Person(person.chat_id, person.user, args[0]), state, ())
        # The words below the field for text are changed only by a message of their own.
        words = keyboard(person.user)
        said = escape(_("The language has been changed."))
        return Reply(then=Reply(said, keyboard=words, stays=True, then=shown))


ACTIONS = {"show": show, "language": choose_language}
