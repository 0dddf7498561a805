"""Quiet hours: over midnight, in other zones, and when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.api.security import issue_token
from edu.errors import InvalidInput
from edu.extensions import db, utcnow
from edu.notifications import quiet
from edu.notifications.models import QuietHours
from tests.conftest import make_people, sign_in
from tests.notifications.chats import link, messages_to
from tests.notifications.followers import follow, person, publish
from tests.samples import make_category


def end(start: int, end: int, zone: str, moment: str) -> str:
    """When one who is not to be disturbed from `start` till `end` may be told; times in UTC."""
    hours = QuietHours(user_id=1, start=start, end=end, timezone=zone)
    found = quiet.find_end(hours, datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found.tzinfo is UTC
    return found.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-10 18:59", "2026-03-10 18:59"),  # 21:59 in Moscow
        ("2026-03-10 19:00", "2026-03-11 05:00"),
        ("2026-03-10 23:30", "2026-03-11 05:00"),
        ("2026-03-11 04:59", "2026-03-11 05:00"),
        ("2026-03-11 05:00", "2026-03-11 05:00"),
        ("2026-12-31 20:30", "2027-01-01 05:00"),
    ],
)
def test_hours_over_midnight(moment: str, until: str) -> None:
    assert end(22, 8, "Europe/Moscow", moment) == until


def test_hours_within_a_day() -> None:
    assert end(9, 17, "UTC", "2026-03-10 09:00") == "2026-03-10 17:00"
    assert end(9, 17, "UTC", "2026-03-10 08:59") == "2026-03-10 08:59"
    assert end(9, 17, "UTC", "2026-03-10 17:00") == "2026-03-10 17:00"


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_zones_that_are_no_whole_hours_off(zone: str) -> None:
    moment = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
    for _hour in range(24):
        moment += timedelta(hours=1)
        hours = QuietHours(user_id=1, start=22, end=8, timezone=zone)
        found = quiet.find_end(hours, moment).astimezone(ZoneInfo(zone))
        local = moment.astimezone(ZoneInfo(zone))
        is_quiet = local.hour >= 22 or local.hour < 8
        assert (found.hour, found.minute) == ((8, 0) if is_quiet else (local.hour, local.minute))


@pytest.mark.parametrize(
    ("ends", "moment", "until"),
    [
        # Berlin, 29 March 2026: after 01:59 comes 03:00 (01:00 UTC).
        (8, "2026-03-28 23:30", "2026-03-29 06:00"),
        (2, "2026-03-29 00:30", "2026-03-29 01:00"),  # an hour that is not there
        (3, "2026-03-29 00:59", "2026-03-29 01:00"),
        # 25 October 2026: 02:00 comes twice (00:00 and 01:00 UTC).
        (8, "2026-10-24 22:30", "2026-10-25 07:00"),
        (2, "2026-10-24 23:30", "2026-10-25 00:00"),  # the first of two
        (3, "2026-10-25 00:30", "2026-10-25 02:00"),
        (3, "2026-10-25 01:30", "2026-10-25 02:00"),  # in the second
    ],
)
def test_nights_when_the_clocks_change(ends: int, moment: str, until: str) -> None:
    assert end(22, ends, "Europe/Berlin", moment) == until


def test_a_zone_that_is_no_more_disturbs_nobody_and_breaks_nothing() -> None:
    assert end(22, 8, "Atlantis/Poseidonis", "2026-03-10 23:00") == "2026-03-10 23:00"


def test_they_are_kept_changed_and_given_up(any_app: Flask) -> None:
    alice = make_people(any_app)["alice"]
    with any_app.app_context():
        assert quiet.get_quiet_hours(person(alice)) is None
        assert quiet.guess_timezone(person(alice), "ru") == "Europe/Moscow"
        for start in (22, 23):
            quiet.set_quiet_hours(person(alice), start, 7, "Asia/Omsk")
            db.session.commit()
            kept = quiet.get_quiet_hours(person(alice))
            assert kept is not None
            assert (kept.start, kept.end, kept.timezone) == (start, 7, "Asia/Omsk")
        quiet.end_quiet_hours(person(alice))
        db.session.commit()
        assert quiet.get_quiet_hours(person(alice)) is None
        assert quiet.guess_timezone(person(alice), "ru") == "Asia/Omsk"


@pytest.mark.parametrize(
    ("start", "ends", "zone"),
    [(22, 22, "UTC"), (24, 8, "UTC"), (22, -1, "UTC"), (22, 8, "Mars/Olympus"), (22, 8, "")],
)
def test_nonsense_is_refused(
    app: Flask, people: dict[str, int], start: int, ends: int, zone: str
) -> None:
    with app.app_context(), pytest.raises(InvalidInput):
        quiet.set_quiet_hours(person(people["alice"]), start, ends, zone)


def test_they_move_what_goes_to_chats_and_no_letters(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        alice = people["alice"]
        link((alice, 5))
        follow(alice, category=make_category())
        hour = utcnow().hour
        quiet.set_quiet_hours(person(alice), hour, (hour + 2) % 24, "UTC")
        publish(people["maria"])
        (message,) = messages_to(alice)
        full = (utcnow() + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        assert message.due_at == full
        quiet.end_quiet_hours(person(alice))
        db.session.commit()
        (message,) = messages_to(alice)
        assert message.due_at <= utcnow()


def test_near_zones_stand_first_under_their_own_names(app: Flask) -> None:
    with app.app_context():
        names = quiet.name_timezones("ru")
        assert next(iter(names.values())) == "Калининград (UTC+2)"
        assert names["Europe/Moscow"] == "Москва (UTC+3)"
        assert quiet.name_timezones("en")["Asia/Kolkata"].endswith("(UTC+5:30)")
        assert "UTC−3" in names["America/Argentina/Buenos_Aires"]
        assert set(names) == set(quiet.list_timezones())
        assert quiet.name_timezone("Mars/Olympus", "ru") == "Mars/Olympus"


def test_the_page_keeps_them(client: FlaskClient, people: dict[str, int]) -> None:
    alice = sign_in(client, "alice")
    page = alice.get("/me/notification-settings").text
    assert "Quiet hours" in page
    form = {"on": "1", "start": "23", "end": "7", "timezone": "Asia/Omsk"}
    assert alice.post("/me/quiet-hours", data=form).status_code == 303
    page = alice.get("/me/notification-settings").text
    assert '<option value="Asia/Omsk" selected>' in page
    assert '<option value="23" selected>23:00' in page
    assert 'name="on" value="1" checked' in page
    assert alice.post("/me/quiet-hours", data=form | {"end": "x"}).status_code == 422
    assert alice.post("/me/quiet-hours", data=form | {"timezone": "Nowhere"}).status_code == 422
    assert alice.post("/me/quiet-hours", data={"timezone": "Asia/Omsk"}).status_code == 303
    assert 'name="on" value="1" checked' not in alice.get("/me/notification-settings").text


def test_a_program_keeps_them(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    with app.app_context():
        token = issue_token(person(people["alice"]))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    address = "/api/users/me/quiet-hours"
    usual = {"on": False, "start": 22, "end": 8, "timezone": "UTC"}
    assert client.get(address).get_json() == usual
    chosen = {"on": True, "start": 0, "end": 9, "timezone": "Asia/Tokyo"}
    assert client.put(address, json=chosen).get_json() == chosen
    assert client.get(address).get_json() == chosen
    for nonsense in ({"start": 24}, {"end": 0}, {"timezone": "Nowhere"}):
        assert client.put(address, json=chosen | nonsense).status_code == 422
    off = client.put(address, json={"on": False}).get_json()
    assert off == usual | {"timezone": "Asia/Tokyo"}
