"""«Пожаловаться»: what is wrong with a material, and a note on it."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from bot.lists import back, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.state import State
from bot.texts import escape, shorten
from edu.materials.service import get_visible
from edu.reports.models import Reason
from edu.reports.service import (
    MAX_NOTE,
    find_open,
    reason_label,
    report_material,
    require_reportable,
    withdraw_report,
)


def reasons(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Reasons to choose from, below the card. Arguments: id, origin."""
    material = get_visible(person.user, whole(args, 0, 0))
    require_reportable(person.user, material)
    tail = f"{material.id}:{args[1] if args[1:] else ''}"
    rows = [(Button(reason_label(reason), f"reports:note:{tail}:{reason}"),) for reason in Reason]
    if find_open(person.user, material) is not None:
        rows.append((Button(str(_("Withdraw my report")), f"reports:withdraw:{tail}"),))
    return Reply(buttons=(*rows, (back(f"material:show:{material.id}:0:{args[1]}"),)))


def withdraw(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Take back the report that waits. Arguments: id, origin."""
    material = get_visible(person.user, whole(args, 0, 0))
    made = find_open(person.user, material)
    if made is not None and person.user is not None:
        withdraw_report(person.user, made.id)
    return replace(reasons(person, state, args), alert=str(_("Your report is withdrawn.")))


def ask_note(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The next text is the note. Arguments: id, origin, reason."""
    material = get_visible(person.user, whole(args, 0, 0))
    require_reportable(person.user, material)
    origin, reason = args[1], Reason(args[2])
    state.ask("reports:send", material.id, origin, reason.value)
    how = _("Write what is wrong in a message.")
    skip = Button(str(_("Send without a note")), f"reports:send:{material.id}:{origin}:{reason}")
    rows = ((skip,),) if reason != Reason.OTHER else ()
    ways = (*rows, (back(f"material:show:{material.id}:0:{origin}"),))
    title = escape(shorten(material.title, 200))
    return Reply(f"<b>{title}</b>\n{escape(reason_label(reason))}\n\n{escape(how)}", ways)


def send(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Keep the report. Arguments: id, origin, reason, the note."""
    material = get_visible(person.user, whole(args, 0, 0))
    note = args[3][:MAX_NOTE] if args[3:] else ""
    report_material(person.user, material, args[2], note)
    state.end_dialogue()
    thanks = _("Thank you. Moderators will look at it.")
    ways = ((back(f"material:show:{material.id}:0:{args[1]}"),),)
    return Reply(escape(thanks), ways, stays=True)


ACTIONS = {"reasons": reasons, "note": ask_note, "send": send, "withdraw": withdraw}
