"""How materials, places and wishes are put into an answer, in the present language."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from edu.assistant.findings import Relaxation
from edu.assistant.planted import is_planted
from edu.catalog.service import type_label
from edu.materials.models import Material
from edu.search.hits import FoundPlace
from edu.site.context import format_duration

LONGEST = 120  # characters of what people have named
_BRACKETS = str.maketrans("[]*#", "()  ")
_KINDS = {"video": _l("video"), "pdf": "PDF", "docx": "DOCX"}
_LEVELS = {"basic": _l("for beginners"), "advanced": _l("advanced")}
MOST_PLACES = 3


def plain(text: str, longest: int = LONGEST) -> str:
    """What people have written, on one line, without the brackets of references."""
    line = "".join(c if c.isprintable() else " " for c in text).translate(_BRACKETS)
    line = " ".join(line.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def title_of(material: Material) -> str:
    """The title; one that gives orders is not repeated."""
    return plain(material.title) if not is_planted(material.title) else str(_("Material"))


def refer_to(material_id: int, kind: str = "", number: int = 0, last: int = 0) -> str:
    """A reference: `[12]`, `[12, p. 5]`, `[12, pp. 5–7]`, `[12, § 3]`, `[12, 12:30]`."""
    if kind == "page" and last > number:
        place = str(_("pp. %(first)d–%(last)d", first=number, last=last))
    elif kind == "page":
        place = str(_("p. %(number)d", number=number))
    elif kind == "section":
        place = f"§ {number}–{last}" if last > number else f"§ {number}"
    elif kind == "second":
        place = format_duration(number)
    else:
        return f"[{material_id}]"
    return f"[{material_id}, {place}]"


def refer_to_places(material_id: int, places: Sequence[FoundPlace]) -> str:
    """The places in their order in the material; neighbouring pages as one."""
    ordered = sorted(places[:MOST_PLACES], key=lambda place: place.number)
    spans: list[list[int]] = []
    for place in ordered:
        follows = spans and place.kind != "second" and place.number == spans[-1][1] + 1
        if follows:
            spans[-1][1] = place.number
        else:
            spans.append([place.number, place.number])
    kind = ordered[0].kind if ordered else ""
    return ", ".join(refer_to(material_id, kind, first, last) for first, last in spans)


def say_semester(semester: int | str) -> str:
    return str(_("semester %(number)s", number=semester))


def say_types(types: Sequence[str]) -> str:
    """«lecture, problem set»."""
    return ", ".join(type_label(name).lower() for name in types)


def say_kinds(kinds: Sequence[str]) -> str:
    return ", ".join(str(_KINDS.get(kind, kind)) for kind in kinds)


def say_level(level: str) -> str:
    return str(_LEVELS.get(level, level))


def say_relaxation(one: Relaxation) -> str:
    """What there is not, and what there is instead."""
    wished, there = ", ".join(map(plain, one.wished)), ", ".join(map(plain, one.there))
    if one.wish == "semester":
        if there:
            return str(
                _(
                    "There is nothing for semester %(wished)s, but there is for %(there)s.",
                    wished=wished,
                    there=there,
                )
            )
        return str(
            _("There is nothing marked as for semester %(wished)s; without it:", wished=wished)
        )
    if one.wish == "year":
        if there:
            return str(
                _(
                    "There is nothing for year %(wished)s of study, but there is for %(there)s.",
                    wished=wished,
                    there=there,
                )
            )
        return str(
            _("There is nothing marked as for year %(wished)s of study; without it:", wished=wished)
        )
    if one.wish in ("type", "kind"):
        say = say_types if one.wish == "type" else say_kinds
        return str(
            _(
                "There is none of this kind on it: %(wished)s. There is: %(there)s.",
                wished=say(one.wished),
                there=say(one.there),
            )
        )
    if one.wish == "level":
        level = say_level(one.wished[0])
        return str(_("Nothing here is marked «%(level)s»; judge by the pages.", level=level))
    return str(
        _(
            "There is nothing on it in «%(wished)s»; found in: %(there)s.",
            wished=wished,
            there=there,
        )
    )
