"""An answer in sentences out of what was found, without a language model.

What materials say is never read as an instruction: of a material the text names title, kind and
page numbers only, and square brackets belong to the [ID]s alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from edu.assistant.retrieval import Fit, Recommended
from edu.assistant.understanding import Understood
from edu.catalog.service import type_label
from edu.search.hits import FoundPlace
from edu.site.context import format_duration

LONGEST = 120
_BRACKETS = str.maketrans("[]", "()")


def compose(wanted: Understood, chosen: Sequence[Recommended]) -> str:
    """The answer, in the present language; each material on a line of its own."""
    parts = [_opening(wanted, chosen)]
    for fit in Fit:
        group = [one for one in chosen if one.fit is fit]
        if group and fit is not Fit.EXACT:
            parts.append(_heading(fit, wanted))
        parts += [_line(one) for one in group]
    if chosen:
        parts.append(_("This list was put together from a search of the library."))
    return "\n".join(parts)


def plain(text: str) -> str:
    """What people have named, on one line, without the brackets of citations."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    short = line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
    return short.translate(_BRACKETS)


def _opening(wanted: Understood, chosen: Sequence[Recommended]) -> str:
    asked = _asked(wanted)
    if any(one.fit is Fit.EXACT for one in chosen):
        return str(_("Found in the library: %(what)s.", what=asked))
    if not chosen:
        return str(_("There are no materials in the library yet."))
    return str(_("Nothing in the library fits exactly: %(what)s.", what=asked))


def _asked(wanted: Understood) -> str:
    """What was understood, so that a person sees where it went wrong."""
    kind = type_label(wanted.type).lower() if wanted.type else ""
    words = f"«{plain(wanted.words)}»" if wanted.words else ""
    place = plain(wanted.category.full_name) if wanted.category else ""
    return ", ".join(filter(None, (kind, words, place)))


def _heading(fit: Fit, wanted: Understood) -> str:
    if fit is Fit.NEAR:
        return str(_("On the same words, but of another kind or in another subject:"))
    if fit is Fit.SUBJECT and wanted.category is not None:
        subject = plain(wanted.category.trail[0].name)
        return str(_("On other questions of the subject «%(name)s»:", name=subject))
    return str(_("On other topics, well rated by readers:"))


def _line(one: Recommended) -> str:
    material = one.found.material
    facts = [type_label(material.type).lower(), _places(one.found.places)]
    return f"— «{plain(material.title)}» [{material.id}], {', '.join(filter(None, facts))}"


def _places(places: Sequence[FoundPlace]) -> str:
    if not places:
        return ""
    ordered = sorted(place.number for place in places)
    if places[0].kind == "second":
        return str(_("from %(times)s", times=", ".join(map(format_duration, ordered))))
    numbers = ", ".join(map(str, ordered))
    if places[0].kind == "page":
        return str(ngettext("page %(numbers)s", "pages %(numbers)s", len(places), numbers=numbers))
    return str(
        ngettext("section %(numbers)s", "sections %(numbers)s", len(places), numbers=numbers)
    )
