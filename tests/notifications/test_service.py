"""Decisions, what is read and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.errors import InvalidInput, NotFound
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.notifications import service, timing
from edu.notifications.models import Delivery, Notification, Pace
from edu.notifications.titles import shown_title
from edu.notifications.unsubscribing import read_link, unsubscribe_url
from jobs.notifications import deliver, forget_notifications
from tests.conftest import make_people
from tests.notifications.followers import choose, follow, letters_to, person, publish, told
from tests.samples import make_category, make_material


def test_the_uploader_is_told_of_each_decision(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        material = make_material(ids["alice"], MaterialStatus.REJECTED, moderator_id=ids["maria"])
        for day in (1, 2):
            material.moderated_at = datetime(2026, 3, day, tzinfo=UTC)
            service.notify_decision(material, "rejected", "Нет второй страницы")
            service.notify_decision(material, "rejected", "Нет второй страницы")
        service.notify_decision(material, "failed")
        service.notify_decision(material, "failed")
        db.session.commit()
        kinds = [occasion.partition(":")[0] for occasion in told(ids["alice"])]
        assert kinds == ["rejected", "rejected", "failed", "failed"]
        assert told(ids["maria"]) == []
        deliver()
        letters = letters_to(ids["alice"])
        assert len(letters) == 4
        assert "Нет второй страницы" in letters[0].text
        assert "Нет второй страницы" in letters[0].html


def test_nobody_is_told_of_their_own_decision(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material = make_material(people["maria"], moderator_id=people["maria"])
        service.notify_decision(material, "approved")
        assert told(people["maria"]) == []
        with pytest.raises(ValueError, match="no decision"):
            service.notify_decision(material, "praised")


def test_unread_ones_are_counted_and_read(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        alice = person(ids["alice"])
        follow(alice.id, category=make_category())
        first, second = (publish(ids["maria"], title=title) for title in ("Раз", "Два"))
        assert service.count_unread(alice) == 2
        page = service.list_notifications(alice, 1)
        assert [shown_title(item) for item in page.items] == ["Два", "Раз"]
        service.read_notification(alice, page.items[0].id)
        assert service.count_unread(alice) == 1
        assert service.list_notifications(alice, 1, unread=True).total == 1
        first.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        assert service.count_unread(alice) == 0
        assert service.list_notifications(alice, 1).total == 1
        with pytest.raises(NotFound):
            service.read_notification(person(ids["charlie"]), page.items[0].id)
        with pytest.raises(NotFound):
            service.read_notification(alice, 2**40)
        assert service.read_all(alice) == 1
        assert second.title == "Два"


def test_what_was_read_long_ago_is_forgotten(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        follow(ids["alice"], category=make_category())
        for title in ("Старый", "Старый, не читан", "Новый"):
            publish(ids["maria"], title=title)
        old, unread, new = db.session.scalars(select(Notification).order_by(Notification.id))
        old.created_at = unread.created_at = utcnow() - timedelta(days=181)
        old.read_at = new.read_at = utcnow()
        db.session.commit()
        kept = {unread.id, new.id}
        forget_notifications()
        assert set(db.session.scalars(select(Notification.id))) == kept
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 2


def test_a_reused_id_does_not_silence_a_letter(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        follow(people["alice"], category=make_category())
        choose(people["alice"], "instant")
        publish(people["maria"], title="Раз")
        gone = db.session.scalars(select(Notification)).one()
        number = gone.id
        (letter,) = letters_to(people["alice"])
        gone.created_at -= timedelta(days=200)
        letter.key = f"n:{number}:{int(gone.created_at.timestamp())}"
        db.session.delete(gone)
        db.session.commit()
        publish(people["maria"], title="Два")
        assert db.session.scalars(select(Notification.id)).one() == number  # given out anew
        assert len(letters_to(people["alice"])) == 2


@pytest.mark.parametrize(
    ("now", "digest", "day"),
    [
        ("2026-03-01T05:59:59", "2026-03-01T06:00:00", "2026-02-28"),
        ("2026-03-01T06:00:00", "2026-03-02T06:00:00", "2026-03-01"),
        ("2026-03-01T23:30:00", "2026-03-02T06:00:00", "2026-03-01"),
    ],
)
def test_digests_have_an_hour_and_a_day(
    app: Flask, monkeypatch: pytest.MonkeyPatch, now: str, digest: str, day: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    monkeypatch.setattr(timing, "utcnow", lambda: moment)
    with app.app_context():
        assert timing.next_digest() == datetime.fromisoformat(digest).replace(tzinfo=UTC)
        assert timing.due_at(Pace.INSTANT) == moment
        assert str(timing.digest_day()) == day


def test_choices_are_checked(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        with pytest.raises(InvalidInput):
            choose(people["alice"], "hourly")
        with pytest.raises(InvalidInput):
            choose(people["alice"], "off", topic="weather")
        with pytest.raises(NotFound):
            choose(people["alice"], "off", channel="pigeon")
        person(people["alice"]).confirmed_at = None
        with pytest.raises(NotFound):
            choose(people["alice"], "off")


def test_a_link_names_one_person_and_cannot_be_made_up(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        link = unsubscribe_url(person(people["alice"]), "email", None)
        token = link.rpartition("/")[2]
        assert read_link(token)[0] == people["alice"]
        for forged in (token[:-1], f"{token}x", "x", "W10.x"):
            with pytest.raises(NotFound):
                read_link(forged)
