"""What every template can use: the person's choices, formats."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, g
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    to_user_timezone,
)
from flask_babel import gettext as _

from edu.accounts.service import shown_name
from edu.assets import asset
from edu.catalog.models import MaterialType
from edu.catalog.service import type_label
from edu.htmx import wants_fragment
from edu.materials.service import can_upload, language_label, year_label
from edu.media.blocks import split_blocks
from edu.media.messages import refusal_message
from edu.moderation.service import count_pending
from edu.notifications.service import count_unread
from edu.permissions import Permission, may
from edu.reports.service import count_reported
from edu.site.preferences import LANGUAGES, chosen_theme
from edu.site.requests import current_person
from edu.site.settings import site_settings
from edu.site.settings_pages import settings_pages

if TYPE_CHECKING:
    from babel import Locale


def format_size(size: int) -> str:
    """Bytes as people read them: `1,6 МБ`. A MB is 1024 kB, as in the limit that admins set."""
    value, unit = float(size), _("B")
    for name in (_("kB"), _("MB"), _("GB")):
        if value < 1000:
            break
        value, unit = value / 1024, name
    return f"{format_decimal(round(value, 1 if value < 10 else 0))}\N{NO-BREAK SPACE}{unit}"


def format_number(number: float) -> str:
    """A number in the reader's spelling: `1 234`."""
    if isinstance(number, int) and 0 <= number < 1000:
        return str(number)  # alike in all our languages, and by far the most
    return str(format_decimal(number))


def format_duration(seconds: float) -> str:
    """Seconds as on a player: `1:23:45`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_rating(mean: float) -> str:
    """Stars with one decimal in the reader's spelling: `4,6`."""
    return _write_rating(round(mean, 1), get_locale())


@lru_cache(512)
def _write_rating(mean: float, _locale: Locale) -> str:
    return str(format_decimal(mean, "0.0"))


def format_day(moment: datetime) -> str:
    """The day of a moment in the reader's spelling."""
    return _write_day(to_user_timezone(moment).date(), get_locale())


@lru_cache(4096)
def _write_day(day: date, locale: Locale) -> str:
    return str(format_date(day, "d MMMM yyyy" if locale.language == "ru" else "medium"))


def format_moment(moment: datetime) -> str:
    """A moment to the minute, in UTC, in the reader's spelling."""
    return f"{format_datetime(moment, 'short')}\N{NO-BREAK SPACE}UTC"


def _pending_count() -> int:
    # Asked for by the header of every page, and by the queue page itself: once a request is enough.
    if "pending_count" not in g:
        g.pending_count = count_pending(current_person())
    return int(g.pending_count)


def _report_count() -> int:
    if "report_count" not in g:
        g.report_count = count_reported(current_person())
    return int(g.report_count)


def _unread_count() -> int:
    person = current_person()
    if "unread_count" not in g:
        g.unread_count = count_unread(person) if person else 0
    return int(g.unread_count)


def template_context() -> dict[str, Any]:
    """The variables of every template."""
    person = current_person()
    return {
        "site_name": site_settings().name,
        "announcement": site_settings().announcement,
        "theme": chosen_theme(),
        "locale": str(get_locale()),
        "languages": LANGUAGES,
        "wants_fragment": wants_fragment(),
        "pending_count": _pending_count() if may(person, Permission.REVIEW) else 0,
        "report_count": _report_count(),
        "unread_count": _unread_count(),
        "is_reviewer": may(person, Permission.REVIEW),
        "may_upload": can_upload(person),
        "may_administer": may(person, Permission.MANAGE_SITE),
    }


def register_template_helpers(app: Flask) -> None:
    """Filters, functions and variables of templates."""
    app.context_processor(template_context)
    app.jinja_env.filters.update(
        blocks=split_blocks,
        filesize=format_size,
        duration=format_duration,
        rating=format_rating,
        date=format_day,
        datetime=format_moment,
        number=format_number,
        person_name=shown_name,
        academic_year=year_label,
    )
    app.jinja_env.globals.update(
        asset=asset,
        settings_pages=settings_pages,
        type_label=type_label,
        language_label=language_label,
        material_types=[t.value for t in MaterialType],
        refusal_message=refusal_message,
    )
