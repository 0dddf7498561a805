"""The one writer of the search index, and the ratings that search shows."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from sqlalchemy import inspect

from edu.extensions import db
from edu.materials.models import Material
from edu.materials.service import touch_viewed
from edu.media import service as media
from edu.notifications.announcing import list_unannounced
from edu.ratings.service import refresh_all_ratings
from edu.search import indexing
from edu.search.base import IndexBusy
from jobs.notifications import announce
from jobs.queue import every_hour, every_minute, job

log = logging.getLogger(__name__)
GATHER_S = 1.0
_writing = threading.Lock()


@job(priority=10)
def update_index() -> None:
    """Bring the index up to the database. Of several workers one writes, the others leave.

    The one that writes looks again after it has let go of the lock, so whatever was committed
    before this job started is in the index soon. Commits of the index are dear, and while files
    are in work more is about to come: then it gathers for a moment.
    """
    while indexing.has_pending():
        if not _writing.acquire(blocking=False):
            return
        try:
            if media.count_in_work():
                time.sleep(GATHER_S)
            if not indexing.index_pending():
                return
            db.session.commit()
        finally:
            _writing.release()
    if list_unannounced(limit=1):
        announce.enqueue()


@every_minute
@job(priority=5)
def heal_index() -> None:
    """Notice an index that was damaged, deleted or left behind, and build it from the database."""
    if not inspect(db.engine).has_table(Material.__tablename__):
        return  # a worker may start before the first migration has run
    if indexing.heal_index():
        db.session.commit()
        update_index.enqueue()


def rebuild_alone() -> int | None:
    """Build the index anew; counts the documents. Changes go on into the present one meanwhile.

    None while another is at it.
    """
    try:
        count = indexing.rebuild_index()
    except IndexBusy:
        return None
    db.session.commit()
    return count


def compare_alone() -> indexing.IndexDifference:
    """Hold the index against the database between two writes. Raises IndexUnavailable."""
    with _writing:
        return indexing.compare_index()


@every_hour
@job()
def optimize_index() -> None:
    """Merge what small updates have left behind; nothing to do in a quiet hour."""
    indexing.optimize_index()


@every_hour
@job()
def follow_views() -> None:
    """Views alone do not change what search shows; the order by views follows once an hour."""
    if touch_viewed(timedelta(hours=1, minutes=5)):
        db.session.commit()
        update_index.enqueue()


@every_hour
@job()
def refresh_ratings() -> None:
    """Follow the site's mean in every shown rating."""
    if refresh_all_ratings():
        db.session.commit()
        update_index.enqueue()
