"""Limits: by person and not by classroom, exact in one process and in several."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from edu.accounts import service as accounts
from edu.api.security import issue_token
from edu.extensions import db
from edu.site.limits import WindowStorage
from tests.api.conftest import Program, sign_in_program
from tests.conftest import PASSWORD, MakeApp, make_people, make_user
from tests.product import Product, descendants, make_product, wait_until

STUDENTS = 60
EACH = 90
LIMIT = 100


def make_students(app: Flask, count: int = STUDENTS) -> list[str]:
    """Tokens of that many people."""
    with app.app_context():
        return [issue_token(make_user(f"student{n}")) for n in range(count)]


def ask_all(ask: Callable[[str], int], tokens: list[str], each: int) -> Counter[int]:
    """The statuses of `each` requests with every token, a bounded number at a time."""

    def ask_often(token: str) -> Counter[int]:
        return Counter(ask(token) for _n in range(each))

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(ask_often, tokens), Counter[int]())


# In one process ----------------------------------------------------------------------------------


def test_a_class_behind_one_address_is_sixty_people(make_app: MakeApp) -> None:
    app = make_app()
    tokens = make_students(app)

    def ask(token: str) -> int:
        head = {"Authorization": f"Bearer {token}"}
        return app.test_client().get("/api/users/me", headers=head).status_code

    assert ask_all(ask, tokens, EACH) == {200: STUDENTS * EACH}


def test_the_hundred_and_first_request_is_refused_and_says_when_to_come_back(
    make_app: MakeApp,
) -> None:
    app = make_app()
    make_people(app)
    alice = sign_in_program(app)
    answers = [alice.get("/users/me") for _n in range(LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [200] * LIMIT + [429]
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert left == [*range(LIMIT - 1, -1, -1), 0]
    assert all(answer.headers["RateLimit-Limit"] == "100" for answer in answers)
    assert all(0 < int(answer.headers["RateLimit-Reset"]) <= 60 for answer in answers)
    assert all("Retry-After" not in answer.headers for answer in answers[:-1])
    refused = answers[-1]
    assert refused.content_type == "application/problem+json"
    assert refused.json
    assert refused.json["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_threads_do_not_get_past_the_limit(make_app: MakeApp) -> None:
    app = make_app()
    (token,) = make_students(app, 1)

    def ask(_n: int) -> int:
        head = {"Authorization": f"Bearer {token}"}
        return app.test_client().get("/api/users/me", headers=head).status_code

    with ThreadPoolExecutor(8) as pool:
        counted = Counter(pool.map(ask, range(LIMIT + 1)))
    assert counted == {200: LIMIT, 429: 1}


def test_all_operations_share_one_limit(make_app: MakeApp) -> None:
    app = make_app(API_LIMIT="3 per minute")
    tokens = make_students(app, 2)
    alice, charlie = (Program(app.test_client(), token) for token in tokens)
    codes = [alice.get(path).status_code for path in ("/users/me", "/materials", "/materials/1")]
    assert codes == [200, 200, 404]
    assert alice.get("/users/me").status_code == 429
    assert charlie.get("/users/me").status_code == 200


def test_a_persons_programs_are_counted_together_and_each_script_for_itself(
    make_app: MakeApp,
) -> None:
    app = make_app(API_LIMIT="3 per minute")
    make_people(app)
    alice, other = sign_in_program(app), sign_in_program(app)
    form = {"name": "script", "scopes": ["read"]}
    made = alice.post("/users/me/tokens", json=form).json
    assert made
    script = Program(app.test_client(), made["token"])
    assert [other.get("/users/me").status_code for _n in range(3)] == [200, 200, 429]
    assert alice.get("/users/me").status_code == 429
    assert [script.get("/users/me").status_code for _n in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("token", ["", "x.y.z", "konspekt_guess"])
def test_strangers_are_counted_by_address_whatever_they_send(make_app: MakeApp, token: str) -> None:
    app = make_app(API_LIMIT="3 per minute")
    (good,) = make_students(app, 1)
    stranger = Program(app.test_client(), token)
    codes = [stranger.get("/materials").status_code for _n in range(4)]
    assert codes == [401 if token else 200] * 3 + [429]
    assert Program(app.test_client()).get("/materials").status_code == 429
    assert Program(app.test_client(), good).get("/users/me").status_code == 200
    elsewhere = app.test_client().get(
        "/api/materials", environ_overrides={"REMOTE_ADDR": "192.0.2.9"}
    )
    assert elsewhere.status_code == 200


def test_strangers_who_ask_much_keep_nobody_from_signing_in(make_app: MakeApp) -> None:
    app = make_app(API_LIMIT="1 per minute")
    make_people(app)
    stranger = Program(app.test_client())
    assert [stranger.get("/materials").status_code for _n in range(2)] == [200, 429]
    alice = sign_in_program(app)
    assert alice.refresh().status_code == 200


def test_a_class_signs_in_within_a_minute(make_app: MakeApp) -> None:
    app = make_app()
    make_students(app)
    for n in range(STUDENTS):
        sign_in_program(app, f"student{n}")


def test_signing_in_is_limited_by_address_too(make_app: MakeApp) -> None:
    app = make_app(LOGIN_LIMIT_ADDRESS="3 per minute")
    login = {"email": "nobody@example.org", "password": PASSWORD}
    codes = [
        app.test_client()
        .post("/api/auth/login", json=login | {"email": f"n{n}@example.org"})
        .status_code
        for n in range(4)
    ]
    assert codes == [401, 401, 401, 429]


def test_the_assistant_is_limited_by_person_however_many_tokens(make_app: MakeApp) -> None:
    app = make_app(ASSIST_LIMIT="2 per minute")
    make_people(app)
    alice = sign_in_program(app)
    made = alice.post("/users/me/tokens", json={"name": "x", "scopes": ["read"]}).json
    assert made
    script = Program(app.test_client(), made["token"])
    programs = (alice, script, alice, script)
    codes = [one.post("/ai/assist", json={"query": "ряды"}).status_code for one in programs]
    assert codes == [200, 200, 429, 429]
    assert alice.get("/users/me").status_code == 200


# The counting itself -----------------------------------------------------------------------------


class Clock:
    """A clock that goes when it is told to."""

    now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("edu.site.limits.time", clock)
    return clock


def test_no_minute_holds_more_than_the_limit(clock: Clock) -> None:
    """A window that begins anew at fixed moments would let twice as many pass around them."""
    storage, taken = WindowStorage(), list[float]()
    for _n in range(2000):
        clock.now += 0.13
        if storage.acquire_entry("alice", LIMIT, 60):
            taken.append(clock.now)
    assert len(taken) > 3 * LIMIT
    for start in taken:
        assert sum(start <= moment < start + 60 for moment in taken) <= LIMIT


def test_refused_requests_do_not_count(clock: Clock) -> None:
    storage = WindowStorage()
    assert [storage.acquire_entry("alice", 2, 60) for _n in range(4)] == [True, True, False, False]
    start, count = storage.get_moving_window("alice", 2, 60)
    assert (start, count) == (clock.now, 2)
    clock.now += 60
    assert storage.acquire_entry("alice", 2, 60)


def test_what_no_longer_counts_is_forgotten(clock: Clock) -> None:
    storage = WindowStorage()
    for n in range(1000):
        storage.acquire_entry(f"stranger {n}", 5, 60)
    clock.now += 121
    storage.acquire_entry("alice", 5, 60)
    assert storage._hits.keys() == {"alice"}


# In two processes with Redis ---------------------------------------------------------------------


@pytest.fixture
def busy_product(tmp_path: Path, redis_url: str) -> Iterator[Product]:
    with make_product(tmp_path, REDIS_URL=redis_url, WEB_PROCESSES="2", WEB_THREADS="8") as made:
        made.prepare()
        with made.app.app_context():
            for n in range(STUDENTS):
                accounts.create_user(f"student{n}@example.org", PASSWORD, f"Student {n}")
            db.session.commit()
        web = made.start_web()
        wait_until(lambda: len(descendants(web.pid)) == 2, 30, "two processes")
        yield made


def request_of(product: Product, method: str, path: str, token: str = "", body: Any = None) -> Any:
    """One request over a connection of its own, so that either process may take it."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
    head = {"Content-Type": "application/json", "Connection": "close"}
    if token:
        head["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body else None, head)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, text


@pytest.mark.processes
def test_two_processes_count_as_one(busy_product: Product) -> None:
    def sign_in(n: int) -> str:
        login = {"email": f"student{n}@example.org", "password": PASSWORD}
        answer, text = request_of(busy_product, "POST", "/api/auth/login", body=login)
        assert answer.status == 200, text
        return str(json.loads(text)["access_token"])

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(sign_in, range(STUDENTS)))
    assert time.monotonic() - began < 60

    def ask(token: str) -> int:
        return int(request_of(busy_product, "GET", "/api/users/me", token)[0].status)

    login = {"email": "alice@example.org", "password": PASSWORD}
    alice = json.loads(request_of(busy_product, "POST", "/api/auth/login", body=login)[1])
    assert ask_all(ask, [alice["access_token"]] * 8, 12) == {200: 96}
    assert ask_all(ask, [alice["access_token"]], 5) == {200: 4, 429: 1}
    answer, text = request_of(busy_product, "GET", "/api/users/me", alice["access_token"])
    assert answer.status == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert json.loads(text)["status"] == 429

    assert ask_all(ask, tokens, EACH) == {200: STUDENTS * EACH}
