"""Background work: Huey behind a decorator.

    @job()
    def process_material(material_id: int) -> None: ...

    process_material.enqueue(7)      # after the commit, by id

A job is found by its name, so Huey itself knows one task, `run`. The queue is a hint: when it
cannot be reached the work is found in the database by the reconciler, so `enqueue` only logs.
There are two queues, each with workers of its own: the assistant's, and the one for all the rest.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, Literal, ParamSpec

from flask import Flask, current_app
from huey import Huey, PriorityRedisHuey, SqliteHuey, crontab
from huey.registry import Message

from edu.config import Settings
from edu.extensions import bind

log = logging.getLogger(__name__)
P = ParamSpec("P")
QueueName = Literal["main", "assistant"]
# The name in Redis, and the file in the data folder.
PLACES: dict[QueueName, tuple[str, str]] = {
    "main": ("edu", "queue.db"),
    "assistant": ("edu-assistant", "assistant-queue.db"),
}
JOBS: dict[str, Job[Any]] = {}
EVERY_MINUTE: list[Job[[]]] = []
EVERY_HOUR: list[Job[[]]] = []


class JsonSerializer:
    """Huey's messages as JSON: who can write into the queue must not get to run code by pickle."""

    def serialize(self, data: Any) -> bytes:
        """A Message, which is a tuple of plain values here, or a plain value of Huey's own."""
        return json.dumps(data).encode()

    def deserialize(self, data: bytes) -> Any:
        """The Message that `serialize` was given."""
        value = json.loads(data)
        return Message(*value) if isinstance(value, list) else value


class Job(Generic[P]):
    """A function that runs in a worker, in an app context and a session of its own."""

    def __init__(
        self, function: Callable[P, None], priority: int, queue: QueueName = "main"
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.priority = priority
        self.queue: QueueName = queue

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run here and now, in the present app context."""
        self.function(*args, **kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Ask a worker to run this soon. Call it after the commit."""
        try:
            find_queue(self.queue).submit(self, args)
        except Exception:
            # Whatever is wrong with the queue, the row is committed and the reconciler finds it.
            log.exception("queue: %s%r was not taken", self.name, args)


def job(priority: int = 0, *, queue: QueueName = "main") -> Callable[[Callable[P, None]], Job[P]]:
    """Make a function a job of this queue; those of higher priority run first."""

    def decorate(function: Callable[P, None]) -> Job[P]:
        made = Job(function, priority, queue)
        JOBS[made.name] = made
        return made

    return decorate


def every_minute(made: Job[[]]) -> Job[[]]:
    """Run this job every minute."""
    EVERY_MINUTE.append(made)
    return made


def every_hour(made: Job[[]]) -> Job[[]]:
    """Run this job every hour."""
    EVERY_HOUR.append(made)
    return made


def list_waiting(made: Job[Any]) -> set[tuple[Any, ...]]:
    """The arguments of this job's messages in the queue; nothing when it does not answer."""
    try:
        return find_queue(made.queue).waiting(made)
    except Exception:  # Redis's, SQLite's or the network's: the reconciler asks again in a minute
        log.exception("queue: does not answer")
        return set()


def find_queue(name: QueueName) -> Queue:
    """The running app's queue of this name."""
    queues: dict[QueueName, Queue] = current_app.extensions["edu.queues"]
    return queues[name]


class Queue:
    """A Huey of the app's and the one task it knows."""

    def __init__(self, app: Flask, settings: Settings, name: QueueName) -> None:
        self.app, self.name = app, name
        self.immediate = settings.queue_immediate
        self._settings = settings

    @cached_property
    def huey(self) -> Huey:
        """Opened when it is first needed."""
        made = _make_huey(self._settings, *PLACES[self.name])
        self._run = made.task(name="run", context=False)(self.run)
        self._schedule(made, EVERY_MINUTE, "minutely", minute="*")
        self._schedule(made, EVERY_HOUR, "hourly", minute="7")
        return made

    def submit(self, made: Job[Any], args: tuple[Any, ...]) -> None:
        """Put a message into the queue; in immediate mode run it at once, as a worker would."""
        if self.immediate:
            self.run(made.name, list(args))
        else:
            huey = self.huey
            huey.enqueue(self._run.s(made.name, list(args), priority=made.priority))

    def run(self, name: str, args: list[Any]) -> None:
        """What a worker does with a message. The app context brings a session of its own."""
        with self.app.app_context():
            JOBS[name](*args)

    def waiting(self, made: Job[Any]) -> set[tuple[Any, ...]]:
        """The arguments of each message of this job that no worker has taken yet."""
        pending = [task.args for task in self.huey.pending()]
        return {tuple(args[1]) for args in pending if args and args[0] == made.name}

    def check(self) -> int:
        """How many messages wait. Raises when the queue does not answer."""
        return int(self.huey.pending_count())

    def enqueue_all(self, due: list[Job[[]]]) -> None:
        """Ask for those of the jobs that belong to this queue; in an app context."""
        for made in due:
            if made.queue == self.name:
                made.enqueue()

    def _schedule(self, huey: Huey, due: list[Job[[]]], name: str, **when: str) -> None:
        """Have Huey's clock enqueue the jobs of `due`, read anew each time."""

        def enqueue_due() -> None:
            with self.app.app_context():
                self.enqueue_all(due)

        huey.periodic_task(crontab(**when), name=name)(enqueue_due)


def _make_huey(settings: Settings, name: str, file: str) -> Huey:
    if settings.redis_url:
        return PriorityRedisHuey(
            name, url=settings.redis_url, results=False, serializer=JsonSerializer()
        )
    path = settings.data_dir / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(
        name, filename=str(path), results=False, timeout=15, serializer=JsonSerializer()
    )


def init_queue(app: Flask, settings: Settings) -> None:
    """Bind the queues to the app."""
    queues = {name: Queue(app, settings, name) for name in PLACES}
    # A setting that cannot be used is noticed at the start; the assistant's is like it.
    _ = queues["main"].huey
    bind(app, "queues", queues)
    bind(app, "queue", queues["main"])
