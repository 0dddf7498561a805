"""Videos are cut for playing in a lane of their own, and the reconciler behind it."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import inspect as inspect_database

from edu.extensions import db, settings, storage
from edu.materials.models import StoredFile
from edu.media.limits import Limits
from edu.media.streaming import cut_video, output_mb
from edu.storage.base import original_key
from edu.streams import service
from edu.streams.models import Stream
from jobs.attempts import Attempt, Heartbeat
from jobs.lanes import Lane
from jobs.queue import every_hour, every_minute, job, list_waiting
from jobs.sandbox import shared_sandbox

log = logging.getLogger(__name__)
# What one conversion may take: so long for a start, and so many times the length of the video.
_START_S, _TIMES = 300, 20
_MB, _MORE_MB = 1024 * 1024, 16


LANE = Lane()


def lane_places() -> int:
    """However many videos wait, at least one worker has none in hand."""
    return max(1, settings().workers - 1)


def heartbeat(file_id: int, claim: str) -> Heartbeat:
    """Shows how much is made; what comes before and after that does not count."""
    made = 0

    def write(step: str, percent: int) -> None:
        nonlocal made
        made = max(made, percent) if step == "stream" else made
        service.beat(file_id, claim, made)

    return Heartbeat(write)


@job(priority=-10)
def make_stream(file_id: int) -> None:
    """Cut a video for playing, if the lane has a place; the next one follows by itself."""
    with LANE.enter(lane_places()) as entered:
        worked = entered and _make(file_id)
    if worked:
        _enqueue_next()


def _make(file_id: int) -> bool:
    """True when there was work to do, whatever has come of it, and the storage answers."""
    if not _has_room(file_id):
        return False
    claim = service.claim_stream(file_id)
    db.session.commit()
    if claim is None:
        return False
    return Attempt(
        f"stream {file_id}",
        work=lambda: _convert(file_id, claim),
        postpone=lambda: service.postpone_attempt(file_id, claim),
        give_up=lambda code: service.give_up_attempt(file_id, claim, code),
        fail=lambda refused: service.fail_stream(file_id, claim, service.failure_code(refused)),
    ).make()


def _has_room(file_id: int) -> bool:
    """Whether the disk has place for pieces of the file's size, and of a little more."""
    file = db.session.get(StoredFile, file_id)
    if file is None or _room_mb() > file.size // _MB + _MORE_MB:
        return file is not None
    log.warning("stream %d: waits for room on the disk", file_id)
    return False


def _room_mb() -> int:
    """How much one conversion may write: twice, where it is made and in the storage."""
    free = shutil.disk_usage(settings().data_dir).free - settings().min_free_bytes
    return max(0, free // 2 // _MB)


def _convert(file_id: int, claim: str) -> None:
    file = db.session.get_one(StoredFile, file_id)
    key, limits = original_key(file.sha256), _limits(file.size, file.duration)
    db.session.commit()
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    beat = heartbeat(file_id, claim)
    with (
        tempfile.TemporaryDirectory(dir=work_root, prefix=f"s{file_id}-") as folder,
        storage().local_path(key, lambda: beat("fetch", 0)) as source,
    ):
        made = cut_video(shared_sandbox(), source, Path(folder), limits, beat)
        service.save_stream(file, made, lambda: beat("save", 0))
    service.finish_stream(file_id, claim, made.size)
    db.session.commit()
    how = "cut as it is" if made.copied else "written anew"
    log.info("stream %d: %s, %d files", file_id, how, len(made.names))


def _limits(size: int, duration: float | None) -> Limits:
    config = settings()
    wall_s = config.stream_wall_s
    cpu_s = config.stream_cpu_s
    if duration is not None:
        wall_s = min(wall_s, int(_START_S + _TIMES * duration))
        cpu_s = min(cpu_s, int(2 * (_START_S + _TIMES * duration)))
    return Limits(
        memory_mb=config.stream_memory_mb,
        cpu_s=cpu_s,
        wall_s=wall_s,
        # Newer codecs need far fewer bytes than what is made of them: the rest must stay free.
        output_mb=min(output_mb(size), _room_mb()),
    )


def _enqueue_next() -> None:
    # As many as there are places: those behind them wait in the database, not in the queue.
    waiting = list_waiting(make_stream)
    for file_id in service.list_unattended(lane_places()):
        if (file_id,) not in waiting:
            make_stream.enqueue(file_id)


@every_minute
@job(priority=5)
def reconcile_streams() -> None:
    """Find videos without a stream, and conversions that were left lying by a process that died."""
    if not inspect_database(db.engine).has_table(Stream.__tablename__):
        return  # a worker may start before the first migration has run
    freed, missing = service.release_dead_claims(), service.request_missing()
    db.session.commit()
    if freed or missing:
        log.info("streams: %d freed, %d asked for", freed, missing)
    _enqueue_next()


@every_hour
@job()
def renew_streams() -> None:
    """Streams that were not restored, or removed by hand, are made again."""
    lost = service.renew_lost()
    db.session.commit()
    if lost:
        log.info("streams: %d lost, asked for again", lost)
        _enqueue_next()
