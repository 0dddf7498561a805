"""What a calendar reads out of the file of a plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from icalendar import Calendar

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from tests.plans.conftest import Made


def read(alice: FlaskClient, plan: Made) -> list[Any]:
    """The events, in order."""
    response = alice.get(f"{plan.address}/calendar.ics")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in response.data.split(b"\r\n")), "a line is too long"
    return list(Calendar.from_ical(response.data).walk("VEVENT"))


def test_weeks_and_the_exam_are_events_over_their_days(alice: FlaskClient, plan: Made) -> None:
    events = read(alice, plan)
    week = timedelta(days=7)
    assert [(event["DTSTART"].dt, event["DTEND"].dt) for event in events] == [
        *((plan.today + n * week, plan.today + (n + 1) * week) for n in range(4)),
        (plan.today + 4 * week, plan.today + 4 * week + timedelta(days=1)),
    ]
    assert str(events[-1]["SUMMARY"]) == "Exam: Матан, к экзамену"


def test_an_event_says_what_to_read_and_where(alice: FlaskClient, plan: Made) -> None:
    second = read(alice, plan)[1]
    assert str(second["SUMMARY"]) == "Week 2: Ряды, «Фурье»; и \\ прочие"
    assert str(second["DESCRIPTION"]).splitlines() == [
        "☐ Ряды, «Фурье»; и \\ прочие — «Лекции», pp. 21–40, 1 h",
        f"http://localhost/materials/{plan.material_id}?page=21",
    ]
    assert str(second["URL"]) == f"http://localhost{plan.address}"
    assert str(second["TRANSP"]) == "TRANSPARENT"


def test_another_import_updates_the_same_events(alice: FlaskClient, plan: Made) -> None:
    before = read(alice, plan)
    first = plan.steps()[0]["id"]
    with plan.app.app_context():
        later = db.text("UPDATE plans SET created_at = '2026-01-01 00:00:00'")
        db.session.execute(later)
        db.session.commit()
    renewed = read(alice, plan)
    alice.post(f"{plan.address}/steps/{first}/tick", data={"done": "1"})
    after = read(alice, plan)
    assert len({str(event["UID"]) for event in after}) == len(after)
    assert [e["UID"] for e in renewed] == [e["UID"] for e in after]
    assert [e["UID"] for e in before] != [e["UID"] for e in after], "another plan with this id"
    assert all(b["SEQUENCE"] <= a["SEQUENCE"] for b, a in zip(renewed, after, strict=True))
    assert str(after[0]["DESCRIPTION"]).startswith("☑ Пределы")


def test_what_is_no_longer_published_is_not_named(alice: FlaskClient, plan: Made) -> None:
    with plan.app.app_context():
        material = db.session.get_one(Material, plan.material_id)
        material.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    text = str(read(alice, plan)[0]["DESCRIPTION"])
    assert text == "☐ Пределы — 1 h"


def test_the_file_has_the_name_of_the_plan(alice: FlaskClient, plan: Made) -> None:
    header = alice.get(f"{plan.address}/calendar.ics").headers["Content-Disposition"]
    assert header.startswith("attachment; filename=plan.ics; filename*=UTF-8''%D0%9C")
    assert header.endswith(".ics")
