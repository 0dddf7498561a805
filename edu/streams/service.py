"""The life of a stream: asked for, claimed, made, kept; and what was left lying.

As with materials the database is the truth: a worker owns a stream only as long as its claim stands
in the row and its heartbeat is fresh, and every function may run twice with the same end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import aliased

from edu.claims import new_claim, owner_is_dead, this_process
from edu.extensions import change_rows, db, insert_if_absent, settings, storage, utcnow
from edu.materials.models import KINDS, Material, MaterialStatus, StoredFile
from edu.media.streaming import MASTER_NAME, StreamFiles
from edu.storage.base import stream_key
from edu.streams.models import Stream, StreamStatus

VIDEO_TYPES = [media_type for media_type, kind in KINDS.items() if kind == "video"]
# Who may see nothing of a material needs no stream of it; it is made when that changes.
SHOWN = (MaterialStatus.PENDING, MaterialStatus.ACTIVE)


class ClaimLost(Exception):
    """Another worker has taken the stream over; whatever this one holds is worth nothing."""


def find_stream(file: StoredFile) -> Stream | None:
    """How far the conversion of this file is; None where none was asked for."""
    return db.session.get(Stream, file.id)


def request_stream(file: StoredFile) -> None:
    """Have a video cut for playing, once. Other files are left alone."""
    if file.kind == "video":
        insert_if_absent(Stream, file_id=file.id, **_as_new())


def _as_new() -> dict[str, Any]:
    return {
        "status": StreamStatus.WAITING.value,
        "percent": 0,
        "attempts": 0,
        "claim": "",
        "error": "",
        "size": 0,
        "created_at": utcnow(),
    }


def request_missing(limit: int = 100) -> int:
    """Ask for the streams of videos that have come without one, the newest first; counts them."""
    without = ~exists().where(Stream.file_id == StoredFile.id)
    query = select(StoredFile).where(StoredFile.media_type.in_(VIDEO_TYPES), without, _shown())
    files = list(db.session.scalars(query.order_by(StoredFile.id.desc()).limit(limit)))
    for file in files:
        request_stream(file)
    return len(files)


def _shown() -> ColumnElement[bool]:
    return exists().where(Material.file_id == StoredFile.id, Material.status.in_(SHOWN))


def renew_lost() -> int:
    """Have streams made again whose files the storage has no more; counts them."""
    query = select(Stream.file_id, StoredFile.sha256).join(Stream.file)
    ready = db.session.execute(query.where(Stream.status == StreamStatus.READY)).all()
    lost = [
        row.file_id for row in ready if not storage().exists(stream_key(row.sha256, MASTER_NAME))
    ]
    again = update(Stream).where(Stream.file_id.in_(lost), Stream.status == StreamStatus.READY)
    return change_rows(again.values(**_waiting(), attempts=0)) if lost else 0


# In work -------------------------------------------------------------------------------------


def _unattended() -> ColumnElement[bool]:
    limit = utcnow() - timedelta(seconds=settings().heartbeat_timeout_s)
    silent = or_(Stream.heartbeat_at.is_(None), Stream.heartbeat_at < limit)
    making = (Stream.status == StreamStatus.MAKING) & silent
    return or_(Stream.status == StreamStatus.WAITING, making)


def list_unattended(limit: int = 1000) -> list[int]:
    """Ids of files whose stream nobody makes, the newest first."""
    query = select(Stream.file_id).join(Stream.file).where(_unattended(), _shown())
    return list(db.session.scalars(query.order_by(Stream.file_id.desc()).limit(limit)))


def release_dead_claims() -> int:
    """Free the streams of processes of this host that are gone; counts them."""
    query = select(Stream.file_id, Stream.claim).where(
        Stream.status == StreamStatus.MAKING, Stream.heartbeat_at.is_not(None)
    )
    claims = [(row.file_id, row.claim) for row in db.session.execute(query)]
    # The claim is asked for again: another worker may have taken the stream since.
    return sum(
        change_rows(
            update(Stream)
            .where(Stream.file_id == file_id, Stream.claim == claim)
            .values(heartbeat_at=None)
        )
        for file_id, claim in claims
        if owner_is_dead(claim)
    )


def give_back_claims() -> int:
    """Before this process stops: leave what it has in hand to others, without a lost attempt."""
    mine = Stream.claim.startswith(f"{this_process()}:", autoescape=True)
    back = update(Stream).where(Stream.status == StreamStatus.MAKING, mine)
    return change_rows(back.values(**_waiting(), attempts=Stream.attempts - 1))


def _waiting() -> dict[str, Any]:
    return {"status": StreamStatus.WAITING.value, "heartbeat_at": None, "claim": "", "percent": 0}


def claim_stream(file_id: int) -> str | None:
    """Take the conversion in hand; None when it is done, gone, or in other hands.

    One UPDATE decides, so of two workers one gets it. The attempt after the last ends in `failed`.
    The same bytes are cut once: where they are ready already this stream is, too.
    """
    claim = new_claim()
    taken = update(Stream).where(Stream.file_id == file_id, _unattended(), ~_twin_is_made())
    taken = taken.values(
        status=StreamStatus.MAKING.value,
        claim=claim,
        heartbeat_at=utcnow(),
        attempts=Stream.attempts + 1,
        percent=0,
    )
    if change_rows(taken) == 0:
        return None
    stream = db.session.get_one(Stream, file_id, populate_existing=True)
    twin = _find_ready_twin(stream)
    if twin is not None:
        _end(file_id, claim, StreamStatus.READY, size=twin.size)
        return None
    if stream.attempts > settings().max_attempts:
        fail_stream(file_id, claim, "interrupted")
        return None
    return claim


def _twin_is_made() -> ColumnElement[bool]:
    """Whether somebody is cutting the same bytes for another file just now."""
    twin, one, other = aliased(Stream), aliased(StoredFile), aliased(StoredFile)
    limit = utcnow() - timedelta(seconds=settings().heartbeat_timeout_s)
    return exists().where(
        one.id == Stream.file_id,
        other.sha256 == one.sha256,
        other.id != one.id,
        twin.file_id == other.id,
        twin.status == StreamStatus.MAKING,
        twin.heartbeat_at >= limit,
    )


def _find_ready_twin(stream: Stream) -> Stream | None:
    same = select(Stream).join(Stream.file).where(StoredFile.sha256 == stream.file.sha256)
    return db.session.scalar(same.where(Stream.status == StreamStatus.READY).limit(1))


def beat(file_id: int, claim: str, percent: int) -> None:
    """Show that the work goes on. Raises ClaimLost."""
    _own(file_id, claim, {"heartbeat_at": utcnow(), "percent": percent})


# Ends ----------------------------------------------------------------------------------------


def save_stream(file: StoredFile, made: StreamFiles, on_piece: Callable[[], None]) -> None:
    """Move what was made into the storage, in place of what an attempt has left that broke off.

    `on_piece` is called after each of the files; what it raises ends the work.
    """
    for left in list(storage().list_keys(stream_key(file.sha256, ""))):
        storage().delete(left.key)
    for name in made.names:
        storage().save(made.folder / name, stream_key(file.sha256, name))
        on_piece()


def finish_stream(file_id: int, claim: str, size: int) -> None:
    """It can be played from now on. Raises ClaimLost."""
    _end(file_id, claim, StreamStatus.READY, size=size)


def fail_stream(file_id: int, claim: str, code: str) -> None:
    """There will be none: the original is played. Raises ClaimLost."""
    _end(file_id, claim, StreamStatus.FAILED, error=code)


def give_up_attempt(file_id: int, claim: str, code: str) -> bool:
    """An attempt broke down: leave it for the next, or fail after the last. True if it failed."""
    stream = db.session.get_one(Stream, file_id, populate_existing=True)
    if stream.attempts >= settings().max_attempts:
        fail_stream(file_id, claim, code)
        return True
    _own(file_id, claim, _waiting())
    return False


def postpone_attempt(file_id: int, claim: str) -> None:
    """Leave it for later, without a lost attempt. Raises ClaimLost."""
    _own(file_id, claim, _waiting() | {"attempts": Stream.attempts - 1})


def _end(file_id: int, claim: str, status: StreamStatus, **values: Any) -> None:
    ended = {"status": status.value, "percent": 100, "finished_at": utcnow()}
    _own(file_id, claim, ended | {"claim": "", "heartbeat_at": None} | values)


def _own(file_id: int, claim: str, values: dict[str, Any]) -> None:
    mine = update(Stream).where(
        Stream.file_id == file_id, Stream.claim == claim, Stream.status == StreamStatus.MAKING
    )
    if change_rows(mine.values(values)) == 0:
        raise ClaimLost
