"""New materials: who is told, and that it happens once."""

from __future__ import annotations

import logging
import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.errors import Unavailable
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.notifications import announcing
from edu.notifications.models import Delivery, Notification
from edu.subscriptions import service as subscriptions
from edu.tree.service import ensure_category
from jobs.notifications import announce
from jobs.search import update_index
from tests.conftest import make_people, make_user
from tests.notifications.followers import choose, follow, letters_to, person, publish, told
from tests.samples import make_category, make_material


def test_followers_of_subject_ancestor_author_and_search_are_told_once(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        matan = make_category()
        series = ensure_category("Ряды", matan, slug="ryady")
        dora = make_user("dora").id
        follow(ids["alice"], category=series)
        follow(ids["alice"], category=matan)
        follow(ids["alice"], author=ids["maria"])
        follow(ids["charlie"], search="ряды Фурье")
        follow(dora, search="ряды Тейлора")
        material = publish(ids["maria"], category=series)
        occasion = f"material:{material.id}"
        assert told(ids["alice"]) == told(ids["charlie"]) == [occasion]
        assert told(dora) == []
        assert db.session.get_one(Material, material.id).announced_at is not None

        # Again, as a worker would that knows nothing of the first.
        material.announced_at = None
        db.session.commit()
        announce()
        assert told(ids["alice"]) == [occasion]
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 2


def test_uploader_blocked_and_deleted_people_are_left_out(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        for name in ids:
            follow(ids[name], category=make_category())
        person(ids["alice"]).blocked_at = utcnow()
        person(ids["charlie"]).deleted_at = utcnow()
        db.session.commit()
        publish(ids["maria"])
        assert db.session.scalar(select(func.count()).select_from(Notification)) == 0


def test_only_what_is_published_and_found_is_announced(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        follow(people["alice"], category=make_category())
        make_material(people["maria"], MaterialStatus.PENDING, title="Ещё не проверено")
        fresh = make_material(people["maria"])
        announce()  # the index has nothing of it yet
        assert told(people["alice"]) == []
        assert fresh.announced_at is None
        update_index()
        assert told(people["alice"]) == [f"material:{fresh.id}"]


def test_a_follower_hears_by_mail_at_the_chosen_pace(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        dora = make_user("dora").id
        for user_id, pace in (
            (people["alice"], "instant"),
            (people["charlie"], "daily"),
            (dora, "off"),
        ):
            follow(user_id, category=make_category())
            choose(user_id, pace)
        material = publish(people["maria"])
        (letter,) = letters_to(people["alice"])
        assert material.title in letter.subject
        assert f"http://localhost/materials/{material.id}" in letter.text
        assert letter.unsubscribe_url in letter.text
        assert letters_to(people["charlie"]) == letters_to(dora) == []
        (waiting,) = db.session.scalars(select(Delivery).where(Delivery.done_at.is_(None)))
        assert waiting.user_id == people["charlie"]
        assert (waiting.due_at.hour, waiting.due_at.minute) == (6, 0)
        assert told(dora) == [f"material:{material.id}"]


def test_a_stop_between_two_chunks_loses_and_doubles_nothing(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "CHUNK", 2)
    ids = make_people(any_app)
    with any_app.app_context():
        everybody = [make_user(f"student{number}").id for number in range(4)]
        for number in everybody:
            follow(number, category=make_category())
        material = make_material(ids["maria"])
        material.indexed_revision = 1
        db.session.commit()
        steps = announcing.announce_material(material.id)
        next(steps)
        db.session.commit()
        next(steps)
        db.session.rollback()  # the worker dies here
        assert [len(told(number)) for number in everybody] == [1, 1, 0, 0]
        assert announcing.list_unannounced() == [material.id]
        announce()
        assert [len(told(number)) for number in everybody] == [1, 1, 1, 1]
        assert announcing.list_unannounced() == []


def test_an_index_that_cannot_be_read_puts_it_off(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_target: str, _material: Material) -> bool:
        raise Unavailable

    with app.app_context():
        follow(people["alice"], search="ряды")
        with monkeypatch.context() as patch:
            patch.setattr(subscriptions, "_finds", broken)
            material = publish(people["maria"])
            assert told(people["alice"]) == []
        assert announcing.list_unannounced() == [material.id]
        announce()
        assert told(people["alice"]) == [f"material:{material.id}"]


def test_one_material_in_trouble_does_not_silence_the_others(
    app: Flask,
    people: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    honest = subscriptions.find_followers

    def sometimes(material: Material) -> dict[int, str]:
        if material.title == "Беда":
            raise ValueError("trouble")
        return honest(material)

    monkeypatch.setattr(announcing, "find_followers", sometimes)
    with app.app_context(), caplog.at_level(logging.ERROR):
        follow(people["alice"], category=make_category())
        make_material(people["maria"], title="Беда")
        good = publish(people["maria"], title="Ряды")
        assert told(people["alice"]) == [f"material:{good.id}"]
    assert "could not be announced" in caplog.text


def test_every_word_of_a_saved_search_has_to_be_there(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        follow(people["alice"], search="ряды -Фурье")
        follow(people["alice"], search="сходимость степенных рядов")
        publish(people["maria"], title="Ряды Фурье", text="О сходимости не сказано ничего")
        assert told(people["alice"]) == []
        publish(people["maria"], title="Степенные ряды", text="Радиус сходимости")
        assert len(told(people["alice"])) == 1


def test_workers_at_the_same_material_tell_each_follower_once(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "CHUNK", 5)
    ids = make_people(any_app)
    with any_app.app_context():
        everybody = [make_user(f"student{number}").id for number in range(16)]
        for number in everybody:
            follow(number, category=make_category())
            choose(number, "instant")
        for title in ("Ряды", "Пределы"):
            make_material(ids["maria"], title=title, indexed_revision=1)

    def work() -> None:
        with any_app.app_context():
            announce()

    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with any_app.app_context():
        announce()  # what a worker has put off because of another
        assert [len(told(number)) for number in everybody] == [2] * len(everybody)
        assert [len(letters_to(number)) for number in everybody] == [2] * len(everybody)
