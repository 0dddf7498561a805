"""Who looks on is not told that there is an answer; who has left is, with the answer itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from edu.api.security import issue_token
from edu.assistant import queue
from edu.assistant.looks import note_looks
from edu.assistant.models import Question
from edu.extensions import db, utcnow
from edu.notifications.models import Notification
from jobs import assistant as jobs
from tests.assistant.writing import Script, ask, draft, person
from tests.conftest import make_people, sign_in

HTMX = {"HX-Request": "true"}


def go_away() -> None:
    """The last look was a minute ago."""
    earlier = utcnow() - timedelta(minutes=1)
    db.session.execute(update(Question).values(seen_at=earlier))
    db.session.commit()


def unread() -> list[str]:
    """Occasions of what people were told of and have not read."""
    query = select(Notification.occasion).where(Notification.read_at.is_(None))
    return list(db.session.scalars(query))


def test_who_asks_sees_the_answer_come(app: Flask, people: dict[str, int], script: Script) -> None:
    with app.app_context():
        ask("alice", "Ряды")
        jobs.answer_next()
        assert unread() == []


def test_who_has_left_is_told_and_reads_it_by_looking(
    app: Flask, client: FlaskClient, people: dict[str, int], script: Script
) -> None:
    with app.app_context():
        question = ask("alice", "Ряды")
        number = question.id
        go_away()
        jobs.answer_next()
        assert unread() == [f"answer:{number}"]
    sign_in(client, "alice").get(f"/assistant/questions/{number}", headers=HTMX)
    with app.app_context():
        assert unread() == []


def test_a_program_that_asks_for_the_answer_looks(
    app: Flask, client: FlaskClient, people: dict[str, int], script: Script
) -> None:
    with app.app_context():
        number = ask("alice", "Ряды").id
        go_away()
        headers = {"Authorization": f"Bearer {issue_token(person('alice'))}"}
        assert client.get(f"/api/ai/assist/{number}", headers=headers).status_code == 200
        jobs.answer_next()
        assert unread() == []


def test_a_failure_is_told_too(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        number = ask("alice", "Ряды").id
        go_away()
        claim = queue.claim_question(number)
        assert claim is not None
        queue.fail(number, claim, "crashed")
        db.session.commit()
        assert db.session.scalars(select(Notification.kind)).all() == ["unanswered"]


def test_a_worker_that_dies_before_the_commit_tells_nobody(any_app: Flask, script: Script) -> None:
    make_people(any_app)
    with any_app.app_context():
        number = ask("alice", "Ряды").id
        go_away()
        claim = queue.claim_question(number)
        db.session.commit()
        assert claim is not None
        queue.finish(number, claim, draft("Готово", final=True))
        db.session.rollback()
        assert unread() == []
        queue.finish(number, claim, draft("Готово", final=True))
        db.session.commit()
        assert unread() == [f"answer:{number}"]


@pytest.mark.parametrize(("seconds", "noted"), [(5, False), (15, True)])
def test_looks_are_noted_now_and_then_only(
    app: Flask, people: dict[str, int], seconds: int, noted: bool
) -> None:
    with app.app_context():
        question = ask("alice", "Ряды")
        question.seen_at = utcnow() - timedelta(seconds=seconds)
        db.session.commit()
        assert note_looks(person("alice"), [question]) is noted
        assert note_looks(person("charlie"), [question]) is False
