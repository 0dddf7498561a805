"""Answers that nobody looked on for, and what waits for moderators: who is told, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from edu.accounts.models import ModeratedSubject, Role
from edu.assistant.models import Question, QuestionStatus
from edu.errors import InvalidInput
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import MaterialData
from edu.moderation.service import approve_material, return_to_review
from edu.notifications.choices import list_choices, topics_of
from edu.notifications.models import Delivery, Notification, Pace, Topic
from edu.notifications.service import (
    count_unread,
    list_notifications,
    read_notification,
    remove_old,
)
from edu.notifications.telling import notify_answer, notify_waiting
from edu.notifications.titles import MAX_QUESTION, page_url, shown_title
from edu.telegram_chats.models import TelegramWatch
from edu.tree.service import ensure_category
from edu.versions.service import edit_material
from jobs.notifications import deliver
from tests.conftest import make_people, make_user
from tests.notifications.followers import (
    answered,
    choose,
    letters_to,
    make_due,
    person,
    told,
)
from tests.samples import make_category, make_material

ANSWERED, FAILED = QuestionStatus.ANSWERED, QuestionStatus.FAILED


# Answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(ANSWERED, "answered"), (FAILED, "unanswered")])
def test_who_has_gone_away_is_told_of_the_end_once(
    any_app: Flask, status: QuestionStatus, kind: str
) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        question = answered(ids["alice"], status=status.value)
        assert notify_answer(question.id)
        assert not notify_answer(question.id)
        db.session.commit()
        assert told(ids["alice"]) == [f"answer:{question.id}"]
        (notification,) = list_notifications(person(ids["alice"]), 1).items
        assert (notification.kind, notification.material) == (kind, None)
        assert shown_title(notification) == "Что такое ряд?"
        assert page_url(notification) == (
            f"http://localhost/assistant/{question.conversation_id}#question-{question.id}"
        )
        deliver()
        assert letters_to(ids["alice"]) == []  # unless they ask for letters


def test_who_looks_on_is_not_told(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        seen = answered(people["alice"], seen_at=utcnow() - timedelta(seconds=5))
        stopped = answered(people["alice"], status=QuestionStatus.CANCELLED.value)
        shown = answered(people["alice"])
        db.session.add(TelegramWatch(question_id=shown.id, chat_id=7))
        blocked = answered(people["charlie"])
        person(people["charlie"]).blocked_at = utcnow()
        db.session.commit()
        assert not any(notify_answer(one.id) for one in (seen, stopped, shown, blocked))
        assert told(people["alice"]) == told(people["charlie"]) == []


def test_a_letter_of_an_answer_says_what_was_asked(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        choose(people["alice"], "instant", "answers")
        for status in (ANSWERED, FAILED):
            notify_answer(answered(people["alice"], "Чем <b>ряд</b>?", status=status.value).id)
        db.session.commit()
        deliver()
        good, bad = letters_to(people["alice"])
        assert good.subject == "The answer is ready: Чем <b>ряд</b>?"
        assert bad.subject.startswith("There is no answer")
        assert "/assistant/" in good.text
        assert "Чем &lt;b&gt;ряд&lt;/b&gt;?" in good.html


@pytest.mark.parametrize("change", ["seen", "deleted"])
def test_an_answer_that_was_seen_or_deleted_is_no_news(
    app: Flask, people: dict[str, int], change: str
) -> None:
    with app.app_context():
        choose(people["alice"], "daily", "answers")
        question = answered(people["alice"])
        notify_answer(question.id)
        db.session.commit()
        if change == "seen":
            question.seen_at = utcnow()
        else:
            db.session.delete(question)
        db.session.commit()
        make_due()
        deliver()
        assert letters_to(people["alice"]) == []
        assert len(told(people["alice"])) == (1 if change == "seen" else 0)


def test_a_long_question_is_shortened(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        for text in ("слово \n" * 200, "ы" * 900):
            notification = Notification(question=Question(text=text))
            title = shown_title(notification)
            assert "\n" not in title
            assert title.endswith("…")
            assert 2 < len(title) <= MAX_QUESTION


def said_of(material: Material, title: str) -> MaterialData:
    """The same with another title."""
    return MaterialData(title, "", [], material.type, material.category)


# What waits -----------------------------------------------------------------------------------


def waiting(uploader_id: int, **values: Any) -> Material:
    """A material that has just begun to wait; whoever reviews it is told."""
    material = make_material(uploader_id, MaterialStatus.PENDING, **values)
    notify_waiting(material)
    db.session.commit()
    return material


def reviewers(material: Material) -> list[int]:
    """Who is told that it waits."""
    query = select(Notification.user_id).where(Notification.topic == Topic.REVIEW.value)
    rows = db.session.scalars(query.where(Notification.material_id == material.id))
    return sorted(rows)


def test_moderators_of_the_subject_are_told_as_their_queue_has_it(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        matan = make_category()
        series = ensure_category("Ряды", matan, slug="ryady")
        physics = ensure_category("Физика", slug="fizika")
        inside, outside = make_user("inna", Role.MODERATOR), make_user("oleg", Role.MODERATOR)
        for one, subject in ((inside, matan), (outside, physics)):
            one.moderates_all = False
            one.moderated = [ModeratedSubject(category_id=subject.id)]
        admin = make_user("root", Role.ADMIN)
        make_user("gone", Role.MODERATOR).blocked_at = utcnow()
        db.session.commit()
        material = waiting(ids["alice"], category=series)
        assert reviewers(material) == sorted([ids["maria"], inside.id, admin.id])
        own = waiting(inside.id, category=series)
        assert inside.id not in reviewers(own)


def test_each_submission_is_told_of_once(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        material = waiting(ids["alice"])
        (first,) = told(ids["maria"])
        material.status = MaterialStatus.REJECTED.value
        db.session.commit()
        edit_material(person(ids["alice"]), material, said_of(material, "Лучше"))
        db.session.commit()
        (second,) = told(ids["maria"])  # that of the earlier submission has gone
        assert second != first
        edit_material(person(ids["alice"]), material, said_of(material, "Ещё лучше"))
        db.session.commit()
        assert told(ids["maria"]) == [second]


def test_who_sends_something_back_to_the_queue_is_not_told(
    app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        admin = make_user("root", Role.ADMIN)
        material = make_material(people["alice"])
        return_to_review(person(people["maria"]), material)
        assert reviewers(material) == [admin.id]


@pytest.mark.parametrize("change", ["", "decided", "retired", "elsewhere"])
def test_the_digest_has_what_still_waits_for_the_person(
    app: Flask, people: dict[str, int], change: str
) -> None:
    with app.app_context():
        material = waiting(people["alice"], title="Ряды <Фурье>")
        if change == "decided":
            approve_material(make_user("root", Role.ADMIN), material)
        elif change == "retired":
            person(people["maria"]).role = Role.USER.value
        elif change == "elsewhere":
            person(people["maria"]).moderates_all = False
        db.session.commit()
        assert letters_to(people["maria"]) == []
        make_due()
        deliver()
        letters = letters_to(people["maria"])
        assert len(letters) == (0 if change else 1)
        if letters:
            assert "Waits for review: Ряды <Фурье>" in letters[0].text
            assert "Ряды &lt;Фурье&gt;" in letters[0].html


def test_a_letter_of_its_own_names_the_material(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        choose(people["maria"], "instant", "review")
        material = waiting(people["alice"])
        deliver()
        (letter,) = letters_to(people["maria"])
        assert letter.subject == f"Waits for review: {material.title}"
        assert f"http://localhost/materials/{material.id}" in letter.text


def test_the_bell_leaves_it_to_the_queue(any_app: Flask) -> None:
    ids = make_people(any_app)
    with any_app.app_context():
        material = waiting(ids["alice"])
        maria = person(ids["maria"])
        for status in (MaterialStatus.PENDING, MaterialStatus.ACTIVE):
            material.status = status.value
            db.session.commit()
            assert count_unread(maria) == list_notifications(maria, 1).total == 0
        db.session.execute(update(Notification).values(created_at=utcnow() - timedelta(days=200)))
        assert remove_old() == 1
        assert db.session.scalars(select(Delivery)).all() == []


def test_only_who_reviews_can_choose_it(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        assert Topic.REVIEW not in topics_of(person(people["alice"]))
        assert list_choices(person(people["maria"]))[Topic.REVIEW, "email"] is Pace.DAILY
        with pytest.raises(InvalidInput):
            choose(people["alice"], "daily", "review")


def test_reading_an_answer_is_reading_its_notification(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        question = answered(people["alice"])
        notify_answer(question.id)
        db.session.commit()
        number = db.session.scalars(select(Notification.id)).one()
        assert read_notification(person(people["alice"]), number).question is question
