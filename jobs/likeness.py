"""Texts are compared with what the library has."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import inspect

from edu.extensions import db
from edu.likeness import service
from edu.likeness.models import TextPrint
from jobs.queue import every_minute, job

log = logging.getLogger(__name__)
TURN_S = 10.0  # an old library is gone through in turns, so that files get the thread in between
_comparing = threading.Lock()


@job()
def compare_text(material_id: int) -> None:
    """Print the text of a material and look for others like it."""
    try:
        printed = service.print_text(material_id)
        db.session.commit()
        if printed and (found := service.compare_text(material_id)):
            log.info("material %d: %d with almost the same text", material_id, found)
        db.session.commit()
    except Exception:  # one text must not keep the others waiting; it is tried again in a minute
        db.session.rollback()
        log.exception("material %d: its text was not compared", material_id)


@every_minute
@job()
def compare_texts() -> None:
    """The texts that have changed, were never compared, or whose job was lost; newest first.

    Of the threads of a worker one does.
    """
    if not inspect(db.engine).has_table(TextPrint.__tablename__):
        return  # a worker may start before the first migration has run
    if not _comparing.acquire(blocking=False):
        return
    try:
        _compare_until(time.monotonic() + TURN_S)
    finally:
        _comparing.release()


def _compare_until(end: float) -> None:
    due = service.list_uncompared()
    while due:
        for material_id in due:
            if time.monotonic() > end:
                return
            compare_text(material_id)
        due = service.list_uncompared(below=due[-1])
