"""Searches in vain do not stay for ever."""

from __future__ import annotations

from sqlalchemy import inspect

from edu.demand.models import EmptySearch
from edu.demand.service import remove_old_searches
from edu.extensions import db
from jobs.queue import every_hour, job


@every_hour
@job()
def forget_searches() -> None:
    """Remove searches in vain of long ago."""
    if inspect(db.engine).has_table(EmptySearch.__tablename__) and remove_old_searches():
        db.session.commit()
