"""Whose turn it is, and that no question is lost, answered twice or left for ever."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from edu.assistant import queue, service
from edu.assistant.answering import Draft
from edu.assistant.engines.base import Features
from edu.assistant.engines.broken import BrokenEngine
from edu.assistant.engines.errors import ModelMissing
from edu.assistant.models import Question
from edu.claims import ClaimLost, new_claim, this_host
from edu.errors import Unavailable
from edu.extensions import change_rows, db, utcnow
from jobs import assistant as jobs
from jobs.queue import Queue, find_queue, list_waiting
from tests.assistant.writing import Script, ask, draft, person, state
from tests.conftest import MakeApp, make_people


@pytest.fixture
def any_app(any_app: Flask) -> Flask:
    """With people, and a queue of the assistant's that nobody works off."""
    make_people(any_app)
    with any_app.app_context():
        find_queue("assistant").immediate = False
    return any_app


def work(most: int = 100) -> int:
    """Answer what waits; how many there were."""
    done = 0
    while done < most and queue.count_waiting():
        jobs.answer_next()
        done += 1
    return done


# Whose turn it is ----------------------------------------------------------------------------


def test_many_questions_of_one_person_hold_nobody_up(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        for number in range(4):
            ask("alice", f"a{number}")
        for number in range(2):
            ask("charlie", f"c{number}")
        ask("maria", "m0")
        assert work() == 7
    assert script.asked == ["a0", "c0", "m0", "a1", "c1", "a2", "a3"]


def test_who_is_being_answered_goes_behind(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        ask("alice", "a0")
        assert queue.claim_next()
        second, other = ask("alice", "a1"), ask("charlie", "c0")
        assert queue.list_order() == [other.id, second.id]


def test_what_was_answered_long_ago_does_not_count(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        first = ask("alice", "a0")
        work()
        early, late = ask("alice", "a1"), ask("charlie", "c0")
        assert queue.list_order() == [early.id, late.id]
        # As if both had waited since before the first was begun.
        changed = db.update(Question).where(Question.id.in_([early.id, late.id]))
        change_rows(changed.values(created_at=utcnow() - queue.RUSH * 3))
        assert queue.list_order() == [late.id, early.id]
        begun = db.update(Question).where(Question.id == first.id)
        change_rows(begun.values(started_at=utcnow() - queue.RUSH * 2))
        assert queue.list_order() == [early.id, late.id]


def test_the_places_fall_to_the_first(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        names = ("alice", "charlie", "maria")
        asked = [ask(name, f"{name}{number}") for number in range(2) for name in names]
        places: dict[int, list[int]] = {one.id: [] for one in asked}
        while queue.count_waiting():
            for number in queue.list_order():
                question = db.session.get_one(Question, number)
                places[number].append(queue.place_of(question).ahead)
            jobs.answer_next()
        for n, one in enumerate(asked):
            assert places[one.id] == list(range(n, -1, -1))


def test_the_wait_is_told_by_the_last_answers(make_app: MakeApp) -> None:
    app = make_app(ASSISTANT_WORKERS="2")
    make_people(app)
    with app.app_context():
        done = [ask("alice", "before") for _n in range(3)]
        for question, seconds in zip(done, (10, 30, 500), strict=True):
            question.status, question.started_at = "answered", utcnow()
            question.answered_at = question.started_at + timedelta(seconds=seconds)
        db.session.commit()
        ask("alice", "first"), ask("alice", "second")
        last = ask("alice", "third")
        assert queue.place_of(last) == queue.Wait(2, 30)
        wait = service.get_answer(person("alice"), last.id).wait
        assert wait == queue.Wait(2, 30)


def test_the_queue_is_read_once_for_a_whole_conversation(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        first = ask("alice", "first")
        for number in range(4):
            ask("alice", f"a{number}", first.conversation)
        read: list[int] = []
        order = queue._read_order

        def read_order() -> list[tuple[int, int]]:
            read.append(1)
            return order()

        monkeypatch.setattr(queue, "_read_order", read_order)
        answers = service.list_questions(person("alice"), first.conversation)
    assert [one.wait and one.wait.ahead for one in answers] == [0, 1, 2, 3, 4]
    assert len(read) == 1


def test_who_was_blocked_is_answered_no_more(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        number, other = ask("charlie", "spam").id, ask("alice", "a0").id
        person("charlie").blocked_at = utcnow()
        db.session.commit()
        work()
        assert state(number) == ("cancelled", 1, "")
        assert state(other)[0] == "answered"
    assert script.asked == ["a0"]


def test_a_question_that_is_deleted_as_it_is_taken_holds_nobody_up(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_app.app_context():
        first, other = ask("alice", "a0"), ask("charlie", "c0").id
        claim = queue.claim_next

        def lose() -> tuple[int, str] | None:
            taken = claim()
            if taken and taken[0] == number:
                service.delete_conversation(person("alice"), first.conversation)
            return taken

        number = first.id
        monkeypatch.setattr(queue, "claim_next", lose)
        jobs.answer_next()
        assert list_waiting(jobs.answer_next)  # the one after it follows
        jobs.answer_next()
        assert state(other)[0] == "answered"


def test_before_the_first_answer_nobody_knows_how_long(any_app: Flask) -> None:
    with any_app.app_context():
        assert queue.place_of(ask("alice", "first")) == queue.Wait(0, None)
        assert queue.claim_next()
        assert queue.place_of(ask("charlie", "second")) == queue.Wait(1, None)


def test_questions_of_one_conversation_are_answered_in_turn(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        first = ask("alice", "first")
        second = ask("alice", "second", first.conversation)
        other = ask("alice", "other")
        assert queue.claim_question(second.id) is None
        taken = queue.claim_next()
        assert taken
        assert taken[0] == first.id
        follower = queue.claim_next()
        assert follower
        assert follower[0] == other.id
        assert queue.claim_next() is None
        queue.finish(*taken, draft("done", final=True))
        db.session.commit()
        jobs.answer_next()
        assert state(second.id)[0] == "answered"
    assert script.histories == [["first"]]


def test_of_many_workers_each_question_gets_one(any_app: Flask) -> None:
    with any_app.app_context():
        for number in range(12):
            ask(("alice", "charlie", "maria")[number % 3], str(number))
    taken: list[int] = []
    start = threading.Barrier(4)

    def take() -> None:
        with any_app.app_context():
            start.wait()
            while (one := queue.claim_next()) is not None:
                db.session.commit()
                taken.append(one[0])
            db.session.commit()

    threads = [threading.Thread(target=take) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 12


# Answering -----------------------------------------------------------------------------------


def test_an_answer_grows_in_its_row(any_app: Flask, script: Script) -> None:
    seen: list[tuple[str, str]] = []

    def look(question: Question, _cancelled: object) -> Iterator[Draft]:
        places = [{"kind": "page", "number": 2, "snippet": "…"}]
        citations = [{"material_id": 1, "fit": "exact", "places": places}]
        for text in ("Half", "Half of it"):
            yield draft(text, citations=citations, engine="llamacpp", prompt="ru-1")
            row = db.session.get_one(Question, question.id, populate_existing=True)
            seen.append((row.status, row.answer))
            assert row.heartbeat_at
        yield draft("All of it", final=True, citations=citations, engine="llamacpp", removed=1)

    script.answer = look
    with any_app.app_context():
        number = ask("alice", "Почему?").id
        jobs.answer_next()
        row = db.session.get_one(Question, number, populate_existing=True)
        assert seen == [("answering", "Half"), ("answering", "Half of it")]
        assert (row.status, row.answer, row.removed) == ("answered", "All of it", 1)
        assert (row.engine, row.meaning["words"], row.error) == ("llamacpp", "ряды", "")
        assert (row.claim, row.heartbeat_at, row.attempts) == ("", None, 1)
        assert row.started_at
        assert row.answered_at
        assert row.citations[0]["material_id"] == 1


def test_a_message_for_nothing_harms_nobody(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        jobs.answer_next()
        number = ask("alice", "once").id
        jobs.answer_next()
        jobs.answer_next()
        assert state(number) == ("answered", 1, "")
    assert script.asked == ["once"]


def test_the_next_question_follows_by_itself(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        ask("alice", "a"), ask("charlie", "c")
        waiting: Queue = find_queue("assistant")
        assert waiting.check() == 0
        jobs.answer_next()
        assert waiting.check() == 1
        jobs.answer_next()
        assert queue.count_waiting() == 0


def test_a_cancelled_answer_ends_where_it_is(any_app: Flask, script: Script) -> None:
    def go_on(question: Question, cancelled: Callable[[], bool]) -> Iterator[Draft]:
        yield draft("Half")
        service.cancel_question(question.user, question)
        db.session.commit()
        waiting = threading.Event()
        for _look in range(1000):
            if cancelled():
                return
            waiting.wait(0.02)

    script.answer = go_on
    with any_app.app_context():
        number = ask("alice", "long").id
        jobs.answer_next()
        row = db.session.get_one(Question, number, populate_existing=True)
        assert (row.status, row.answer, row.claim) == ("cancelled", "Half", "")
        assert row.answered_at
        assert queue.list_order() == []


def test_a_draft_after_the_cancelling_is_not_kept(any_app: Flask, script: Script) -> None:
    went_on: list[str] = []

    def deaf(question: Question, _cancelled: object) -> Iterator[Draft]:
        yield draft("Half")
        service.cancel_question(question.user, question)
        db.session.commit()
        yield draft("More")
        went_on.append("on")

    script.answer = deaf
    with any_app.app_context():
        number = ask("alice", "long").id
        jobs.answer_next()
        assert db.session.get_one(Question, number, populate_existing=True).answer == "Half"
    assert not went_on


def test_a_question_deleted_while_it_is_answered(any_app: Flask, script: Script) -> None:
    def go(question: Question, _cancelled: object) -> Iterator[Draft]:
        yield draft("Half")
        service.delete_conversation(question.user, question.conversation)
        db.session.commit()
        yield draft("All", final=True)

    script.answer = go
    with any_app.app_context():
        number = ask("alice", "gone").id
        other = ask("charlie", "stays").id
        jobs.answer_next()
        assert db.session.get(Question, number) is None
        script.answer = lambda *_: iter([draft("All", final=True)])
        jobs.answer_next()
        assert state(other)[0] == "answered"


def test_a_heart_beats_while_the_model_loads(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BEAT_EVERY_S", 0.02)
    beats: list[object] = []

    def load(_settings: object) -> None:
        row = db.session.scalars(db.select(Question)).one()
        first, waiting = row.heartbeat_at, threading.Event()
        db.session.commit()
        for _look in range(500):
            waiting.wait(0.02)
            now = db.session.get_one(Question, row.id, populate_existing=True).heartbeat_at
            db.session.commit()
            if now != first:
                beats.append(now)
                return

    monkeypatch.setattr(jobs, "get_engine", load)
    with any_app.app_context():
        ask("alice", "slowly")
        jobs.answer_next()
    assert beats
    assert not jobs.Heart.in_hand


def test_a_model_that_hangs_loses_its_question(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BEAT_EVERY_S", 0.02)
    monkeypatch.setattr(jobs, "LOADING_S", -10_000)

    def hang(_question: Question, cancelled: Callable[[], bool]) -> Iterator[Draft]:
        waiting = threading.Event()
        while not cancelled():
            waiting.wait(0.02)
        yield from ()

    script.answer = hang
    with any_app.app_context():
        number = ask("alice", "slowly").id
        jobs.answer_next()
        assert state(number)[0] == "answering"  # its silence frees it
        change_rows(db.update(Question).values(heartbeat_at=utcnow() - timedelta(hours=1)))
        assert queue.recover() == 1
        assert state(number)[0] == "waiting"


# What goes wrong -----------------------------------------------------------------------------


def break_down(*_: object) -> Iterator[Draft]:
    yield draft("Half")
    raise RuntimeError("a bug")


def test_attempts_that_break_down_end_without_the_model(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = BrokenEngine(ModelMissing("never asked here"))
    monkeypatch.setattr(jobs, "get_engine", lambda _settings: engine)
    with any_app.app_context():
        number = ask("alice", "hard").id
        script.answer = break_down
        states = []
        for _n in range(3):
            jobs.answer_next()
            states.append(state(number))
        assert states == [("waiting", n, "") for n in (1, 2, 3)]
        assert db.session.get_one(Question, number, populate_existing=True).answer == ""
        script.answer = lambda *_: iter([draft("Found", final=True)])
        jobs.answer_next()
        assert state(number) == ("answered", 4, "interrupted")
    assert script.engines == [engine, engine, engine, None]


def test_what_always_breaks_down_ends_with_a_sentence(any_app: Flask, script: Script) -> None:
    script.answer = break_down
    with any_app.app_context():
        number = ask("alice", "hard").id
        assert work() == 4
        assert state(number) == ("failed", 4, "crashed")
        answer = service.get_answer(person("alice"), number)
        assert (answer.text, answer.failure[:16]) == ("", "Something failed")


def test_attempts_that_took_the_worker_down_count(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        number = ask("alice", "deadly").id
        for _n in range(4):
            assert queue.claim_next()
            change_rows(db.update(Question).values(claim=f"{this_host()}:{2**22 + 1}:x"))
            assert queue.recover() == 1  # the process is gone
            db.session.commit()
        jobs.answer_next()
        assert state(number) == ("failed", 5, "interrupted")
        assert service.get_answer(person("alice"), number).failure
    assert script.asked == []


def test_an_answer_without_an_end_is_no_answer(any_app: Flask, script: Script) -> None:
    script.answer = lambda *_: iter([draft("Half")])
    with any_app.app_context():
        number = ask("alice", "hm").id
        jobs.answer_next()
        assert state(number) == ("waiting", 1, "")


def test_a_silent_index_costs_no_attempt_but_not_for_ever(any_app: Flask, script: Script) -> None:
    def silent(*_: object) -> Iterator[Draft]:
        yield from ()
        raise Unavailable

    script.answer = silent
    with any_app.app_context():
        number = ask("alice", "hm").id
        for _n in range(5):
            jobs.answer_next()
        assert state(number) == ("waiting", 0, "")
        assert find_queue("assistant").check() == 0  # the reconciler asks again
        change_rows(db.update(Question).values(created_at=utcnow() - queue.PATIENCE * 2))
        jobs.answer_next()
        assert state(number) == ("failed", 1, "unavailable")
        assert "search" in service.get_answer(person("alice"), number).failure


def test_an_engine_that_cannot_be_had_says_so_when_it_is_asked(
    any_app: Flask, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_settings: object) -> None:
        raise ModelMissing("no such file")

    monkeypatch.setattr(jobs, "get_engine", missing)
    with any_app.app_context():
        ask("alice", "hm")
        jobs.answer_next()
        (engine,) = script.engines
        assert engine
        assert isinstance(engine.features, Features)
        with pytest.raises(ModelMissing):
            list(engine.generate([], max_tokens=10))


# Claims of the dead --------------------------------------------------------------------------


def in_hand(name: str, claim: str, *, silent_s: int = 0) -> int:
    """A question that some process answers, half written."""
    question = ask(name, "in hand")
    assert queue.claim_question(question.id)
    values = {"claim": claim, "answer": "Half", "heartbeat_at": utcnow()}
    values["heartbeat_at"] = utcnow() - timedelta(seconds=silent_s)
    change_rows(db.update(Question).where(Question.id == question.id).values(**values))
    db.session.commit()
    return question.id


def test_the_reconciler_frees_what_the_dead_have_left(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        dead = in_hand("alice", f"{this_host()}:{2**22 + 1}:x")
        silent = in_hand("charlie", f"elsewhere:{os.getpid()}:x", silent_s=3600)
        alive = in_hand("maria", new_claim())
        jobs.attend_questions()
        assert [state(n)[0] for n in (dead, silent, alive)] == ["waiting", "waiting", "answering"]
        row = db.session.get_one(Question, dead)
        assert (row.answer, row.attempts, row.started_at) == ("", 1, None)
        assert find_queue("assistant").check() == 2
        jobs.attend_questions()
        assert find_queue("assistant").check() == 2
        work()
        assert [state(n)[:2] for n in (dead, silent)] == [("answered", 2)] * 2


def test_a_worker_that_was_taken_for_dead_has_lost(any_app: Flask, script: Script) -> None:
    with any_app.app_context():
        number, claim = ask("alice", "in hand").id, None
        claim = queue.claim_question(number)
        assert claim
        change_rows(db.update(Question).values(heartbeat_at=utcnow() - timedelta(hours=1)))
        queue.recover()
        with pytest.raises(ClaimLost):
            queue.keep_draft(number, claim, draft("late"))
        with pytest.raises(ClaimLost):
            queue.finish(number, claim, draft("late", final=True))


def test_a_worker_that_stops_gives_back_without_a_lost_attempt(
    any_app: Flask, script: Script
) -> None:
    with any_app.app_context():
        mine, other = in_hand("alice", new_claim()), in_hand("charlie", "elsewhere:1:x")
        assert queue.give_back_claims() == 1
        assert state(mine) == ("waiting", 0, "")
        assert state(other)[0] == "answering"
        row = db.session.get_one(Question, mine, populate_existing=True)
        assert (row.answer, row.claim, row.heartbeat_at) == ("", "", None)


def test_a_reconciler_before_the_first_migration(make_app: MakeApp, tmp_path: object) -> None:
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    with app.app_context():
        jobs.attend_questions()
