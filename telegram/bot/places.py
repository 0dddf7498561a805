"""Places that a search has found: their names, addresses and sentences."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.texts import escape, shorten, site_address, units
from edu.materials.models import Material
from edu.search.hits import FoundPlace
from edu.site.context import format_duration

MAX_SNIPPET = 240


def place_label(place: FoundPlace) -> str:
    """A page, part or moment in words."""
    if place.kind == "page":
        return str(_("p. %(number)s", number=place.number))
    if place.kind == "second":
        return format_duration(place.number)
    return str(_("part %(number)s", number=place.number))


def place_address(material: Material, place: FoundPlace | None, marks: str = "") -> str:
    """Where the site shows the material, at the place."""
    if place is None:
        return site_address("materials.show", material_id=material.id)
    at: dict[str, object] = {"t" if place.kind == "second" else place.kind: place.number}
    at |= {"mark": marks} if marks else {}
    anchor = f"section-{place.number}" if place.kind == "section" else ""
    return site_address("materials.show", anchor, material_id=material.id, **at)


def place_line(place: FoundPlace) -> str:
    """The place and the sentence around the words, in HTML."""
    return f"<i>{escape(place_label(place))}</i> {snippet(place.pieces)}".rstrip()


def snippet(pieces: list[tuple[str, bool]]) -> str:
    """The sentence with the words that match in bold."""
    shown, left = [], MAX_SNIPPET
    for text, matched in pieces:
        part = shorten(text, left)
        shown.append(f"<b>{escape(part)}</b>" if matched else escape(part))
        left -= units(part)
        if left <= 0 or part != text:
            break
    return "".join(shown)
