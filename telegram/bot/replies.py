"""What the bot says: plain functions over the services, which return plain data.

They run in a thread with an app context of their own (`compose`), and know nothing of Telegram's
library. Texts are Telegram's HTML; lengths are counted as Telegram does, in UTF-16 units.
"""

from __future__ import annotations

import html
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Flask, current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from edu.catalog.service import type_label
from edu.errors import EduError
from edu.extensions import settings
from edu.materials.models import Material
from edu.search.hits import FoundMaterial, FoundPlace
from edu.search.labels import describe_change
from edu.search.service import MAX_PAGE, Found, SearchInput, find_materials
from edu.search.service import MAX_QUERY as MAX_WORDS
from edu.site.context import format_duration, format_rating
from edu.site.preferences import LANGUAGES
from edu.site.settings import site_settings

log = logging.getLogger(__name__)

PER_PAGE = 5
# Five results with each part at its longest stay below the 4,096 units of a message.
MAX_TITLE, MAX_SUBJECT, MAX_SNIPPET, MAX_QUERY, MAX_UNDERSTOOD = 160, 160, 240, 120, 300


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message; `data` (64 bytes at most) comes back when it is pressed."""

    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A message: HTML, rows of buttons, and the address of a picture shown with it (or "")."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    media: str = ""


def compose(app: Flask, language_code: str | None, make: Callable[[], Reply]) -> Reply:
    """Call `make` in an app context, in the person's language; what goes wrong is a sentence."""
    with app.app_context(), force_locale(choose_language(language_code)):
        try:
            return make()
        except EduError as error:
            return Reply(_escape(str(error.message)))
        except Exception:  # people get a sentence and the number of the log line
            number = secrets.token_hex(4)
            log.exception("reply %s failed", number)
            return Reply(_escape(_sorry(number)))


def choose_language(language_code: str | None) -> str:
    """Russian for people whose Telegram is Russian (`ru`, `ru-RU`), else the site's language."""
    russian = (language_code or "").lower().split("-")[0] == "ru"
    return "ru" if russian and "ru" in LANGUAGES else site_settings().default_locale


def _sorry(number: str) -> str:
    return str(
        _(
            "This did not work. The error has been written to the log as %(number)s. "
            "Please try again in a minute.",
            number=number,
        )
    )


# Words ----------------------------------------------------------------------------------------


def greet() -> Reply:
    """What /start answers: what this is, and how to use it."""
    about = _(
        "%(site)s is a library of study materials: lectures, seminars, problem sets, textbooks. "
        "It searches inside the files and opens them on the right page.",
        site=site_settings().name,
    )
    return Reply(f"{_escape(about)}\n\n{explain().text}")


def explain() -> Reply:
    """What /help answers: how to search, and where the site is."""
    how = _(
        "Write what you are looking for, as you would say it: a topic, a theorem, a phrase from "
        "a lecture. A title in the answer opens the material at the place that was found."
    )
    more = _('Words in "quotes" are searched for as a phrase; a word with a minus is left out.')
    link = _link(settings().site_url, str(_("Open the site")))
    return Reply(f"{_escape(how)}\n\n{_escape(more)}\n\n{link}")


def forgotten() -> Reply:
    """What an old page button answers: plain text of 200 characters at most."""
    return Reply(str(_("I no longer remember this search. Please send it again.")))


# Search ---------------------------------------------------------------------------------------


def search(text: str, page: int, token: str) -> Reply:
    """One page of what strangers may find; `token` stands for the text in the page buttons.

    Raises Unavailable when the index cannot be read.
    """
    words = text.replace("\0", " ").strip()[:MAX_WORDS]
    wanted = SearchInput(text=words, page=min(max(page, 1), MAX_PAGE), per_page=PER_PAGE)
    if not wanted.text:
        return explain()
    found = find_materials(wanted)
    if found.page > found.pages:  # the library has shrunk since the button was made
        found = find_materials(replace(wanted, page=found.pages))
    if not found.items:
        return _nothing(wanted.text)
    first = (found.page - 1) * PER_PAGE + 1
    items = [_item(n, hit, found.marks) for n, hit in enumerate(found.items, first)]
    return Reply(
        "\n\n".join([_heading(wanted.text, found), *items]),
        _page_buttons(found, token),
        _picture(found.items[0].material),
    )


def _nothing(query: str) -> Reply:
    advice = _escape(_("Try fewer or other words, or look through the subjects."))
    subjects = _link(site_address("catalog.index"), str(_("Subjects")))
    return Reply(
        f"<b>{_escape(shorten(query, MAX_QUERY))}</b>: {_escape(_('Nothing found'))}\n\n"
        f"{advice}\n\n{subjects}"
    )


def _heading(query: str, found: Found) -> str:
    size = str(ngettext("%(num)s material", "%(num)s materials", found.total))
    if found.pages > 1:
        at = _("page %(page)s of %(pages)s", page=found.page, pages=found.pages)
        size = f"{size}, {at}"
    line = f"<b>{_escape(shorten(query, MAX_QUERY))}</b>: {_escape(size)}"
    understood = "; ".join(map(describe_change, found.understood.changes))
    return f"{line}\n{_escape(shorten(understood, MAX_UNDERSTOOD))}" if understood else line


def _item(number: int, hit: FoundMaterial, marks: str) -> str:
    place = hit.places[0] if hit.places else None
    title = _link(
        _place_address(hit.material, place, marks), shorten(hit.material.title, MAX_TITLE)
    )
    lines = [f"{number}. <b>{title}</b>", _escape(_facts(hit.material))]
    if place is not None:
        lines.append(f"<i>{_escape(_place_label(place))}</i> {_snippet(place.pieces)}")
    return "\n".join(lines)


def _facts(material: Material) -> str:
    facts = [type_label(material.type), shorten(material.category.full_name, MAX_SUBJECT)]
    if material.rating_votes:
        votes = ngettext("%(num)s rating", "%(num)s ratings", material.rating_votes)
        facts += [f"★ {format_rating(material.rating_mean)}", str(votes)]
    return " · ".join(facts)


def _place_label(place: FoundPlace) -> str:
    if place.kind == "page":
        return str(_("p. %(number)s", number=place.number))
    if place.kind == "second":
        return format_duration(place.number)
    return str(_("part %(number)s", number=place.number))


def _snippet(pieces: list[tuple[str, bool]]) -> str:
    shown, left = [], MAX_SNIPPET
    for text, matched in pieces:
        part = shorten(text, left)
        shown.append(f"<b>{_escape(part)}</b>" if matched else _escape(part))
        left -= _units(part)
        if left <= 0 or part != text:
            break
    return "".join(shown)


def _page_buttons(found: Found, token: str) -> tuple[tuple[Button, ...], ...]:
    row = []
    if found.page > 1:
        row.append(Button("◀", f"page:{found.page - 1}:{token}"))
    if found.page < found.pages:
        row.append(Button("▶", f"page:{found.page + 1}:{token}"))
    return (tuple(row),) if row else ()


# Addresses and text ---------------------------------------------------------------------------


def site_address(endpoint: str, anchor: str = "", **values: object) -> str:
    """The public address of a page of the site; needs an app context but no request."""
    path = current_app.url_map.bind("").build(endpoint, values)
    return f"{settings().site_url}{path}{'#' + anchor if anchor else ''}"


def _place_address(material: Material, place: FoundPlace | None, marks: str) -> str:
    if place is None:
        return site_address("materials.show", material_id=material.id)
    at = {"t" if place.kind == "second" else place.kind: place.number, "mark": marks}
    anchor = f"section-{place.number}" if place.kind == "section" else ""
    return site_address("materials.show", anchor, material_id=material.id, **at)


def _picture(material: Material) -> str:
    # Telegram fetches the picture itself, which it can do from a public site only.
    if not (settings().is_public and material.file.has_thumbnail):
        return ""
    return site_address("materials.thumbnail", material_id=material.id)


def shorten(text: str, limit: int) -> str:
    """`text` on one line, cut to `limit` UTF-16 units with an ellipsis at the cut."""
    text = text.replace("\n", " ")
    if _units(text) <= limit:
        return text
    cut = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return cut.rstrip() + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _escape(text: object) -> str:
    return html.escape(str(text))


def _link(address: str, text: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'
