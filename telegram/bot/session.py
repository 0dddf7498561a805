"""Signing in and out of the library in a chat."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.people import Person
from bot.replies import Button, Reply
from bot.texts import escape, fits_button, link
from edu.errors import EduError
from edu.extensions import db
from edu.oauth.service import DENIED, CodeRefused
from edu.site.settings import site_settings
from edu.site.telegram import keep_bot_name
from edu.telegram_links import service


def invite(person: Person, name: str) -> Reply:
    """/login: the way to the consent page; `name` is the Telegram account's, as it is shown there.

    Raises NoBot.
    """
    if person.user is not None:
        return _already(person.user.name)
    address = service.begin_linking(person.chat_id, name)
    text = _(
        "Press the button, sign in on the site and allow the bot to act in your name. "
        "The site will lead you back here. The button works for an hour, in this chat only."
    )
    if fits_button(address):
        return Reply(escape(text), ((Button(_("Sign in"), url=address),),))
    return Reply(f"{escape(text)}\n\n{link(address, _('Sign in'))}")


def _already(name: str) -> Reply:
    text = _("You are signed in as %(name)s. /logout signs you out.", name=name)
    return Reply(escape(text))


def accept_code(person: Person, code: str) -> Reply:
    """/start CODE: what the consent page has sent the person back with.

    A refusal is a reply and not raised, for what it has burnt must stay so: it is committed here.
    Commit what succeeds together with the greeting: the same update would else be a replay.
    """
    if code == DENIED:
        return Reply(escape(_("You have not allowed it, so nothing is linked. /login asks again.")))
    try:
        user = service.finish_linking(person.chat_id, code)
    except CodeRefused as error:
        db.session.commit()
        return _refused(error)
    greeting = _("Welcome, %(name)s! You are signed in.", name=user.name)
    more = _("%(site)s is now here as you know it on the site.", site=site_settings().name)
    return Reply(f"{escape(greeting)}\n{escape(more)}", stays=True)


def _refused(error: EduError) -> Reply:
    return Reply(f"{escape(error.message)}\n/login", failed=True, stays=True)


def leave(person: Person) -> Reply:
    """/logout: the chat acts for nobody from now on. Commits."""
    gone = service.unlink_chat(person.chat_id)
    db.session.commit()
    if not gone:
        return Reply(escape(_("You are not signed in. /login signs you in.")))
    text = _("You are signed out. Searching and reading what is published still works.")
    return Reply(escape(text), stays=True)


def is_code(word: str) -> bool:
    """Whether what follows /start is for accept_code(), and no other deep link."""
    return word == DENIED or service.looks_like_code(word)


def learn_name(username: str) -> None:
    """When the bot starts: what Telegram calls it, for the site's links. Commits."""
    keep_bot_name(username)
    db.session.commit()
