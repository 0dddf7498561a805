"""Conversations, what their readers see and keep, and what is nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from edu.accounts.models import User
from edu.assistant import queue, service
from edu.assistant.findings import Fit
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import change_rows, db, utcnow
from edu.materials.models import Material, MaterialStatus
from tests.assistant.writing import ask, person
from tests.conftest import make_people
from tests.samples import make_material


@pytest.fixture
def any_app(any_app: Flask) -> Flask:
    make_people(any_app)
    return any_app


def answered(name: str, text: str, answer: str = "Done", **values: Any) -> Question:
    """A question with an answer."""
    question = ask(name, text)
    question.status, question.answer, question.answered_at = "answered", answer, utcnow()
    for key, value in values.items():
        setattr(question, key, value)
    db.session.commit()
    return question


def cite(number: int, fit: str = "exact") -> dict[str, Any]:
    return {
        "material_id": number,
        "fit": fit,
        "places": [{"kind": "page", "number": 2, "snippet": "…"}],
    }


def count(model: type[Any]) -> int:
    return db.session.query(model).count()


# Asking --------------------------------------------------------------------------------------


def test_a_conversation_has_an_end(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_TURNS", 2)
    with any_app.app_context():
        first = ask("alice", "a0")
        assert service.is_last(first)
        ask("alice", "a1", first.conversation)
        assert not service.is_last(first)
        with pytest.raises(Conflict) as caught:
            ask("alice", "a2", first.conversation)
        assert caught.value.code == "conversation_full"
        ask("alice", "a2")  # a new one


def test_numbers_that_no_row_can_have_are_nothing(any_app: Flask) -> None:
    with any_app.app_context():
        for number in (0, -1, -(10**30), 10**30):
            with pytest.raises(NotFound):
                service.get_question(person("alice"), number)


def test_errors_of_the_database_do_not_tell_what_was_asked(any_app: Flask) -> None:
    with any_app.app_context():
        question = ask("alice", "my secret")
        row = {"id": question.id, "user_id": question.user_id, "text": "my secret", "locale": "ru"}
        with pytest.raises(IntegrityError) as caught:
            db.session.execute(
                insert(Question).values(conversation_id=question.conversation_id, **row)
            )
        db.session.rollback()
    assert "secret" not in str(caught.value)


def test_the_first_question_is_the_title(any_app: Flask) -> None:
    with any_app.app_context():
        first = ask("alice", " Как\nподготовиться  к матану? ")
        assert first.text == "Как\nподготовиться  к матану?"
        assert first.conversation.title == "Как подготовиться к матану?"
        second = ask("alice", "А посложнее?", first.conversation)
        assert second.conversation_id == first.conversation_id
        assert first.conversation.title == "Как подготовиться к матану?"
        long = ask("alice", "слово " * 40).conversation.title
        assert len(long) <= service.MAX_TITLE
        assert long.endswith("слово…")
        assert ask("alice", "\u202e").conversation.title


@pytest.mark.parametrize("text", ["", "  \n", "x" * (service.MAX_QUESTION + 1)])
def test_what_is_no_question_is_refused(any_app: Flask, text: str) -> None:
    with any_app.app_context():
        with pytest.raises(InvalidInput) as refused:
            service.ask_question(person("alice"), text)
        assert refused.value.details == {"field": "query"}
        assert count(Question) == count(Conversation) == 0


def test_only_so_many_may_wait(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_WAITING", 2)
    with any_app.app_context():
        ask("alice", "1"), ask("alice", "2")
        assert queue.claim_next()
        with pytest.raises(Conflict) as refused:
            ask("alice", "3")
        assert refused.value.code == "too_many_questions"
        ask("charlie", "1")
        service.cancel_question(person("alice"), db.session.get_one(Question, 1))
        ask("alice", "3")


def test_old_questions_go_and_conversations_with_them(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "KEPT_QUESTIONS", 3)
    with any_app.app_context():
        waits = ask("alice", "waits").id
        old = answered("alice", "old")
        kept = service.save_answer(person("alice"), old).id
        theirs = answered("charlie", "theirs").id
        for number in range(3):
            answered("alice", str(number))
        texts = [one.text for one in db.session.query(Question).order_by(Question.id)]
        assert texts == ["waits", "theirs", "0", "1", "2"]
        assert count(Conversation) == 5
        assert db.session.get(Question, waits)
        assert db.session.get(Question, theirs)
        saved = db.session.get_one(SavedAnswer, kept, populate_existing=True)
        assert (saved.question_id, saved.answer) == (None, "Done")


# One's own -----------------------------------------------------------------------------------


def test_conversations_are_listed_by_their_last_question(any_app: Flask) -> None:
    with any_app.app_context():
        first, second = ask("alice", "first"), ask("alice", "second")
        ask("charlie", "theirs")
        later = utcnow() - timedelta(minutes=1)
        change_rows(db.update(Conversation).values(asked_at=later))
        db.session.expire_all()
        ask("alice", "again", first.conversation)
        found = service.list_conversations(person("alice"), 1)
        assert [one.id for one in found.items] == [first.conversation_id, second.conversation_id]
        assert service.list_conversations(person("alice"), 1, per_page=1).pages == 2
        questions = service.list_questions(person("alice"), first.conversation)
        assert [one.question.text for one in questions] == ["first", "again"]


def test_a_title_of_ones_own(any_app: Flask) -> None:
    with any_app.app_context():
        conversation = ask("alice", "first").conversation
        service.rename_conversation(person("alice"), conversation, " К\nэкзамену ")
        assert (conversation.title, conversation.named) == ("К экзамену", True)
        for title in ("", " \n", "x" * 121):
            with pytest.raises(InvalidInput):
                service.rename_conversation(person("alice"), conversation, title)


def test_a_deleted_conversation_is_gone_with_its_questions(any_app: Flask) -> None:
    with any_app.app_context():
        first, other = ask("alice", "first"), ask("alice", "other").id
        ask("alice", "second", first.conversation)
        service.delete_conversation(person("alice"), first.conversation)
        db.session.commit()
        assert [one.id for one in db.session.query(Question)] == [other]
        assert count(Conversation) == 1


ACTS: dict[str, Callable[[User, Question], object]] = {
    "read": lambda user, one: service.get_answer(user, one.id),
    "ask on": lambda user, one: service.ask_question(user, "And?", one.conversation),
    "open": lambda user, one: service.get_conversation(user, one.conversation_id),
    "list": lambda user, one: service.list_questions(user, one.conversation),
    "rename": lambda user, one: service.rename_conversation(user, one.conversation, "Mine"),
    "delete": lambda user, one: service.delete_conversation(user, one.conversation),
    "cancel": service.cancel_question,
    "judge": lambda user, one: service.give_opinion(user, one, 1),
    "save": service.save_answer,
    "read saved": lambda user, _one: service.get_saved_answer(user, 1),
    "forget": lambda user, _one: service.forget_saved_answer(user, 1),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_another_persons_is_not_there(any_app: Flask, act: str) -> None:
    with any_app.app_context():
        question = answered("alice", "mine")
        service.save_answer(person("alice"), question)
        db.session.commit()
        for name in ("charlie", "maria"):
            with pytest.raises(NotFound):
                ACTS[act](person(name), question)
        ACTS[act](person("alice"), question)


@pytest.mark.parametrize("number", [0, 77, 10**20])
def test_what_is_not_there_is_not_found(any_app: Flask, number: int) -> None:
    with any_app.app_context():
        alice = person("alice")
        for look in (service.get_answer, service.get_conversation, service.get_saved_answer):
            with pytest.raises(NotFound):
                look(alice, number)


# Reading -------------------------------------------------------------------------------------


def test_lines_about_what_was_taken_off_are_left_out(any_app: Flask) -> None:
    with any_app.app_context():
        stays, goes = (make_material(person("maria").id, title=t).id for t in ("a", "b"))
        text = (
            f"Two.\n— «a» [{stays}, с. 2]\n— «b» [{goes}, с. 3–5]\nSee [{goes}].\nYear [{goes}5]."
        )
        question = answered("alice", "q", text, citations=[cite(stays), cite(goes, "near")])
        whole = service.get_answer(person("alice"), question.id)
        assert (whole.text, whole.wait, whole.failure) == (text, None, "")
        assert [(one.material.id, one.fit) for one in whole.citations] == [
            (stays, Fit.EXACT),
            (goes, Fit.NEAR),
        ]
        assert whole.citations[0].places[0]["number"] == 2
        saved = service.save_answer(person("alice"), question).id
        db.session.get_one(Material, goes).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        left = f"Two.\n— «a» [{stays}, с. 2]\nYear [{goes}5]."
        for shown in (
            service.get_answer(person("alice"), question.id),
            service.get_saved_answer(person("alice"), saved),
            service.list_saved_answers(person("alice"), 1).items[0],
        ):
            assert shown.text == left
            assert [one.material.id for one in shown.citations] == [stays]


def test_answers_of_earlier_versions_are_readable(any_app: Flask) -> None:
    with any_app.app_context():
        number = make_material(person("maria").id).id
        old = [{"material_id": number, "places": []}]
        question = answered("alice", "q", f"[{number}]", citations=old)
        (cited,) = service.get_answer(person("alice"), question.id).citations
        assert cited.fit is Fit.EXACT


def test_a_question_that_waits_knows_its_place(any_app: Flask) -> None:
    with any_app.app_context():
        ask("charlie", "before")
        question = ask("alice", "q")
        wait = service.get_answer(person("alice"), question.id).wait
        assert wait == queue.Wait(1, None)
        queue.claim_next(), queue.claim_next()
        db.session.expire_all()
        assert service.get_answer(person("alice"), question.id).wait is None


# Cancelling, judging, keeping ----------------------------------------------------------------


def test_cancelling_ends_what_is_open_and_nothing_else(any_app: Flask) -> None:
    with any_app.app_context():
        waits, done = ask("alice", "waits"), answered("alice", "done")
        for question in (waits, done):
            service.cancel_question(person("alice"), question)
            service.cancel_question(person("alice"), question)
        assert (waits.status, done.status) == ("cancelled", "answered")
        assert waits.answered_at
        assert queue.claim_next() is None


def test_an_opinion_can_be_changed(any_app: Flask) -> None:
    with any_app.app_context():
        question, open_one = answered("alice", "q"), ask("alice", "open")
        for opinion in (1, -1, 0):
            service.give_opinion(person("alice"), question, opinion)
            assert question.opinion == opinion
        with pytest.raises(InvalidInput):
            service.give_opinion(person("alice"), question, 2)
        with pytest.raises(Conflict):
            service.give_opinion(person("alice"), open_one, 1)


def test_a_saved_answer_outlives_its_conversation(any_app: Flask) -> None:
    with any_app.app_context():
        alice, question = person("alice"), answered("alice", "Как сдать?", "Так.")
        saved = service.save_answer(alice, question)
        assert service.save_answer(alice, question).id == saved.id
        assert service.find_saved(alice, question) is saved
        assert (saved.title, saved.answer) == ("Как сдать?", "Так.")
        service.delete_conversation(alice, question.conversation)
        db.session.commit()
        (kept,) = service.list_saved_answers(alice, 1).items
        assert (kept.saved.question_id, kept.text) == (None, "Так.")
        service.forget_saved_answer(alice, kept.saved.id)
        assert service.list_saved_answers(alice, 1).total == 0


def test_only_answers_are_saved_and_only_so_many(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_SAVED", 1)
    with any_app.app_context():
        alice = person("alice")
        with pytest.raises(Conflict) as early:
            service.save_answer(alice, ask("alice", "open"))
        assert early.value.code == "not_answered"
        first = answered("alice", "1")
        kept = service.save_answer(alice, first)
        with pytest.raises(Conflict):
            service.save_answer(alice, answered("alice", "2"))
        assert service.save_answer(alice, first).id == kept.id
