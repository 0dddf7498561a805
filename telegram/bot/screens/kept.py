"""Answers of the assistant that a person keeps."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.answers import cut_page, number_rows, write_citations, write_text
from bot.linked import Args, for_linked
from bot.lists import back, pager, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.accounts.models import User
from edu.assistant import service

SHOWN, MAX_LABEL, MAX_TITLE = 8, 56, 160


def list_all(user: User, person: Person, state: State, args: Args) -> Reply:
    """The person's own, the last kept first. Argument: page."""
    listing = service.list_saved_answers(user, whole(args, 0), SHOWN)
    rows = [
        (Button(shorten(each.saved.title, MAX_LABEL), f"kept:show:{each.saved.id}"),)
        for each in listing.items
    ]
    advice = _("Choose an answer.") if rows else _("Keep an answer with the button below it.")
    turn = pager("kept:list", listing.page, listing.pages)
    text = f"{bold(_('Kept answers'))}\n\n{escape(advice)}"
    return Reply(text, (*rows, turn, (back("assistant:start"),)))


def show(user: User, person: Person, state: State, args: Args) -> Reply:
    """One of them. Arguments: id, page."""
    kept = service.get_saved_answer(user, whole(args, 0, 0))
    number = kept.saved.id
    parts = [
        bold(shorten(kept.saved.title, MAX_TITLE)),
        write_text(kept.text, kept.citations),
        write_citations(kept.citations),
    ]
    whole_text = "\n\n".join(filter(None, parts))
    text, page, turn = cut_page(whole_text, whole(args, 1), f"kept:show:{number}")
    forget = Button("🗑 " + _("Keep no longer"), f"kept:forget:{number}")
    rows = number_rows(kept.citations, f"v{number}-{page}")
    return Reply(text, (*rows, turn, (back("kept:list:1"), forget)))


def forget(user: User, person: Person, state: State, args: Args) -> Reply:
    """Keep it no longer. Argument: id."""
    service.forget_saved_answer(user, whole(args, 0, 0))
    shown = list_all(user, person, state, ())
    return Reply(shown.text, shown.buttons, alert=str(_("It is not kept any more.")))


ACTIONS = {
    "list": for_linked(list_all),
    "show": for_linked(show),
    "forget": for_linked(forget),
}
