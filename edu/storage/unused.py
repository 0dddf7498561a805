"""Bytes that no row refers to any more: noted, taken back by an upload, or removed in two steps.

First `purging` is committed, which holds off uploads of the same bytes; then the bytes go, then the
row. A run that dies in between is followed by another, and nothing that has a row is ever removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from edu.errors import Conflict, InvalidInput
from edu.extensions import change_rows, db, storage, utcnow
from edu.materials.models import StoredFile
from edu.storage.base import list_keys_of, original_key
from edu.trash.models import UnusedFile

# What was in hand when the row went (a picture being drawn, a video being cut) has ended by then.
GRACE = timedelta(hours=1)
HELD_FOR = timedelta(minutes=5)  # a removal; what it leaves is taken up by the next
LAST = timedelta(minutes=2)  # of these: a deletion that a slow storage drags out ends within it


def note_unused(sizes: Mapping[str, int], uploader_id: int | None = None) -> None:
    """These bytes may go unless a row refers to them by then: that is asked when they do.

    `sizes` gives bytes by hash; until they go they weigh on the uploader's share.
    """
    due = utcnow() + GRACE
    common = {"due_at": due, "purging": False, "uploader_id": uploader_id}
    rows = [{"sha256": sha256, "size": sizes[sha256], **common} for sha256 in sorted(sizes)]
    if not rows:
        return
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(UnusedFile).values(rows)
    # Noted before: later, and locked, so that who drops the row at this moment looks once more.
    again = statement.on_conflict_do_update(
        index_elements=["sha256"],
        set_={"due_at": due, "size": statement.excluded.size, "uploader_id": uploader_id},
        where=UnusedFile.purging.is_(False),
    )
    db.session.execute(again)


def keep_bytes(sha256: str) -> None:
    """A row of these bytes is about to be written: they stay. Call it in the row's transaction.

    Raises Conflict while they are being removed, InvalidInput when they are gone.
    """
    same = UnusedFile.sha256 == sha256
    change_rows(delete(UnusedFile).where(same, UnusedFile.purging.is_(False)))
    if db.session.scalar(select(UnusedFile.sha256).where(same)) is not None:
        raise Conflict(_("This file is just being removed. Send it again in a minute."))
    if not storage().exists(original_key(sha256)):
        text = _("The file is not there any more. Choose it once more.")
        raise InvalidInput(text, code="gone", field="file")


# Removing -------------------------------------------------------------------------------------


def list_due(limit: int) -> list[str]:
    """Hashes whose time has come, the oldest first; what a dead worker has left among them."""
    due = select(UnusedFile.sha256).where(UnusedFile.due_at <= utcnow())
    return list(db.session.scalars(due.order_by(UnusedFile.due_at).limit(limit)))


def begin_removal(sha256: str) -> datetime | None:
    """Step one, to be committed: nobody counts on these bytes from now on. None if they stay.

    Whoever begins has until the moment that is returned; then another may begin anew.
    """
    due = (UnusedFile.sha256 == sha256, UnusedFile.due_at <= utcnow())
    until = utcnow() + HELD_FOR
    take = update(UnusedFile).where(*due, ~_is_used())
    if change_rows(take.values(purging=True, due_at=until)):
        return until
    change_rows(delete(UnusedFile).where(*due, _is_used()))
    return None


def _is_used() -> ColumnElement[bool]:
    return exists().where(StoredFile.sha256 == UnusedFile.sha256)


def remove_bytes(sha256: str, until: datetime) -> bool:
    """Step two: the file and all that was made of it go; False when time ran out before the end.

    Raises StorageUnavailable or OSError.
    """
    for key in list(list_keys_of(storage(), sha256)):
        # Who is late must not touch what another has removed and a third has sent anew.
        if utcnow() >= until - LAST:
            return False
        storage().delete(key)
    return True


def end_removal(sha256: str, until: datetime) -> None:
    """Step three, to be committed: the same bytes may come again. Nothing if another has begun."""
    own = (UnusedFile.sha256 == sha256, UnusedFile.purging, UnusedFile.due_at == until)
    change_rows(delete(UnusedFile).where(*own))
