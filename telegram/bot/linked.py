"""Screens of those who are signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from flask_babel import gettext as _

from bot.people import Person
from bot.replies import Reply
from bot.screens import entrance
from bot.state import State
from bot.texts import escape
from edu.accounts.models import User

Args: TypeAlias = tuple[str, ...]
Screen: TypeAlias = Callable[[Person, State, Args], Reply]


def for_linked(show: Callable[[User, Person, State, Args], Reply]) -> Screen:
    """A screen of those who are signed in; others are told why not, and get the way in."""

    def screen(person: Person, state: State, args: Args) -> Reply:
        if person.user is not None:
            return show(person.user, person, state, args)
        invited = entrance.ask_to_sign_in(person, state)
        why = _("The assistant keeps your questions and plans, so it needs to know who you are.")
        return replace(invited, text=f"{escape(why)}\n\n{invited.text}")

    return screen
