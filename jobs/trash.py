"""What has lain in the trash long enough, and bytes that nobody needs any more."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.errors import EduError
from edu.extensions import db
from edu.storage import unused
from edu.storage.base import StorageUnavailable
from edu.trash import service
from edu.trash.models import UnusedFile
from jobs.queue import every_hour, every_minute, job

log = logging.getLogger(__name__)
MOST_MATERIALS = 500  # of one run; the next one goes on
MOST_FILES = 200


@every_hour
@job()
def empty_trash() -> None:
    """Delete for good what is overdue, each material in a transaction of its own."""
    if not _is_ready():
        return
    gone = sum(_purge(material_id) for material_id in service.list_overdue(MOST_MATERIALS))
    if gone:
        log.info("trash: %d materials are gone for good", gone)


def _purge(material_id: int) -> bool:
    try:
        service.purge_overdue(material_id)
        db.session.commit()
    except EduError:  # restored, or purged by hand, at this very moment
        db.session.rollback()
        return False
    return True


@every_minute
@job()
def remove_unused_files() -> None:
    """Free bytes that no row has needed for an hour; what a killed run has left is taken up."""
    if not _is_ready():
        return
    due = unused.list_due(MOST_FILES)
    try:
        freed = sum(_remove(sha256) for sha256 in due)
    except (StorageUnavailable, OSError) as error:  # the rows wait for another run
        log.warning("trash: files cannot be removed now: %s", error.__cause__ or error)
        return
    if freed:
        log.info("trash: the bytes of %d files are freed", freed)


def _remove(sha256: str) -> bool:
    until = unused.begin_removal(sha256)
    db.session.commit()
    if until is None or not unused.remove_bytes(sha256, until):
        return False
    unused.end_removal(sha256, until)
    db.session.commit()
    return True


def _is_ready() -> bool:
    # A worker may start before the first migration has run.
    return inspect(db.engine).has_table(UnusedFile.__tablename__)
