"""The one writer of the search index, and the ratings that search shows."""

from __future__ import annotations

import logging

from edu.extensions import db
from edu.ratings.service import refresh_all_ratings
from edu.search import service
from jobs.queue import every_minute, job

log = logging.getLogger(__name__)


@job(priority=10)
def update_index() -> None:
    """Bring the index up to the database. Of several workers one writes, the others leave.

    The one that writes looks again after it has let go of the lock, so whatever was committed
    before this job started is in the index soon.
    """
    while service.has_pending():
        if not service.index_pending():
            return
        db.session.commit()


@every_minute
@job()
def refresh_ratings() -> None:
    """Follow the site's mean in every shown rating."""
    if refresh_all_ratings():
        db.session.commit()
        update_index.enqueue()
