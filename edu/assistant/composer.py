"""An answer in sentences out of what was found, without a language model.

What materials say is never read as an instruction: an answer names and quotes them, leaves out what
reads like an order, and keeps square brackets for references alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from edu.assistant.findings import Findings, Fit, Recommended
from edu.assistant.jailbreaks import is_jailbreak
from edu.assistant.meaning import Intent, Meaning
from edu.assistant.planted import is_planted
from edu.assistant.sentences import choose_sentences
from edu.assistant.wording import (
    plain,
    refer_to,
    refer_to_places,
    say_kinds,
    say_level,
    say_relaxation,
    say_semester,
    say_types,
    title_of,
)
from edu.catalog.models import Category
from edu.catalog.service import type_label
from edu.extensions import db, utcnow
from edu.search.hits import FoundPlace
from edu.site.context import format_rating

LONGEST_HEADING = 80


def compose(meaning: Meaning, findings: Findings) -> str:
    """The whole answer in the present language; each material on a line of its own."""
    if not findings.covers:
        return "\n".join(_not_here(meaning, findings))
    if meaning.intent is Intent.PLAN and findings.materials:
        plan = _plan(meaning, findings)
        if plan:
            return "\n".join([*map(say_relaxation, findings.relaxed), plan])
    return "\n".join(
        [
            *_opening(meaning, findings),
            *_explanation(meaning, findings),
            *_materials(findings.materials),
        ]
    )


def compose_more(findings: Findings, cited: Collection[int], wanted: int) -> str:
    """The lines to put under an answer that names fewer materials than were asked for; "" if it
    names enough, or there are no others.
    """
    known = {one.found.material.id for one in findings.materials}
    room = wanted - len(known & set(cited))
    fitting = [one for one in findings.materials if one.fit is not Fit.SUBJECT]
    more = [one for one in fitting if one.found.material.id not in cited]
    if room <= 0 or not more or not findings.covers:
        return ""
    return "\n".join([str(_("Also in the library:")), *map(_line, more[:room])])


# Not in the library ----------------------------------------------------------------------------


def _not_here(meaning: Meaning, findings: Findings) -> Iterable[str]:
    asked = _asked(meaning)
    if asked and not is_jailbreak(meaning.words):
        yield str(_("There is nothing on this in the library: %(what)s.", what=asked))
    else:
        yield str(_("There is nothing on this in the library."))
    near = [one for one in findings.materials if one.fit is not Fit.SUBJECT]
    subject = [one for one in findings.materials if one.fit is Fit.SUBJECT]
    if near:
        yield str(_("Something near to it, but not the same:"))
        yield from map(_line, near)
    if subject:
        yield str(_("On other questions of the subject:"))
        yield from map(_line, subject)
    yield str(_("You can ask other people for the material: «Request a material»."))


# Opening ---------------------------------------------------------------------------------------


def _opening(meaning: Meaning, findings: Findings) -> Iterable[str]:
    """What was understood, so that a person sees where it went wrong; and what was given up."""
    if not findings.materials:
        yield str(_("There are no materials in the library yet."))
        return
    if meaning.asks_nothing:
        yield str(_("Name a subject or a topic, and I will find what the library has on it."))
        yield str(_("For a beginning, what its readers rate best:"))
        return
    asked = _asked(meaning)
    if meaning.more:
        yield str(_("More on the same: %(what)s.", what=asked))
    elif meaning.about:
        yield str(_("About this material:"))
    elif findings.relaxed and all(one.fit is not Fit.EXACT for one in findings.materials):
        yield str(_("Nothing in the library fits exactly: %(what)s.", what=asked))
    else:
        yield str(_("Found in the library: %(what)s.", what=asked))
    yield from map(say_relaxation, findings.relaxed)
    if 0 < len(findings.materials) < meaning.count:
        yield str(
            ngettext(
                "There is only %(num)d such material.",
                "There are only %(num)d such materials.",
                len(findings.materials),
            )
        )


def _asked(meaning: Meaning) -> str:
    category = db.session.get(Category, meaning.category_id) if meaning.category_id else None
    parts = [
        say_types(meaning.types),
        say_kinds(meaning.kinds),
        f"«{plain(meaning.words)}»" if meaning.words else "",
        plain(category.full_name) if category else "",
        _when(meaning),
        say_level(meaning.level) if meaning.level else "",
    ]
    return ", ".join(filter(None, parts))


def _when(meaning: Meaning) -> str:
    if meaning.year is not None and len(meaning.semesters) != 1:
        return str(_("year %(number)d of study", number=meaning.year))
    return say_semester(", ".join(map(str, meaning.semesters))) if meaning.semesters else ""


# Explanation -----------------------------------------------------------------------------------


def _explanation(meaning: Meaning, findings: Findings) -> Iterable[str]:
    if meaning.intent is not Intent.EXPLAIN:
        return
    words = meaning.words or _asked(meaning)
    exact = {one.found.material.id for one in findings.materials if one.fit is Fit.EXACT}
    best = [piece for piece in findings.passages if piece.material_id in exact]
    sentences = choose_sentences(words, best or findings.passages)
    if not sentences:
        return
    yield str(_("What the materials say:"))
    for one in sentences:
        piece = one.passage
        place = refer_to(piece.material_id, piece.kind, piece.number, piece.last)
        if piece.kind == "second":
            place = refer_to(piece.material_id, piece.kind, piece.number)
        yield f"— «{plain(one.text, 320)}» {place}"


# Materials -------------------------------------------------------------------------------------


def _materials(materials: Sequence[Recommended]) -> Iterable[str]:
    for fit in Fit:
        group = [one for one in materials if one.fit is fit]
        if group and fit is not Fit.EXACT and len(group) < len(materials):
            yield _heading(fit)
        elif group:
            yield str(ngettext("Material:", "Materials:", len(group)))
        yield from map(_line, group)


def _heading(fit: Fit) -> str:
    if fit is Fit.NEAR:
        return str(_("Also on it, of another kind, semester or subject:"))
    return str(_("On other questions of the subject:"))


def _line(one: Recommended) -> str:
    """«Title» [ID]: what it is, and where to open it."""
    material, places = one.found.material, one.found.places
    facts = [type_label(material.type).lower()]
    if material.semester:
        facts.append(say_semester(material.semester))
    if material.rating_votes:
        facts.append(str(_("rated %(stars)s", stars=format_rating(material.rating_mean))))
    line = f"— «{title_of(material)}» {refer_to(material.id)}: {', '.join(facts)}"
    if not places:
        return line
    heading = _heading_of(places[0])
    where = refer_to_places(material.id, places)
    return f"{line}; «{heading}» — {where}" if heading else f"{line}; {where}"


def _heading_of(place: FoundPlace) -> str:
    """The heading at the place, unless it is a mark of the program that wrote the file."""
    heading = plain(place.heading, LONGEST_HEADING)
    reads = sum(c.isalpha() or c.isspace() for c in heading) > len(heading) / 2
    return heading if reads and "_" not in heading and not is_planted(heading) else ""


# Plan ------------------------------------------------------------------------------------------


def _plan(meaning: Meaning, findings: Findings) -> str:
    from edu.plans.drafting import describe_plan, draft_plan  # plans are made of answers, too

    return describe_plan(draft_plan(meaning, findings, utcnow().date()))
