"""Frequent questions are answered once, as long as the answer is still true."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.assistant import cache, queue
from edu.assistant.answering import Draft
from edu.assistant.models import CachedAnswer, Question
from edu.extensions import change_rows, db, search_index, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.search.base import IndexUnavailable
from edu.search.indexing import rebuild_index
from jobs import assistant as jobs
from jobs.queue import find_queue
from tests.assistant.writing import Script, ask, draft, person
from tests.conftest import make_people
from tests.samples import make_material

TEXT = "Как подготовиться к экзамену?"


@pytest.fixture
def any_app(any_app: Flask) -> Flask:
    """With people, an index, and a queue of the assistant's that nobody works off."""
    make_people(any_app)
    with any_app.app_context():
        find_queue("assistant").immediate = False
        rebuild_index()
    return any_app


def answer(name: str, text: str, **more: Any) -> Question:
    """The row of a question that was answered."""
    number = ask(name, text, **more).id
    jobs.answer_next()
    return db.session.get_one(Question, number, populate_existing=True)


def test_the_same_question_is_answered_once(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        first = answer("alice", TEXT)
        second = answer("charlie", "  как ПОДГОТОВИТЬСЯ  к экзамену")
        assert (first.cached, second.cached) == (False, True)
        assert first.answer == second.answer != ""
        assert (second.status, second.engine, second.meaning) == (
            *("answered", "composer"),
            first.meaning,
        )
        assert queue.place_of(second).seconds is not None
    assert script.asked == [TEXT]


def test_ё_and_the_marks_at_the_end_make_no_difference() -> None:
    assert cache.normalise("Зачёт\nпо  матану?!") == cache.normalise("зачет по матану")
    assert cache.normalise("C++") != cache.normalise("C")


@pytest.mark.parametrize("text", ["лекции за ① семестр", "лекции за 1 ſеместр", "𝐥𝐢𝐦𝐢𝐭", "x²"])
def test_nobody_answers_for_others_by_letters_that_are_read_otherwise(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text)
    assert plain != text
    assert cache.normalise(text) != cache.normalise(plain)


@pytest.mark.parametrize("change", ["language", "index", "day", "model"])
def test_another_state_of_things_is_another_answer(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    with any_app.app_context():
        answer("alice", TEXT)
        if change == "language":
            person("alice").locale = "ru"
            db.session.commit()
        elif change == "index":
            rebuild_index()
        elif change == "day":
            later = utcnow() + timedelta(days=1)
            monkeypatch.setattr(cache, "utcnow", lambda: later)
        else:
            other = replace(any_app.extensions["edu.settings"], assistant_model="another")
            monkeypatch.setitem(any_app.extensions, "edu.settings", other)
        assert not answer("alice", TEXT).cached
    assert len(script.asked) == 2


def test_what_was_taken_off_the_site_is_recommended_no_more(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        number = make_material(person("maria").id).id
        cited = [{"material_id": number, "fit": "exact", "places": []}]
        script.answer = lambda *_: iter([draft(f"Read [{number}]", final=True, citations=cited)])
        answer("alice", TEXT)
        assert answer("charlie", TEXT).cached
        db.session.get_one(Material, number).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        script.answer = lambda *_: iter([draft("Nothing", final=True)])
        assert answer("maria", TEXT).answer == "Nothing"
        assert answer("alice", TEXT).answer == "Nothing"
    assert len(script.asked) == 2


def test_what_follows_in_a_conversation_is_nobody_elses(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        first = answer("alice", "Ряды?")
        assert not answer("alice", TEXT, conversation=first.conversation).cached
        assert not answer("charlie", TEXT).cached
        again = answer("alice", TEXT, conversation=first.conversation)
        assert not again.cached


def test_trouble_is_not_kept(any_app: Flask, script: Script) -> None:
    def broken(*_: object) -> Iterator[Draft]:
        yield from ()
        raise RuntimeError

    with any_app.app_context():
        script.answer = lambda *_: iter([draft("Found", final=True, error="engine_busy")])
        assert answer("alice", TEXT).error == "engine_busy"
        script.answer = broken
        number = answer("alice", TEXT).id
        script.answer = lambda *_: iter([draft("Half")])
        jobs.answer_next()
        assert db.session.scalar(select(func.count()).select_from(CachedAnswer)) == 0
        change_rows(db.update(Question).where(Question.id == number).values(attempts=3))
        script.answer = lambda *_: iter([draft("Plain", final=True)])
        jobs.answer_next()
        row = db.session.get_one(Question, number, populate_existing=True)
        assert (row.answer, row.error) == ("Plain", "interrupted")
        assert not answer("charlie", TEXT).cached


def test_only_so_many_are_kept(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    with any_app.app_context():
        for number in range(5):
            answer("alice", f"Question {number}")
        kept = db.session.scalars(select(CachedAnswer.answer)).all()
        assert sorted(kept) == [f"About Question {number}" for number in (2, 3, 4)]


def test_after_a_day_an_answer_is_old(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        answer("alice", TEXT)
        change_rows(db.update(CachedAnswer).values(created_at=utcnow() - cache.KEPT * 2))
        assert not answer("charlie", TEXT).cached
        assert answer("charlie", TEXT).cached


def test_without_an_index_nothing_is_looked_up(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> int:
        raise IndexUnavailable

    with any_app.app_context():
        monkeypatch.setattr(search_index(), "generation", silent, raising=False)
        assert not answer("alice", TEXT).cached
        assert not answer("alice", TEXT).cached
    assert len(script.asked) == 2
