"""The queue on SQLite and on Redis: a hint that can be lost, late or doubled."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from huey import PriorityRedisHuey, SqliteHuey

from edu.extensions import db
from edu.materials.models import MaterialStatus
from jobs import queue as module
from jobs.materials import process_material, reconcile
from jobs.queue import Job, Queue
from jobs.search import update_index
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import get_material, make_material
from tests.services import free_port


def queue_of(app: Flask) -> Queue:
    found: Queue = app.extensions["edu.queue"]
    return found


@pytest.fixture(params=["sqlite", "redis"])
def queue_app(request: pytest.FixtureRequest, make_app: MakeApp) -> Iterator[Flask]:
    """The application with a real queue of either kind, and no worker."""
    changes = {}
    if request.param == "redis":
        changes["REDIS_URL"] = request.getfixturevalue("redis_url")
    app = make_app(queue_immediate=False, **changes)
    yield app
    for queue in app.extensions["edu.queues"].values():
        queue.huey.flush()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What a job called `note` was called with."""
    calls: list[object] = []

    def note(*args: object) -> None:
        calls.append(args)

    monkeypatch.setitem(module.JOBS, "note", Job(note, 0))
    return calls


def work(app: Flask) -> int:
    """Do what a worker does until nothing waits; counts the messages."""
    huey, count = queue_of(app).huey, 0
    while (task := huey.dequeue()) is not None:
        huey.execute(task)
        count += 1
    return count


def test_the_setting_chooses_the_queue(make_app: MakeApp, redis_url: str) -> None:
    assert isinstance(queue_of(make_app()).huey, SqliteHuey)
    assert isinstance(queue_of(make_app(REDIS_URL=redis_url)).huey, PriorityRedisHuey)


def test_a_message_waits_until_a_worker_takes_it(queue_app: Flask, ran: list[object]) -> None:
    with queue_app.app_context():
        module.JOBS["note"].enqueue(7, "ряды")
    assert queue_of(queue_app).check() == 1
    assert ran == []
    assert work(queue_app) == 1
    assert ran == [(7, "ряды")]
    assert queue_of(queue_app).check() == 0


def test_the_urgent_goes_first(queue_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    for name in ("process_material", "reconcile", "update_index"):
        made = module.JOBS[name]
        monkeypatch.setattr(made, "function", lambda *args, name=name: order.append(name))
    with queue_app.app_context():
        process_material.enqueue(1)
        reconcile.enqueue()
        process_material.enqueue(2)
        update_index.enqueue()
    work(queue_app)
    assert order == ["update_index", "reconcile", "process_material", "process_material"]


def test_a_job_gets_a_session_of_its_own(queue_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = []
    made = Job(lambda: sessions.append(db.session()), 0)
    monkeypatch.setitem(module.JOBS, "look", made)
    monkeypatch.setattr(made, "name", "look")
    with queue_app.app_context():
        sessions.append(db.session())
        made.enqueue()
        work(queue_app)
    assert len(sessions) == 2
    assert sessions[0] is not sessions[1]


def test_messages_are_json(queue_app: Flask, ran: list[object]) -> None:
    with queue_app.app_context():
        module.JOBS["note"].enqueue(7)
    data = queue_of(queue_app).huey.storage.dequeue()
    assert ["note", [7]] in json.loads(data)


def test_a_pickle_in_the_queue_runs_nothing(queue_app: Flask) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, ("raise SystemExit('ran')",)

    huey = queue_of(queue_app).huey
    huey.storage.enqueue(pickle.dumps(Bomb()), 0)
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own complaint, whichever
        huey.dequeue()


def test_an_unknown_job_harms_nobody(queue_app: Flask, ran: list[object]) -> None:
    with queue_app.app_context():
        Job(lambda: None, 0).enqueue()  # of a version that had another job
        module.JOBS["note"].enqueue(1)
    assert work(queue_app) == 2
    assert ran == [(1,)]


def test_the_clock_asks_for_the_housekeeping(
    queue_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for made in (*module.EVERY_MINUTE, *module.EVERY_HOUR):
        monkeypatch.setattr(made, "function", lambda name=made.name: asked.append(name))
    huey = queue_of(queue_app).huey
    for minute in (6, 7):
        for task in huey.read_periodic(datetime(2026, 3, 1, 12, minute)):  # noqa: DTZ001  # Huey's
            huey.execute(task)
        work(queue_app)
    minutely = sorted(made.name for made in module.EVERY_MINUTE if made.queue == "main")
    hourly = sorted(made.name for made in module.EVERY_HOUR)
    assert reconcile.name in minutely
    assert sorted(asked) == sorted([*minutely * 2, *hourly])


def test_the_assistant_has_a_queue_and_a_clock_of_its_own(
    queue_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def note(*args: object) -> None:
        asked.append(args)

    monkeypatch.setitem(module.JOBS, "note", Job(note, 0, "assistant"))
    monkeypatch.setattr(module, "EVERY_MINUTE", [module.JOBS["note"]])
    with queue_app.app_context():
        module.JOBS["note"].enqueue(1)
        assert module.list_waiting(module.JOBS["note"]) == {(1,)}
        own = module.find_queue("assistant")
    assert (own.check(), queue_of(queue_app).check()) == (1, 0)
    assert work(queue_app) == 0
    while (task := own.huey.dequeue()) is not None:
        own.huey.execute(task)
    assert asked == [(1,)]
    for queue, number in ((own, 1), (queue_of(queue_app), 0)):
        with queue_app.app_context():
            queue.enqueue_all(module.EVERY_MINUTE)
        assert own.check() == number
        own.huey.flush()


# A queue that is down -------------------------------------------------------------------------


def test_an_upload_without_a_queue_is_found_later(make_app: MakeApp, pdf_file: Path) -> None:
    down = make_app(queue_immediate=False, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    down.config["WTF_CSRF_ENABLED"] = False
    people = make_people(down)
    with down.app_context():
        content = pdf_file.read_bytes()
        material_id = make_material(
            people["alice"], MaterialStatus.FAILED, content=content, error="crashed"
        ).id
    client = sign_in(down.test_client(), "alice")
    assert client.post(f"/materials/{material_id}/retry").status_code == 303
    with down.app_context():
        assert get_material(material_id).status == MaterialStatus.PROCESSING
    # The queue is back: the same data folder, another process.
    with make_app().app_context():
        reconcile()
        assert get_material(material_id).status == MaterialStatus.PENDING


def test_a_vote_without_a_queue_counts(make_app: MakeApp) -> None:
    down = make_app(queue_immediate=False, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    down.config["WTF_CSRF_ENABLED"] = False
    people = make_people(down)
    with down.app_context():
        material_id = make_material(people["alice"]).id
    client = sign_in(down.test_client(), "charlie")
    assert client.post(f"/materials/{material_id}/rate", data={"stars": 5}).status_code == 303
    with down.app_context():
        assert get_material(material_id).rating_votes == 1
