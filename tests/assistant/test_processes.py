"""Real processes, killed while they answer; and twenty people who ask at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from edu.accounts import service as accounts
from edu.accounts.models import User
from edu.api.security import issue_token
from edu.assistant.models import Question
from edu.assistant.queue import places_of
from edu.assistant.service import ask_question
from edu.extensions import db
from edu.search.indexing import rebuild_index
from edu.tree.service import ensure_category
from jobs.assistant import answer_next
from tests.assistant.conftest import add
from tests.assistant.standin import run_slow_model
from tests.product import (
    Product,
    descendants,
    is_alive,
    is_listening,
    kill_hard,
    make_product,
    show_logs,
    wait_until,
)

pytestmark = pytest.mark.processes
PEOPLE = 20


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    show_logs(item, report)
    return report


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """An installation whose model takes a second for an answer; nothing runs yet."""
    with run_slow_model(sentences=10, pause_s=0.1) as model:
        limits = {"HEARTBEAT_TIMEOUT_S": "5", "ASSISTANT_WAIT_S": "60"}
        with make_product(tmp_path, **model, **limits) as made:
            made.prepare()
            with made.app.app_context():
                maria = db.session.scalars(select(User.id).where(User.name == "Maria")).one()
                subject = ensure_category("Математический анализ")
                signs = (f"Числовой ряд, признак {number}." for number in range(PEOPLE))
                add(maria, "Числовые ряды", subject, " ".join(signs))
                rebuild_index()
            yield made


def count_statuses() -> dict[str, int]:
    """How many questions stand where."""
    query = select(Question.status, func.count()).group_by(Question.status)
    return {row[0]: row[1] for row in db.session.execute(query)}


def half_written() -> int:
    """How many answers are being written and have a beginning."""
    writing = (Question.status == "answering", Question.answer != "")
    return db.session.scalar(select(func.count()).where(*writing)) or 0


def kill_in_the_middle(product: Product, worker: subprocess.Popen[bytes], answered: int) -> None:
    """SIGKILL while answers are written, after so many."""
    wait_until(
        lambda: (
            product.ask(count_statuses).get("answered", 0) >= answered
            and product.ask(half_written) > 0
        ),
        60,
        f"{answered} answers, and others begun",
    )
    kill_hard(worker)
    assert product.ask(count_statuses)["answering"] > 0


def test_a_worker_killed_twice_while_it_answers_loses_nothing(product: Product) -> None:
    with product.app.app_context():
        people = db.session.scalars(select(User).order_by(User.id)).all()
        for number in range(10):
            ask_question(people[number % 3], f"Лекция: числовой ряд, признак {number}?")
        db.session.commit()
        answer_next.enqueue()
    kill_in_the_middle(product, product.start_assistant(), 1)
    kill_in_the_middle(product, product.start_assistant(), 5)
    worker = product.start_assistant()
    wait_until(lambda: product.ask(count_statuses) == {"answered": 10}, 60, "all are answered")
    with product.app.app_context():
        rows = db.session.scalars(select(Question).order_by(Question.id)).all()
        assert {row.error for row in rows} == {""}
        assert all(row.answer and row.claim == "" for row in rows)
        assert max(row.attempts for row in rows) > 1
        attempts = {row.id: row.attempts for row in rows}

        # A stop costs no attempt: what is in hand goes back.
        last = ask_question(rows[0].user, "Что такое числовой ряд?")
        db.session.commit()
        answer_next.enqueue()
        assert last.id not in attempts
    wait_until(lambda: product.ask(half_written) == 1, 30, "the last one is being answered")
    worker.terminate()
    assert worker.wait(20) == 0
    assert "Traceback" not in product.read_log("assistant")
    (status, tried) = product.ask(state_of_last)
    assert (status, tried) in {("waiting", 0), ("answered", 1)}


def state_of_last() -> tuple[str, int]:
    """Status and attempts of the question that was asked last."""
    row = db.session.scalars(select(Question).order_by(Question.id.desc())).first()
    assert row
    return row.status, row.attempts


# Twenty people -------------------------------------------------------------------------------


def make_tokens() -> list[str]:
    """Tokens of so many people with accounts."""
    made = [
        accounts.create_user(f"student{n}@example.org", "correct horse battery", f"Student {n}")
        for n in range(PEOPLE)
    ]
    db.session.commit()
    return [issue_token(person) for person in made]


def ask_over_http(product: Product, token: str, text: str, *, wait: bool = False) -> dict[str, Any]:
    """POST /api/ai/assist; raises on anything but success."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if not wait:
        headers["Prefer"] = "respond-async"
    body = json.dumps({"query": text}).encode()
    request = urllib.request.Request(f"{product.url}/api/ai/assist", body, headers)
    with urllib.request.urlopen(request, timeout=90) as answer:
        return dict(json.load(answer))


def read_places() -> dict[int, int]:
    """How many are before each question that waits."""
    waiting = select(Question).where(Question.status == "waiting")
    waits = places_of(list(db.session.scalars(waiting)))
    return {number: wait.ahead for number, wait in waits.items()}


def test_twenty_people_ask_at_once_and_the_server_is_killed_meanwhile(product: Product) -> None:
    tokens, web = product.ask(make_tokens), product.start_web()
    # One of them asks and asks, before anybody else.
    for number in range(5):
        ask_over_http(product, tokens[0], f"Лекция: числовой ряд, признак {number}?")
    with ThreadPoolExecutor(PEOPLE) as pool:
        texts = [f"Числовые ряды, признак {number}?" for number in range(PEOPLE)]
        asked = list(pool.map(ask_over_http, [product] * PEOPLE, tokens, texts))
        assert {one["status"] for one in asked} == {"waiting"}
        waiter = pool.submit(
            ask_over_http, product, tokens[1], "Лекция о числовых рядах?", wait=True
        )
        wait_until(lambda: product.ask(count_all) == PEOPLE + 6, 30, "the last question")
        product.start_assistant()

        places: list[dict[int, int]] = [product.ask(read_places)]
        assert sorted(places[0].values()) == list(range(PEOPLE + 6))
        wait_until(lambda: product.ask(half_written) > 0, 30, "the first answer is begun")
        below = descendants(web.pid)
        kill_hard(web)
        for pid in filter(is_alive, below):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_listening(product.port), 10, "the port is free again")
        product.start_web()

        def look() -> bool:
            places.append(product.ask(read_places))
            return not places[-1]

        wait_until(look, 60, "nobody waits any more")
        assert waiter.exception(30) is not None  # whose server is gone has to ask anew
    for before, after in itertools.pairwise(places):
        assert all(after[number] <= before[number] for number in after)
    wait_until(
        lambda: product.ask(count_statuses) == {"answered": PEOPLE + 6}, 60, "all are answered"
    )
    with product.app.app_context():
        rows = db.session.scalars(select(Question).order_by(Question.started_at)).all()
        assert len({row.user_id for row in rows[:PEOPLE]}) == PEOPLE
        assert {(row.error, row.attempts) for row in rows} == {("", 1)}
        assert all(row.answer for row in rows)


def count_all() -> int:
    """How many questions there are."""
    return db.session.scalar(select(func.count()).select_from(Question)) or 0
