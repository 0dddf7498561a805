"""From what is due to the outbox, once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.notifications import delivery
from edu.notifications.channels import CHANNELS
from edu.notifications.models import Delivery, Notification, Pace, Topic
from jobs.notifications import deliver
from tests.conftest import make_people, make_user
from tests.notifications.followers import choose, follow, letters_to, make_due, person, publish
from tests.samples import make_category, make_material


def count_waiting() -> int:
    waiting = select(func.count()).where(Delivery.done_at.is_(None))
    return db.session.scalar(waiting) or 0


def test_a_digest_holds_everything_of_a_day(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        follow(ids["alice"], category=make_category())
        titles = ["Ряды Фурье", "Пределы <и> не только", "Интегралы"]
        for title in titles:
            publish(ids["maria"], title=title)
        assert letters_to(ids["alice"]) == []
        make_due()
        deliver()
        deliver()
        (letter,) = letters_to(ids["alice"])
        assert "3" in letter.subject
        assert all(title in letter.text for title in titles)
        assert "Пределы &lt;и&gt; не только" in letter.html
        assert count_waiting() == 0


def test_there_is_one_digest_a_day_and_nothing_gets_lost(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        follow(ids["alice"], category=make_category())
        publish(ids["maria"], title="Первый")
        make_due()
        deliver()
        publish(ids["maria"], title="Второй")
        make_due()
        deliver()
        (letter,) = letters_to(ids["alice"])
        assert "Второй" not in letter.text
        (waiting,) = db.session.scalars(select(Delivery).where(Delivery.done_at.is_(None)))
        assert waiting.due_at > utcnow()
        letter.key = "digest:of yesterday"
        db.session.commit()
        make_due()
        deliver()
        assert "Второй" in letters_to(ids["alice"])[1].text


def test_a_long_digest_names_the_rest_by_number(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        follow(people["alice"], category=make_category())
        for number in range(51):
            make_material(people["maria"], title=f"Лекция {number}", content=b"%PDF-1.7")
        last = publish(people["maria"], title="Последняя")
        make_due()
        deliver()
        (letter,) = letters_to(people["alice"])
        assert "And 2 more" in letter.text
        assert "Лекция 49" in letter.text
        assert last.title not in letter.text


@pytest.mark.parametrize("change", ["off", "blocked", "unconfirmed", "archived"])
def test_what_is_not_wanted_any_more_is_dropped(
    app: Flask, people: dict[str, int], change: str
) -> None:
    with app.app_context():
        follow(people["alice"], category=make_category())
        material = publish(people["maria"])
        if change == "off":
            choose(people["alice"], "off")
        elif change == "blocked":
            person(people["alice"]).blocked_at = utcnow()
        elif change == "unconfirmed":
            person(people["alice"]).confirmed_at = None
        else:
            material.status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        make_due()
        deliver()
        assert letters_to(people["alice"]) == []
        assert count_waiting() == 0


def test_deliveries_are_taken_by_one_worker(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        follow(ids["alice"], category=make_category())
        choose(ids["alice"], "instant")
        publish(ids["maria"])
        assert len(letters_to(ids["alice"])) == 1
        # A second worker that had found the same person comes too late.
        delivery.deliver_to(ids["alice"], "email")
        db.session.commit()
        assert len(letters_to(ids["alice"])) == 1


def test_a_rollback_leaves_everything_due(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        follow(ids["alice"], category=make_category())
        publish(ids["maria"])
        make_due()
        delivery.deliver_to(ids["alice"], "email")
        db.session.rollback()
        assert letters_to(ids["alice"]) == []
        assert delivery.list_due() == [(ids["alice"], "email")]


class Pigeon:
    """Another channel, as one class."""

    name = "pigeon"
    label = "Pigeon"
    defaults: Mapping[Topic, Pace] = dict.fromkeys(Topic, Pace.INSTANT)

    def __init__(self) -> None:
        self.carried: list[tuple[str, int, bool]] = []

    def find_available(self, users: Sequence[User]) -> set[int]:
        return {user.id for user in users if user.name != "Charlie"}

    def send(self, user: User, notifications: Sequence[Notification], *, digest: bool) -> bool:
        if user.name == "Dora":
            raise RuntimeError("the pigeon is asleep")
        self.carried.append((user.name, len(notifications), digest))
        return True


def test_another_channel_is_one_class_and_its_trouble_is_its_own(
    app: Flask,
    people: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pigeon = Pigeon()
    monkeypatch.setitem(CHANNELS, "pigeon", pigeon)
    with app.app_context(), caplog.at_level(logging.ERROR):
        dora = make_user("dora").id
        for user_id in (dora, people["alice"], people["charlie"]):
            follow(user_id, category=make_category())
            choose(user_id, "instant")
        publish(people["maria"])
        assert pigeon.carried == [("Alice", 1, False)]
        assert [len(letters_to(number)) for number in (dora, people["charlie"])] == [1, 1]
        assert count_waiting() == 1  # Dora's pigeon, to be tried again
    assert "nothing could be delivered by pigeon" in caplog.text
