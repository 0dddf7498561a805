"""Conversations with the assistant: which there are, and what was said in one."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from bot.linked import Args, for_linked
from bot.lists import back, pager, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import bold, escape, fits_button, shorten, site_address
from edu.accounts.models import User
from edu.assistant import service
from edu.assistant.models import QuestionStatus
from edu.assistant.rendering import REFERENCE
from edu.assistant.service import Answer

SHOWN, TURNS = 8, 5
MAX_LABEL, MAX_ASKED, MAX_ANSWER = 56, 160, 240


def list_all(user: User, person: Person, state: State, args: Args) -> Reply:
    """The person's own, the one asked last first. Argument: page."""
    listing = service.list_conversations(user, whole(args, 0), SHOWN)
    rows = [
        (Button(shorten(each.title, MAX_LABEL), f"talks:open:{each.id}"),) for each in listing.items
    ]
    advice = _("Choose a conversation.") if rows else _("Nothing here yet")
    turn = pager("talks:list", listing.page, listing.pages)
    text = f"{bold(_('Conversations'))}\n\n{escape(advice)}"
    return Reply(text, (*rows, turn, (back("assistant:start"),)))


def open_one(user: User, person: Person, state: State, args: Args) -> Reply:
    """What was asked in it; the next text goes on with it. Arguments: id, page (the last one)."""
    talk = service.get_conversation(user, whole(args, 0, 0))
    state.ask("assistant:ask", talk.id)
    turns = service.list_questions(user, talk)
    pages = max(1, -(-len(turns) // TURNS))
    page = min(max(whole(args, 1, pages), 1), pages)
    first = (page - 1) * TURNS
    shown = list(enumerate(turns[first : first + TURNS], first + 1))
    size = ngettext("%(num)s question", "%(num)s questions", len(turns))
    head = f"{bold(shorten(talk.title, MAX_ASKED))}\n{escape(size)}"
    advice = escape(_("A number opens the answer; what you write goes on with the conversation."))
    numbers = tuple(Button(str(n), f"assistant:answer:{each.question.id}") for n, each in shown)
    rows = (
        numbers,
        pager(f"talks:open:{talk.id}", page, pages),
        (Button("🗑 " + _("Delete"), f"talks:drop:{talk.id}"), *_site_button(talk.id)),
        (back("talks:list:1"), Button("✏ " + _("New conversation"), "assistant:start")),
    )
    return Reply("\n\n".join([head, *(_turn(n, each) for n, each in shown), advice]), rows)


def _turn(number: int, turn: Answer) -> str:
    asked = f"{number}. <b>{escape(shorten(turn.question.text, MAX_ASKED))}</b>"
    answer = REFERENCE.sub("", turn.text).replace("**", "")
    said = shorten(" ".join(answer.split()), MAX_ANSWER) or _state(turn)
    return f"{asked}\n{escape(said)}"


def _state(turn: Answer) -> str:
    if turn.question.status == QuestionStatus.CANCELLED:
        return str(_("You have stopped this answer."))
    return turn.failure or str(_("There is no answer yet."))


def _site_button(number: int) -> tuple[Button, ...]:
    address = site_address("assistant.conversation", conversation_id=number)
    return (Button("🌐 " + _("Open on the site"), url=address),) if fits_button(address) else ()


def ask_to_delete(user: User, person: Person, state: State, args: Args) -> Reply:
    """Nothing is deleted by a slip of the finger. Argument: id."""
    talk = service.get_conversation(user, whole(args, 0, 0))
    said = _("Delete “%(title)s” with all its answers?", title=shorten(talk.title, MAX_ASKED))
    sure = Button("🗑 " + _("Delete"), f"talks:delete:{talk.id}")
    return Reply(escape(said), ((sure,), (back(f"talks:open:{talk.id}"),)))


def delete(user: User, person: Person, state: State, args: Args) -> Reply:
    """Delete it with its answers. Argument: id."""
    service.delete_conversation(user, service.get_conversation(user, whole(args, 0, 0)))
    state.end_dialogue()
    shown = list_all(user, person, state, ())
    return Reply(shown.text, shown.buttons, alert=str(_("The conversation is deleted.")))


ACTIONS = {
    "list": for_linked(list_all),
    "open": for_linked(open_one),
    "drop": for_linked(ask_to_delete),
    "delete": for_linked(delete),
}
