"""«Войти»: the door of the account, as screens."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from bot import session
from bot.given import forget_lost
from bot.lists import back, whole
from bot.menu import keyboard
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import escape
from edu.telegram_links.service import person_of
from jobs.mail import send_letters


def ask_to_sign_in(person: Person, state: State) -> Reply:
    """What screens show to those who are not linked: «Войти»."""
    return session.invite(person, state.name)


def show(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """/login, or «Войти». Arguments, from a card: the material's id, its origin."""
    shown = session.invite(person, state.name)
    if not args:
        return shown
    way = back(f"material:show:{whole(args, 0, 0)}:0:{args[1] if args[1:] else ''}")
    return replace(shown, buttons=(*shown.buttons, (way,)))


def accept(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The code of `/start CODE`, with which the consent page has sent the person back."""
    reply = session.accept_code(person, args[0])
    user = person_of(person.chat_id)
    if not reply.failed:
        state.afterwards.append(send_letters.enqueue)
    if user is not None:  # what is in hand here may be of who was signed in before
        forget_lost(user, state)
    return replace(reply, keyboard=keyboard(user))


def ask(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Nobody is signed out by a slip of the finger."""
    rows = ((Button(str(_("Sign out")), "entrance:leave"),), (back("settings:show"),))
    return Reply(escape(_("This chat will not act for your account any more. Go on?")), rows)


def leave(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """/logout: the link ends, and what was searched for is forgotten."""
    state.forget()
    return replace(session.leave(person), keyboard=keyboard(None))


ACTIONS = {"show": show, "accept": accept, "ask": ask, "leave": leave}
