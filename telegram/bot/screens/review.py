"""«На проверке»: what waits for a moderator's decision, and the decision."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from bot import replies
from bot.lists import PER_PAGE, back, facts, item, pager, size_line, whole
from bot.people import Person
from bot.pictures import page_picture, thumbnail
from bot.replies import Button, Reply, Rows
from bot.screens.material import file_facts
from bot.state import State
from bot.texts import bold, escape, fits_button, link, shorten, site_address
from edu.accounts.models import User
from edu.accounts.service import shown_name
from edu.errors import Conflict, Forbidden, NotFound
from edu.extensions import db
from edu.likeness.service import find_similar
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import get_visible
from edu.moderation.service import (
    approve_material,
    count_pending,
    find_twins,
    list_pending,
    reject_material,
)
from edu.permissions import Permission, may
from edu.reports.service import list_returned, reason_label
from jobs.notifications import announce
from jobs.search import update_index

MAX_TITLE, MAX_NAME, MAX_HINT = 200, 80, 120
MAX_DESCRIPTION, MAX_BEFORE = 240, 160
HINTS = 3  # of a kind: a picture's caption holds 1,024 units


def _find(person: Person, args: tuple[str, ...]) -> tuple[User, Material]:
    """Who decides, and on what: the first argument is its id.

    Raises Forbidden, whatever it is that they may not see: nobody learns what there is.
    """
    try:
        material = get_visible(person.user, whole(args, 0, 0))
    except NotFound:
        material = None
    user = person.user
    if user is None or material is None or not may(user, Permission.REVIEW, material):
        raise Forbidden(_("No access: only moderators of its subject decide on a material."))
    return user, material


# The queue ------------------------------------------------------------------------------------


def list_all(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What waits for this person, longest first. Argument: page. Raises Forbidden."""
    listing = list_pending(person.user, whole(args, 0), per_page=PER_PAGE)
    title = bold(_("Review queue"))
    if not listing.items:
        return Reply(f"{title}\n\n{escape(_('The queue is empty'))}")
    page, pages = listing.page, listing.pages
    first = (page - 1) * PER_PAGE + 1
    lines = [
        f"{item(n, each)}\n{escape(_by_whom(each))}" for n, each in enumerate(listing.items, first)
    ]
    numbers = tuple(
        Button(str(n), f"review:show:{each.id}:{page}")
        for n, each in enumerate(listing.items, first)
    )
    head = f"{title}\n{escape(size_line(listing.total, page, pages))}"
    return Reply("\n\n".join([head, *lines]), (numbers, pager("review:list", page, pages)))


def _by_whom(material: Material) -> str:
    return shorten(shown_name(material.uploader), MAX_NAME)


def show_next(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The card of what waits longest. Raises Forbidden."""
    waiting = list_pending(person.user, 1, per_page=1).items
    if not waiting:
        return list_all(person, state, ())
    return show(person, state, (str(waiting[0].id),))


# One of it ------------------------------------------------------------------------------------


def show(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What there is to know before one decides. Arguments: id, page of the queue."""
    user, material = _find(person, args)
    state.end_dialogue()
    return _card(person, user, material, whole(args, 1))


def _card(person: Person, user: User, material: Material, page: int = 1, alert: str = "") -> Reply:
    if material.status != MaterialStatus.PENDING:
        return _outcome(user, material, alert)
    address = site_address("materials.show", material_id=material.id)
    reading = [Button("⬇ " + _("Download"), f"material:download:{material.id}:")]
    if fits_button(address):
        reading.insert(0, Button("🌐 " + _("Open on the site"), url=address))
    rows = (decision_row(material), tuple(reading), (back(f"review:list:{page}"),))
    picture = page_picture(person, material, 1) or thumbnail(material)
    return Reply(_describe(user, material, address), rows, picture, alert=alert)


def decision_row(material: Material) -> tuple[Button, ...]:
    """Approve and reject. They hold for what the moderator has seen, not for what it became."""
    tail = f"{material.id}:{material.edition}"
    return (
        Button("✓ " + _("Approve"), f"review:approve:{tail}"),
        Button("✗ " + _("Reject"), f"review:reject:{tail}"),
    )


def _describe(user: User, material: Material, address: str) -> str:
    lines = [
        f"<b>{link(address, shorten(material.title, MAX_TITLE))}</b>",
        escape(facts(material)),
        escape(f"{file_facts(material.file)} · {_by_whom(material)}"),
    ]
    if hints := _hints(user, material):
        lines += ["", *(f"⚠ {escape(shorten(hint, MAX_HINT))}" for hint in hints)]
    if material.reject_reason:
        before = shorten(material.reject_reason, MAX_BEFORE)
        lines += ["", escape(_("Declined before: %(reason)s", reason=before))]
    if material.description:
        lines += ["", escape(shorten(material.description, MAX_DESCRIPTION))]
    return "\n".join(lines)


def _hints(user: User, material: Material) -> list[str]:
    """What the site's queue warns of, in plain text."""
    hints = []
    if not material.file.text_ok and material.file.kind != "video":
        hints.append(_("Text not recognised"))
    for _id, title in find_twins(user, [material])[material.id][:HINTS]:
        hints.append(f"{_('The same file is in another material:')} {title}")
    for report in list_returned([material])[material.id][:HINTS]:
        said = _("Reported: %(reason)s", reason=reason_label(report.reason))
        hints.append(f"{said} — {report.note}" if report.note else said)
    for other in find_similar(user, [material])[material.id][:HINTS]:
        said = _("The library already has almost the same text:")
        hints.append(f"{said} {other.title} ({_('%(n)d %% word for word', n=other.percent)})")
    return [str(hint) for hint in hints]


def _outcome(user: User, material: Material, alert: str = "") -> Reply:
    """What has become of it, by whomever."""
    states = {
        MaterialStatus.ACTIVE: "✓ " + _("Published"),
        MaterialStatus.REJECTED: "✗ " + _("Rejected"),
        MaterialStatus.ARCHIVED: _("In the trash"),
        MaterialStatus.PROCESSING: _("Processing"),
        MaterialStatus.FAILED: _("Failed"),
    }
    address = site_address("materials.show", material_id=material.id)
    name = link(address, shorten(material.title, MAX_TITLE))
    lines = [f"<b>{name}</b>", escape(states[MaterialStatus(material.status)])]
    if material.status == MaterialStatus.REJECTED:
        reason = shorten(material.reject_reason, MAX_BEFORE)
        lines.append(escape(_("Reason: %(reason)s", reason=reason)))
    return Reply("\n".join(lines), _further(user), alert=alert, stays=True)


def _further(user: User) -> Rows:
    left = count_pending(user)
    if not left:
        return ((back("review:list:1"),),)
    more = str(ngettext("Next (%(num)s waits)", "Next (%(num)s wait)", left))
    return ((Button(more, "review:next"),), (back("review:list:1"),))


# Deciding -------------------------------------------------------------------------------------


def approve(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Publish it. Arguments: id, the edition that was seen."""
    user, material = _find(person, args)
    try:
        approve_material(user, material, edition=_edition(args))
    except Conflict as error:
        return _too_late(person, state, args, error)
    return _decided(state, user, material, str(_("Published.")))


def ask_reason(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The next text is the reason. Arguments: id, the edition that was seen."""
    user, material = _find(person, args)
    if material.status != MaterialStatus.PENDING:
        return _outcome(user, material, str(_("Somebody has already decided on this material.")))
    state.ask("review:because", material.id, _edition(args))
    how = _("Write what to change: the uploader reads it. /cancel leaves it in the queue.")
    title = bold(_("Reject “%(title)s”", title=shorten(material.title, MAX_TITLE)))
    return Reply(f"{title}\n\n{escape(how)}", ((back(f"review:show:{material.id}:1"),),))


def reject(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Send it back. Arguments: id, the edition that was seen, the reason.

    Raises InvalidInput, and then the next text is another try.
    """
    try:
        user, material = _find(person, args)
        reject_material(user, material, args[2] if args[2:] else "", edition=_edition(args))
    except Conflict as error:
        return Reply(escape(error.message), stays=True, then=_too_late(person, state, args, error))
    except Forbidden as error:  # the dialogue must not wait for ever
        db.session.rollback()
        state.end_dialogue()
        return replies.refuse(str(error.message))
    return _decided(state, user, material, str(_("Rejected; the uploader sees the reason.")))


def _edition(args: tuple[str, ...]) -> str:
    """Never empty, for without one any edition would do."""
    return (args[1] if args[1:] else "") or "-"


def _decided(state: State, user: User, material: Material, said: str) -> Reply:
    state.end_dialogue()
    state.afterwards += [update_index.enqueue, announce.enqueue]
    return _outcome(user, material, said)


def _too_late(person: Person, state: State, args: tuple[str, ...], error: Conflict) -> Reply:
    """Somebody was quicker, or has changed it: what it is now, and why nothing was done."""
    db.session.rollback()  # where it was changed the decision stands in the transaction already
    state.end_dialogue()
    user, material = _find(person, args)
    return _card(person, user, material, alert=str(error.message))


ACTIONS = {
    "list": list_all,
    "next": show_next,
    "show": show,
    "approve": approve,
    "reject": ask_reason,
    "because": reject,
}
