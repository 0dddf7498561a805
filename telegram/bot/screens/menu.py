"""/start, /help and /cancel."""

from __future__ import annotations

import re

from flask_babel import gettext as _

from bot import session
from bot.menu import describe_commands, keyboard
from bot.people import Person
from bot.replies import Reply
from bot.screens import assistant, entrance, giving, material
from bot.state import State
from bot.texts import escape, link
from edu.extensions import settings
from edu.site.settings import site_settings
from edu.site.telegram import bot_name

MATERIAL = re.compile(r"m(\d{1,9})")


def start(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What /start answers; with an argument: a material (`m12`), or the code of a sign-in."""
    state.end_dialogue()
    word = args[0] if args else ""
    if known := MATERIAL.fullmatch(word):
        return material.show(person, state, (known[1], "0", ""))
    if session.is_code(word):
        return entrance.accept(person, state, (word,))
    about = _(
        "%(site)s is a library of study materials: lectures, seminars, problem sets, textbooks. "
        "It searches inside the files and opens them on the right page.",
        site=site_settings().name,
    )
    way_in = entrance.ask_to_sign_in(person, state) if _may_sign_in(person) else None
    text = f"{escape(about)}\n\n{_explain()}"
    return Reply(text, keyboard=keyboard(person.user), stays=True, then=way_in)


def _may_sign_in(person: Person) -> bool:
    return person.user is None and bool(bot_name())


def show_help(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What the bot can do, and where the site is."""
    text = f"{_explain()}\n\n{escape(describe_commands(person.user))}"
    return Reply(text, keyboard=keyboard(person.user), stays=True)


def _explain() -> str:
    how = _(
        "Write what you are looking for, as you would say it: a topic, a theorem, a phrase from "
        "a lecture. A title in the answer opens the material at the place that was found."
    )
    give = _("Send or forward a PDF, DOCX or MP4 here to add it to the library.")
    more = _('Words in "quotes" are searched for as a phrase; a word with a minus is left out.')
    address = link(settings().site_url, str(_("Open the site")))
    return f"{escape(how)}\n\n{escape(more)}\n\n{escape(give)}\n\n{address}"


def unknown(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """A command that there is not, or not for this person."""
    text = _("There is no such command. /help lists those that there are.")
    return Reply(escape(text), keyboard=keyboard(person.user), stays=True)


def other(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What the bot can do nothing with: a sticker, a place, a contact."""
    text = _("I understand words and files. /help tells what I can do.")
    return Reply(escape(text), keyboard=keyboard(person.user), stays=True)


def cancel(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """End the dialogue, if there is one, else give up the file that was given last."""
    if assistant.cancel_open(person):  # an answer that grows; the talk goes on
        return Reply(escape(_("Cancelled.")), follow=True, stays=True)
    begun = state.awaits is not None
    state.end_dialogue()
    if not begun and state.files:
        return giving.drop_last(person, state)
    text = _("Cancelled.") if begun else _("There is nothing to cancel.")
    return Reply(escape(text), keyboard=keyboard(person.user), stays=True)


ACTIONS = {
    "start": start,
    "help": show_help,
    "unknown": unknown,
    "other": other,
    "cancel": cancel,
}
