"""Uploads that nobody goes on with."""

from __future__ import annotations

import logging

from sqlalchemy import inspect

from edu.extensions import db
from edu.uploads import service
from edu.uploads.models import Upload
from jobs.queue import every_hour, job

log = logging.getLogger(__name__)


@every_hour
@job()
def sweep_uploads() -> None:
    """Drop what has been untouched for a day, and the bytes of rows that are gone."""
    if not inspect(db.engine).has_table(Upload.__tablename__):
        return  # a worker may start before the first migration has run
    rows = service.remove_expired()
    db.session.commit()
    files = service.remove_orphans()
    if rows or files:
        log.info("uploads: %d given up, %d files removed", rows, files)
