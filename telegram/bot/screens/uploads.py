"""«Мои загрузки»: what the person has given, and what has become of it."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.given import forget_lost, list_drafts
from bot.lists import PER_PAGE, item, number_row, pager, size_line, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens.entrance import ask_to_sign_in
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.library.service import list_uploads
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import status_label
from edu.media.messages import refusal_message

HERE = "uploads:list"
MAX_REASON, MAX_LABEL = 300, 48
SIGNS = {
    MaterialStatus.PROCESSING: "⏳",
    MaterialStatus.PENDING: "🕓",
    MaterialStatus.ACTIVE: "✅",
    MaterialStatus.REJECTED: "↩",
    MaterialStatus.FAILED: "⚠",
}


def list_given(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The newest first, after what is in hand. Argument: page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    forget_lost(person.user, state)
    listing = list_uploads(person.user, whole(args, 0), per_page=PER_PAGE)
    drafts = _draft_rows(state) if listing.page == 1 else ()
    title, how = bold(_("My uploads")), escape(_how_to_give())
    if not listing.items:
        return Reply(f"{title}\n\n{escape(_in_hand(drafts))}{how}", drafts)
    first = (listing.page - 1) * PER_PAGE + 1
    lines = [_line(n, each) for n, each in enumerate(listing.items, first)]
    head = f"{title}\n{escape(size_line(listing.total, listing.page, listing.pages))}"
    here = f"{HERE}:{listing.page}"
    turn = pager(HERE, listing.page, listing.pages)
    rows = (*drafts, number_row(listing.items, here, first), turn)
    tail = f"{escape(_in_hand(drafts))}{how}" if listing.page == 1 else ""
    return Reply("\n\n".join(filter(None, [head, *lines, tail])), rows)


def _how_to_give() -> str:
    return str(_("To give a file, send it here or forward it: PDF, DOCX or MP4."))


def _in_hand(drafts: Rows) -> str:
    return (
        _("What stands in the buttons with a paper clip was not sent yet.") + "\n" if drafts else ""
    )


def _draft_rows(state: State) -> Rows:
    return tuple(
        (Button(f"📎 {shorten(each.title or each.name, MAX_LABEL)}", f"giving:open:{each.key}"),)
        for each in list_drafts(state)
    )


def _line(number: int, material: Material) -> str:
    status = MaterialStatus(material.status)
    line = f"{item(number, material)}\n{SIGNS[status]} {escape(status_label(status))}"
    if status == MaterialStatus.REJECTED and material.reject_reason:
        reason = shorten(material.reject_reason, MAX_REASON)
        return line + "\n" + escape(_("Reason: %(reason)s", reason=reason))
    if status == MaterialStatus.FAILED and material.error:
        return line + "\n" + escape(refusal_message(material.error))
    return line


ACTIONS = {"list": list_given}
