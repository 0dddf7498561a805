"""What messages about notifications say, and the buttons below them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask_babel import gettext as _
from flask_babel import ngettext

from bot.lists import facts
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens.review import decision_row
from bot.texts import bold, escape, fits_button, link, shorten
from edu.accounts.service import shown_name
from edu.extensions import absolute_url
from edu.notifications.choices import topic_label
from edu.notifications.models import Notification, Topic
from edu.notifications.titles import page_url, shown_title

SHOWN, PER_ROW = 10, 5
MAX_TITLE, MAX_NAME, MAX_NOTE = 160, 80, 1200
# What a person waits for comes first, so that it is not among what is only counted.
ORDER = (
    Topic.ANSWERS,
    Topic.REVIEW,
    Topic.DECISIONS,
    Topic.REQUESTS,
    Topic.REPORTS,
    Topic.MATERIALS,
)
SIGNS = {
    "new": "📚",
    "approved": "✓",
    "rejected": "✗",
    "failed": "⚠",
    "deleted": "🗑",
    "found": "🔎",
    "answered": "💬",
    "unanswered": "⚠",
    "pending": "📥",
}
_TITLE = "\0"


def announce(person: Person, notifications: Sequence[Notification], *, digest: bool) -> Reply:
    """One notification as a card, several as a list: the first SHOWN, and how many more."""
    if len(notifications) == 1:
        return _one(notifications[0])
    return _several(notifications, digest=digest)


# One ------------------------------------------------------------------------------------------


def _one(notification: Notification) -> Reply:
    kind, material = notification.kind, notification.material
    address = page_url(notification)
    title = link(address, shorten(shown_title(notification), MAX_TITLE))
    lines = [f"{SIGNS.get(kind, '⚑')} {bold(_happened(notification))}", title]
    if material is not None and notification.leads_to_material:
        lines.append(escape(facts(material)))
    if kind == "pending" and material is not None:
        lines.append(escape(shorten(shown_name(material.uploader), MAX_NAME)))
    if note := _note(notification):
        lines += ["", escape(note)]
    return Reply("\n".join(lines), _buttons(notification, address), stays=True)


def _happened(notification: Notification) -> str:
    """In the words of the site's list."""
    said = {
        "new": _("New material"),
        "approved": _("Your material is published"),
        "rejected": _("Your material was sent back"),
        "failed": _("Your file could not be processed"),
        "deleted": _("Your material was deleted"),
        "found": _(
            "Here is what you asked for: “%(text)s”", text=shorten(notification.note, MAX_TITLE)
        ),
        "report_kept": _("Moderators have looked at your report: the material stays"),
        "report_returned": _(
            "Moderators have taken the material that you reported off the site and review it"
        ),
        "report_deleted": _("Moderators have deleted the material that you reported"),
        "answered": _("The answer is ready"),
        "unanswered": _("There is no answer to your question"),
        "pending": _("New material in the review queue"),
    }
    return str(said[notification.kind])


def _note(notification: Notification) -> str:
    """The reason of a decision, or the answer to a report, in plain text."""
    if not notification.note:
        return ""
    note = notification.note[:MAX_NOTE]
    if notification.kind in ("rejected", "deleted"):
        return str(_("Reason: %(reason)s", reason=note))
    if notification.topic == Topic.REPORTS:
        return str(_("Answer: %(answer)s", answer=note))
    return ""


def _buttons(notification: Notification, address: str) -> Rows:
    rows: list[tuple[Button, ...]] = []
    material = notification.material
    if notification.topic == Topic.REVIEW and material is not None:
        rows.append(decision_row(material))
    opening = []
    if go := _screen_of(notification):
        opening.append(Button(str(_("Open")), go))
    if fits_button(address):
        opening.append(Button("🌐 " + _("Open on the site"), url=address))
    return (*rows, tuple(opening))


def _screen_of(notification: Notification) -> str:
    """Where the bot shows what it is about; "" where it does not."""
    if notification.question_id is not None:
        return f"assistant:answer:{notification.question_id}"
    if notification.topic == Topic.REVIEW:
        return f"review:show:{notification.material_id}"
    if notification.leads_to_material:
        return f"material:show:{notification.material_id}:0:"
    return ""


# Several --------------------------------------------------------------------------------------


def _several(notifications: Sequence[Notification], *, digest: bool) -> Reply:
    number = len(notifications)
    ordered = sorted(notifications, key=lambda each: ORDER.index(Topic(each.topic)))
    shown = list(enumerate(ordered[:SHOWN], 1))
    head = ngettext("%(num)s piece of news", "%(num)s pieces of news", number)
    parts = [bold(_("What is new since yesterday:") if digest else head)]
    for topic, told in groupby(shown, key=lambda pair: pair[1].topic):
        lines = [f"{at}. {_line(each)}" for at, each in told]
        parts.append("\n".join([f"<i>{escape(topic_label(topic))}</i>", *lines]))
    if number > SHOWN:
        more = ngettext("And %(num)s more", "And %(num)s more", number - SHOWN)
        parts.append(link(absolute_url("notifications.index"), more))
    numbers = [Button(str(at), go) for at, each in shown if (go := _screen_of(each))]
    rows = tuple(tuple(numbers[at : at + PER_ROW]) for at in range(0, len(numbers), PER_ROW))
    return Reply("\n\n".join(parts), rows, stays=True)


def _line(notification: Notification) -> str:
    """What happened in a few words around the title, which is a link; HTML."""
    title = link(page_url(notification), shorten(shown_title(notification), MAX_TITLE))
    note = shorten(notification.note, MAX_NAME)
    said = {
        "new": _TITLE,
        "approved": _("Published: %(title)s", title=_TITLE),
        "rejected": _("Sent back: %(title)s", title=_TITLE),
        "failed": _("Could not be processed: %(title)s", title=_TITLE),
        "deleted": _("Deleted: %(title)s", title=_TITLE),
        "found": _("You asked for “%(text)s”: %(title)s", text=note, title=_TITLE),
        "unanswered": _("There is no answer: %(title)s", title=_TITLE),
    }
    return escape(said.get(notification.kind, _TITLE)).replace(_TITLE, title, 1)
