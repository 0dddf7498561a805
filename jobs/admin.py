"""What administrators ask of the index, and takes longer than they should wait for a page."""

from __future__ import annotations

from edu.accounts.models import User
from edu.extensions import db, search_index
from edu.search.base import IndexUnavailable
from edu.search.indexing import IndexDifference
from edu.site.audit import record
from jobs.queue import job
from jobs.search import compare_alone, rebuild_alone, update_index

SHOWN_IDS = 20


@job()
def check_index(actor_id: int) -> None:
    """Hold the index against the database; the record says what was found."""
    search_index().close()  # what this thread has open would hide that files are gone
    try:
        difference = compare_alone()
    except IndexUnavailable as error:
        _record(actor_id, "index_broken", str(error))
    else:
        differs = difference.count > 0
        action = "index_differs" if differs else "index_agrees"
        _record(actor_id, action, _describe(difference) if differs else "")
    db.session.commit()
    update_index.enqueue()


@job()
def rebuild_index(actor_id: int) -> None:
    """Build the index anew; search goes on meanwhile. The record says when it was done."""
    count = rebuild_alone()
    if count is None:
        _record(actor_id, "index_busy", "")
    else:
        _record(actor_id, "index_rebuilt", str(count))
    db.session.commit()
    update_index.enqueue()


def _record(actor_id: int, action: str, details: str) -> None:
    record(db.session.get(User, actor_id), action, "index", details)


def _describe(difference: IndexDifference) -> str:
    said = f"missing: {_some(difference.missing)}; surplus: {_some(difference.surplus)}"
    return f"{said}; outdated: {_some(difference.outdated)}" if difference.outdated else said


def _some(ids: list[int]) -> str:
    more = ", …" if len(ids) > SHOWN_IDS else ""
    return (", ".join(map(str, ids[:SHOWN_IDS])) or "none") + more
