"""The life of a stream: asked for, claimed, made, kept; and what was left lying."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, or_, select, update
from sqlalchemy.orm import aliased

from edu.accounts.models import User
from edu.claims import Claims
from edu.errors import Conflict, Forbidden
from edu.extensions import change_rows, db, insert_if_absent, settings, storage, utcnow
from edu.materials.models import KINDS, Material, MaterialStatus, StoredFile
from edu.media.errors import FileRefused
from edu.media.streaming import MASTER_NAME, StreamFiles
from edu.permissions import Permission, may
from edu.storage.base import stream_key
from edu.streams.models import Stream, StreamStatus

VIDEO_TYPES = [media_type for media_type, kind in KINDS.items() if kind == "video"]
# Who may see nothing of a material needs no stream of it; it is made when that changes.
SHOWN = (MaterialStatus.PENDING, MaterialStatus.ACTIVE)
WAITING = {"status": StreamStatus.WAITING.value, "percent": 0}
WORK = Claims(Stream.file_id, StreamStatus.MAKING.value, WAITING)
release_dead_claims, give_back_claims = WORK.release_dead, WORK.give_back
postpone_attempt = WORK.postpone


# Why there is no stream.
FAILURES = {
    "duration": _l("The video is longer than twelve hours. Split it into parts and send those."),
    "frames": _l(
        "The video shows less than one picture a second."
        " Save it anew with more of them, or its slides as PDF, and send that."
    ),
    "limits": _l(
        "Converting the video took more time, memory or room than is allowed."
        " A shorter video, or one with a smaller picture, may work."
    ),
    "broken": _l(
        "The pictures of the video could not be read to the end. It may be damaged:"
        " watch it on your computer, save it anew as MP4 (H.264) and send that."
    ),
    "crashed": _l("Something failed on our side while the video was converted."),
    "interrupted": _l("The conversion was interrupted several times."),
}


@dataclass(frozen=True, slots=True)
class ShownStream:
    """How far a conversion is, as one person may see it; `failure` is a sentence, or empty."""

    status: StreamStatus
    percent: int
    failure: str
    may_retry: bool


def show_stream(user: User | None, material: Material) -> ShownStream | None:
    """Why it failed is for those who could do something about it.

    None: no video, not asked for, or put off until the material is shown to anybody.
    """
    stream = find_stream(material.file)
    waits = stream is not None and stream.status == StreamStatus.WAITING
    if stream is None or (waits and material.status not in SHOWN):
        return None
    failed = stream.status == StreamStatus.FAILED and may(user, Permission.RETRY, material)
    return ShownStream(
        StreamStatus(stream.status),
        stream.percent,
        failure_message(stream.error) if failed else "",
        failed and stream.is_curable,
    )


def failure_message(code: str) -> str:
    """Why there is no stream, a sentence in the reader's language."""
    return str(FAILURES.get(code, FAILURES["broken"]))


def failure_code(refused: FileRefused) -> str:
    """What is kept of a refusal: the detail where it has a sentence of its own, else the code."""
    detail = str(refused.details.get("detail", ""))
    return detail if detail in FAILURES else refused.code


def retry_stream(user: User | None, material: Material) -> None:
    """Convert it once more, from the beginning. Raises Forbidden, Conflict."""
    if not may(user, Permission.RETRY, material):
        raise Forbidden
    stream = find_stream(material.file)
    if stream is None or not stream.is_curable:
        raise Conflict(_l("Another try cannot cure this."))
    # It is asked once more that it has failed: of two who try again one may be late, and the work
    # of the other must not be thrown away.
    again = update(Stream).where(
        Stream.file_id == stream.file_id, Stream.status == StreamStatus.FAILED
    )
    values = {**WORK.left, "attempts": 0, "error": "", "finished_at": None}
    if change_rows(again.values(**values)) == 0:
        raise Conflict(_l("Somebody has already settled this."))
    db.session.refresh(stream)


def streams_in(*statuses: StreamStatus) -> Select[Material]:
    """The materials whose streams stand so, the newest first."""
    query = select(Material).join(Stream, Stream.file_id == Material.file_id)
    return query.where(Stream.status.in_(statuses)).order_by(Material.id.desc())


def find_streams(materials: Iterable[Material]) -> dict[int, Stream]:
    """The streams of these materials' files, by the file's id."""
    ids = [material.file_id for material in materials]
    found = db.session.scalars(select(Stream).where(Stream.file_id.in_(ids)))
    return {stream.file_id: stream for stream in found}


def find_stream(file: StoredFile) -> Stream | None:
    """How far the conversion of this file is; None where none was asked for."""
    return db.session.get(Stream, file.id)


def request_stream(file: StoredFile) -> None:
    """Have a video cut for playing, once. Other files are left alone."""
    if file.kind == "video":
        insert_if_absent(Stream, file_id=file.id, **_as_new())


def _as_new() -> dict[str, Any]:
    return {
        **WAITING,
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
    return change_rows(again.values(**WORK.left, attempts=0)) if lost else 0


# In work -------------------------------------------------------------------------------------


def _unattended() -> ColumnElement[bool]:
    return or_(Stream.status == StreamStatus.WAITING, WORK.is_silent())


def list_unattended(limit: int = 1000) -> list[int]:
    """Ids of files whose stream nobody makes, the newest first."""
    query = select(Stream.file_id).join(Stream.file).where(_unattended(), _shown())
    return list(db.session.scalars(query.order_by(Stream.file_id.desc()).limit(limit)))


def claim_stream(file_id: int) -> str | None:
    """Take the conversion in hand; None when it is done, gone, or in other hands.

    One UPDATE decides, so of two workers one gets it. The attempt after the last ends in `failed`.
    The same bytes are cut once: where they are ready already this stream is, too.
    """
    claim = WORK.take(file_id, _unattended(), ~_twin_is_made(), percent=0)
    if claim is None:
        return None
    stream = db.session.get_one(Stream, file_id, populate_existing=True)
    twin = _find_ready_twin(stream)
    if twin is not None:
        _end(file_id, claim, StreamStatus.READY, size=twin.size, percent=100)
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
    WORK.own(file_id, claim, heartbeat_at=utcnow(), percent=percent)


# Ends ----------------------------------------------------------------------------------------


def save_stream(file: StoredFile, made: StreamFiles, on_piece: Callable[[], None]) -> None:
    """Move what was made into the storage, in place of what an attempt has left that broke off.

    `on_piece` is called before each of the files that is saved or removed; what it raises ends the
    work, so who has lost the claim no longer touches what another has made.
    """
    sha256 = file.sha256  # a commit of `on_piece` would have it read anew each time
    wanted = {name: stream_key(sha256, name) for name in made.names}
    left = {found.key for found in storage().list_keys(stream_key(sha256, ""))}
    for name, key in wanted.items():
        on_piece()
        storage().save(made.folder / name, key)
    for key in left.difference(wanted.values()):
        on_piece()
        storage().delete(key)


def finish_stream(file_id: int, claim: str, size: int) -> None:
    """It can be played from now on. Raises ClaimLost."""
    _end(file_id, claim, StreamStatus.READY, size=size, percent=100)


def fail_stream(file_id: int, claim: str, code: str) -> None:
    """There will be none: the original is played. Raises ClaimLost."""
    _end(file_id, claim, StreamStatus.FAILED, error=code)


def give_up_attempt(file_id: int, claim: str, code: str) -> bool:
    """An attempt broke down: leave it for the next, or fail after the last. True if it failed."""
    if WORK.leave_for_next(file_id, claim):
        return False
    fail_stream(file_id, claim, code)
    return True


def _end(file_id: int, claim: str, status: StreamStatus, **values: Any) -> None:
    ended = {"status": status.value, "finished_at": utcnow(), "claim": "", "heartbeat_at": None}
    WORK.own(file_id, claim, **ended, **values)
