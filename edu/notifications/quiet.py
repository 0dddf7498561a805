"""Quiet hours: when nothing that makes a sound is sent to a person, by their own clock.

They hold for Telegram. Letters make no sound, and the site speaks to who looks at it.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location
from flask_babel import gettext as _

from edu.accounts.models import User
from edu.errors import InvalidInput
from edu.extensions import db, insert_if_absent, utcnow
from edu.notifications.models import QuietHours
from edu.telegram_outbox.service import hasten

USUAL = (22, 8)
MINUTE = timedelta(minutes=1)
# Those of most readers stand above all others.
NEAR = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
    "Europe/Minsk",
    "Europe/Chisinau",
    "Asia/Tbilisi",
    "Asia/Yerevan",
    "Asia/Baku",
    "Asia/Almaty",
    "Asia/Tashkent",
    "Asia/Bishkek",
    "Asia/Dushanbe",
    "Asia/Ashgabat",
)


def get_quiet_hours(user: User) -> QuietHours | None:
    """The person's, None when they may be told at any hour."""
    kept = db.session.get(QuietHours, user.id)
    return None if kept is None or kept.start == kept.end else kept


def guess_timezone(user: User, locale: str) -> str:
    """What the person has chosen before, else the likeliest for who reads this language."""
    kept = db.session.get(QuietHours, user.id)
    if kept is not None:
        return kept.timezone
    return "Europe/Moscow" if locale == "ru" else "UTC"


def change_quiet_hours(user: User, on: bool, start: int, end: int, timezone: str) -> None:
    """What a form says: without `on` the rest counts for nothing. Raises InvalidInput."""
    if on:
        set_quiet_hours(user, start, end, timezone)
    else:
        end_quiet_hours(user)


def set_quiet_hours(user: User, start: int, end: int, timezone: str) -> None:
    """Nothing from `start` up to `end`, whole hours of that zone. Raises InvalidInput."""
    if timezone not in list_timezones():
        raise InvalidInput(_("There is no such time zone."))
    if start == end or not (0 <= start <= 23 and 0 <= end <= 23):
        raise InvalidInput(_("Choose two different hours."))
    _keep(user, start, end, timezone)


def end_quiet_hours(user: User) -> None:
    """The person may be told at any hour; the time zone is kept."""
    kept = db.session.get(QuietHours, user.id)
    if kept is not None:
        _keep(user, 0, 0, kept.timezone)


def _keep(user: User, start: int, end: int, timezone: str) -> None:
    values = {"start": start, "end": end, "timezone": timezone}
    if not insert_if_absent(QuietHours, user_id=user.id, **values):
        kept = db.session.get_one(QuietHours, user.id)
        kept.start, kept.end, kept.timezone = start, end, timezone
    db.session.flush()
    hasten(user.id)


def end_of_quiet(user: User, moment: datetime) -> datetime:
    """When the person may be told of something that has come to be known at `moment`."""
    kept = get_quiet_hours(user)
    return moment if kept is None else find_end(kept, moment)


def find_end(hours: QuietHours, moment: datetime) -> datetime:
    """The end of the quiet hours that hold at `moment`, else `moment`; aware, in UTC."""
    try:
        local = moment.astimezone(ZoneInfo(hours.timezone))
    except (KeyError, OSError):  # a zone that this machine's database does not have any more
        return moment
    if not _is_quiet(local.hour, hours.start, hours.end):
        return moment
    day = local.date() + timedelta(days=local.hour >= hours.end)
    # An hour that a change of the clocks leaves out is the one after it; of two the first counts.
    end = datetime.combine(day, time(hours.end), local.tzinfo).astimezone(moment.tzinfo)
    return max(end, moment)


def _is_quiet(hour: int, start: int, end: int) -> bool:
    return start <= hour < end if start < end else hour >= start or hour < end


# Time zones ------------------------------------------------------------------------------------


@functools.cache
def list_timezones() -> tuple[str, ...]:
    """All that may be chosen, the near ones first."""
    known = available_timezones()
    others = {name for name in get_global("zone_territories") if not name.startswith("Etc/")}
    return tuple(n for n in (*NEAR, "UTC", *sorted(others - {*NEAR})) if n in known)


def name_timezones(locale: str) -> dict[str, str]:
    """Time zones by their names for people: the city and the hours from UTC at present."""
    return _name_timezones(locale, utcnow().date())


@functools.lru_cache(maxsize=4)
def _name_timezones(locale: str, day: date) -> dict[str, str]:
    noon = datetime.combine(day, time(12))
    named = {name: _name(name, locale, noon) for name in list_timezones()}
    near, far = named.keys() & {*NEAR, "UTC"}, sorted(named, key=named.__getitem__)
    return {n: named[n] for n in (*named, *far) if n in near} | {n: named[n] for n in far}


def _name(timezone: str, locale: str, noon: datetime) -> str:
    city = get_timezone_location(timezone, locale=locale, return_city=True)
    minutes = int((noon.replace(tzinfo=ZoneInfo(timezone)).utcoffset() or timedelta()) / MINUTE)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    offset = f"{sign}{hours}" + (f":{rest:02}" if rest else "")
    return f"{city} (UTC{offset if minutes else ''})" if timezone != "UTC" else "UTC"


def name_timezone(timezone: str, locale: str) -> str:
    """One of them; the bare name of one that cannot be chosen any more."""
    return name_timezones(locale).get(timezone, timezone)
