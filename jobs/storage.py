"""The storage, looked through at night."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from sqlalchemy import inspect

from edu.admin.models import AuditEntry
from edu.extensions import db, utcnow
from edu.site.audit import last_storage_check, record_storage_check
from edu.storage.base import StorageUnavailable
from edu.storage.integrity import check_storage
from jobs.queue import every_hour, job

log = logging.getLogger(__name__)
SAMPLE = 20
SECONDS = 300.0
NIGHT = range(1, 5)  # hours, UTC
DUE, OVERDUE = timedelta(hours=20), timedelta(hours=30)
_checking = threading.Lock()


@every_hour
@job()
def check_storage_nightly() -> None:
    """Once a night, or later where no worker ran at night: every size, and a sample of hashes."""
    if not _is_due() or not _checking.acquire(blocking=False):
        return
    try:
        found = check_storage(SAMPLE, SECONDS)
        say = log.info if found.is_whole else log.error
        say("storage: %s", found.describe())
        record_storage_check(found.is_whole, found.describe())
    except (StorageUnavailable, OSError) as error:
        log.exception("storage: cannot be read")
        record_storage_check(None, str(error.__cause__ or error))
    finally:
        _checking.release()
    db.session.commit()


def _is_due() -> bool:
    # A worker may start before the first migration has run.
    if not inspect(db.engine).has_table(AuditEntry.__tablename__):
        return False
    last, now = last_storage_check(), utcnow()
    age = now - last.created_at if last else OVERDUE
    return age >= OVERDUE or (age >= DUE and now.hour in NIGHT)
