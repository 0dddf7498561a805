"""The worker: `python -m jobs`."""

from __future__ import annotations

import sys

from edu import create_app
from edu.claims import this_host
from edu.config import SettingsError
from edu.extensions import db, settings
from edu.hardening import forbid_inspection
from edu.media.service import give_back_claims
from edu.site.startup import StartRefused, check_start
from edu.streams import service as streams
from jobs import assistant, demand, previews, sessions, site, storage, trash, uploads  # noqa: F401  # for their effect: the queue learns of them
from jobs.queue import EVERY_MINUTE, Queue

GENTLE_STOP_S = 8  # less than the supervisor waits before it kills


def main() -> int:
    """Run until SIGINT or SIGTERM; 2 when the settings forbid a start."""
    try:
        app = create_app()
        with app.app_context():
            check_start()
            for due in EVERY_MINUTE:  # what a killed worker has left is looked for at once
                due.enqueue()
            workers = settings().workers
    except (SettingsError, StartRefused) as error:
        print(error, file=sys.stderr)
        return 2
    this_host()  # read while /proc still tells it
    forbid_inspection()
    queue: Queue = app.extensions["edu.queue"]
    consumer = queue.huey.create_consumer(
        workers=workers + 2,  # two more: for the one writer of the index, and for letters
        worker_type="thread",
        initial_delay=0.05,
        max_delay=0.25,
        # SIGTERM lets the present file finish; after SIGINT the next start's reconciler does.
        graceful_signal="TERM",
        shutdown_timeout=GENTLE_STOP_S,
    )
    consumer.run()
    with app.app_context():
        give_back_claims()
        streams.give_back_claims()
        db.session.commit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
