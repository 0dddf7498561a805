"""Lists of materials: what a line says, the buttons below, and the way back into a list."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from bot.replies import Button, Reply, Rows
from bot.texts import escape, link, shorten, site_address
from edu.catalog.service import type_label
from edu.materials.models import Material
from edu.site.context import format_rating

PER_PAGE = 5
# Five lines with each part at its longest stay below the 4,096 units of a message.
MAX_TITLE, MAX_SUBJECT = 160, 160
# Where a card was opened from: a letter in its buttons, and the screen that it stands for.
ORIGINS = {
    "s": "search:page",
    "l": "library:type",
    "c": "subjects:list",
    "k": "collections:open",
    "h": "history:list",
    "f": "subscriptions:feed",
    "u": "uploads:list",
    "a": "assistant:answer",
    "v": "kept:show",
    "p": "plans:step",
}


def whole(args: Sequence[str], place: int, default: int = 1) -> int:
    """The number among the arguments of a button; `default` where there is none."""
    text = args[place] if place < len(args) else ""
    return int(text) if text.isdecimal() and len(text) < 10 else default


def write_origin(go: str) -> str:
    """A list as the buttons of a card name it: `search:page:12:3` -> `s12-3`."""
    screen, action, *args = go.split(":")
    letter = next(key for key, value in ORIGINS.items() if value == f"{screen}:{action}")
    return letter + "-".join(args)


def read_origin(origin: str) -> str:
    """The list that a card was opened from; "" for none."""
    known = ORIGINS.get(origin[:1])
    return ":".join([known, *filter(None, origin[1:].split("-"))]) if known else ""


def back(go: str) -> Button:
    """The way to the screen before."""
    return Button("⬅ " + _("Back"), go)


def facts(material: Material) -> str:
    """Type, subject and stars in one line of plain text."""
    parts = [type_label(material.type), shorten(material.category.full_name, MAX_SUBJECT)]
    if material.rating_votes:
        votes = ngettext("%(num)s rating", "%(num)s ratings", material.rating_votes)
        parts += [f"★ {format_rating(material.rating_mean)}", str(votes)]
    return " · ".join(parts)


def item(number: int, material: Material, address: str = "") -> str:
    """A material in a list, in HTML."""
    address = address or site_address("materials.show", material_id=material.id)
    title = link(address, shorten(material.title, MAX_TITLE))
    return f"{number}. <b>{title}</b>\n{escape(facts(material))}"


def size_line(total: int, page: int, pages: int) -> str:
    """How many there are, and which page this is; plain text."""
    size = str(ngettext("%(num)s material", "%(num)s materials", total))
    if pages > 1:
        at = _("page %(page)s of %(pages)s", page=page, pages=pages)
        size = f"{size}, {at}"
    return size


def number_row(materials: Sequence[Material], here: str, first: int) -> tuple[Button, ...]:
    """A button for each material: its card, with the way back to the list `here`."""
    origin = write_origin(here)
    return tuple(
        Button(str(n), f"material:show:{each.id}:0:{origin}")
        for n, each in enumerate(materials, first)
    )


def pager(go: str, page: int, pages: int) -> tuple[Button, ...]:
    """To the pages before and after; `go` is the list without its page."""
    row = [Button("◀", f"{go}:{page - 1}")] if page > 1 else []
    return (*row, Button("▶", f"{go}:{page + 1}")) if page < pages else tuple(row)


def show_list(
    heading: str,
    materials: Sequence[Material],
    counts: tuple[int, int, int],
    go: str,
    more: Rows = (),
) -> Reply:
    """A list as a screen. `counts` are total, page, pages; `go` the list without its page."""
    total, page, pages = counts
    title = f"<b>{escape(shorten(heading, MAX_TITLE))}</b>"
    if not materials:
        nothing = escape(_("Nothing here yet"))
        return Reply(f"{title}\n\n{nothing}", more)
    first = (page - 1) * PER_PAGE + 1
    lines = [item(n, each) for n, each in enumerate(materials, first)]
    buttons = (number_row(materials, f"{go}:{page}", first), pager(go, page, pages), *more)
    head = f"{title}\n{escape(size_line(total, page, pages))}"
    return Reply("\n\n".join([head, *lines]), buttons)
