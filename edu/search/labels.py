"""Filters and what was understood, in the reader's language."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from edu.catalog.service import type_label
from edu.materials.service import year_label
from edu.search.understanding.understand import Change


def describe_change(change: Change) -> str:
    """What was understood, in words."""
    pair = {"said": change.said, "meant": change.meant}
    if change.kind == "layout":
        return str(_("Keyboard layout: %(said)s → %(meant)s", **pair))
    if change.kind == "translit":
        return str(_("Transliteration: %(said)s → %(meant)s", **pair))
    if change.kind == "spelling":
        return str(_("Spelling: %(said)s → %(meant)s", **pair))
    if change.kind == "alias":
        return str(_("Also searching: %(meant)s", **pair))
    return _describe_filter(change)


def _describe_filter(change: Change) -> str:
    if change.kind == "type":
        return str(_("Type: %(name)s", name=type_label(change.meant)))
    if change.kind == "kind":
        return str(_("File: %(name)s", name=kind_label(change.meant)))
    if change.kind == "semester":
        return semester_label(change.meant)
    if change.kind == "course":
        return str(_("Year of study %(number)s", number=change.meant))
    return str(_("Academic year: %(year)s", year=year_label(int(change.meant))))


def kind_label(kind: str) -> str:
    """The name of a kind of file."""
    return str(_("Video")) if kind == "video" else kind.upper()


def semester_label(semester: object) -> str:
    """A semester in words."""
    return str(_("Semester %(number)s", number=semester))


def rating_label(stars: float) -> str:
    """A least rating in words."""
    return str(_("%(value)s and more", value=f"{stars:g}"))


def within_label(within: str) -> str:
    """A time back from today in words."""
    labels = {"week": _("in a week"), "month": _("in a month"), "year": _("in a year")}
    return str(labels[within])


def since_label(day: date) -> str:
    """The first of some days in words."""
    return str(_("from %(day)s", day=_day(day)))


def until_label(day: date) -> str:
    """The last of some days in words."""
    return str(_("to %(day)s", day=_day(day)))


def _day(day: date) -> str:
    return str(format_date(day, "d MMMM yyyy" if str(get_locale()) == "ru" else "medium"))
