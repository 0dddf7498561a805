"""The workers: `python -m jobs` for files, letters and the index, `python -m jobs assistant`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from flask import Flask

from edu import create_app
from edu.claims import this_host
from edu.config import SettingsError
from edu.extensions import db, settings
from edu.hardening import forbid_inspection
from edu.site.startup import StartRefused, check_start
from jobs.queue import EVERY_MINUTE, Queue, QueueName

GENTLE_STOP_S = 8  # less than the supervisor waits before it kills
# An answer is shorter than a file, and what is written of it is lost in any case.
GENTLE_ASSISTANT_STOP_S = 3
LET_GO_S = 4
NICE = 5  # pages come before answers where there are few processors


def main(arguments: Sequence[str] = ()) -> int:
    """Run until SIGINT or SIGTERM; 2 when the settings forbid a start."""
    if list(arguments) not in ([], ["assistant"]):
        print("python -m jobs, or python -m jobs assistant", file=sys.stderr)
        return 2
    name: QueueName = "assistant" if arguments else "main"
    if name == "assistant":
        os.nice(NICE)
    _learn(name)
    try:
        app = create_app()
        with app.app_context():
            check_start()
            queue: Queue = app.extensions["edu.queues"][name]
            queue.enqueue_all(EVERY_MINUTE)  # what a killed worker has left is looked for at once
            # Two more: for the one writer of the index, and for letters.
            threads = settings().assistant_workers if arguments else settings().workers + 2
    except (SettingsError, StartRefused) as error:
        print(error, file=sys.stderr)
        return 2
    if not threads:
        print("ASSISTANT_WORKERS is 0: another machine answers", file=sys.stderr)
        return 2
    this_host()  # read while /proc still tells it
    forbid_inspection()
    consumer = queue.huey.create_consumer(
        workers=threads,
        worker_type="thread",
        initial_delay=0.05,
        max_delay=0.25,
        # SIGTERM lets the present file finish; after SIGINT the next start's reconciler does.
        graceful_signal="TERM",
        shutdown_timeout=GENTLE_ASSISTANT_STOP_S if arguments else GENTLE_STOP_S,
    )
    consumer.run()
    (_end_assistant if arguments else _end)(app)
    return 0


def _learn(name: QueueName) -> None:
    """Have the queue know its jobs, also those of features that no page starts."""
    if name == "assistant":
        from jobs import assistant  # noqa: F401  # for its effect
    else:
        from jobs import demand, previews, sessions, site, storage, trash, uploads  # noqa: F401  # for their effect


def _end(app: Flask) -> None:
    from edu.media.service import give_back_claims
    from edu.streams import service as streams

    with app.app_context():
        give_back_claims()
        streams.give_back_claims()
        db.session.commit()


def _end_assistant(app: Flask) -> None:
    """Leave unfinished answers to the next start, and close the model."""
    from edu.assistant.engines.choose import forget_engines
    from edu.assistant.queue import give_back_claims
    from jobs.assistant import wait_until_idle

    with app.app_context():
        give_back_claims()
        db.session.commit()
    if wait_until_idle(LET_GO_S):
        forget_engines()
    else:
        # Native code that does not listen would crash in a library that is being taken down.
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
