"""Videos are cut for playing in a lane of their own, and the reconciler behind it."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect as inspect_database

from edu.extensions import db, settings, storage
from edu.materials.models import StoredFile
from edu.media.errors import FileRefused
from edu.media.limits import Limits
from edu.media.streaming import cut_video, output_mb
from edu.storage.base import StorageUnavailable, original_key
from edu.streams import service
from edu.streams.models import Stream
from jobs.queue import every_hour, every_minute, job, list_waiting
from jobs.sandbox import shared_sandbox

log = logging.getLogger(__name__)
BEAT_EVERY_S = 1.0
# What one conversion may take: so long for a start, and so many times the length of the video.
_START_S, _TIMES = 300, 20


class Lane:
    """So many conversions at once in this process, and no more: the others stay in the database."""

    def __init__(self) -> None:
        self._lock, self._busy = threading.Lock(), 0

    @contextlib.contextmanager
    def enter(self, places: int) -> Iterator[bool]:
        """Yield whether there was a place; it is free again with the end of the block."""
        with self._lock:
            entered = self._busy < places
            self._busy += entered
        try:
            yield entered
        finally:
            with self._lock:
                self._busy -= entered


LANE = Lane()


def lane_places() -> int:
    """However many videos wait, at least one worker has none in hand."""
    return max(1, settings().workers - 1)


class Heartbeat:
    """Writes progress into the stream's row, at most once a second."""

    def __init__(self, file_id: int, claim: str) -> None:
        self.file_id, self.claim = file_id, claim
        self.last, self.percent = 0.0, 0

    def __call__(self, step: str, percent: int) -> None:
        """Called by the sandbox. Raises ClaimLost, which ends the child."""
        if step == "stream":
            self.percent = max(self.percent, percent)
        if time.monotonic() - self.last < BEAT_EVERY_S:
            return
        service.beat(self.file_id, self.claim, self.percent)
        db.session.commit()
        self.last = time.monotonic()


@job(priority=-10)
def make_stream(file_id: int) -> None:
    """Cut a video for playing, if the lane has a place; the next one follows by itself."""
    with LANE.enter(lane_places()) as entered:
        worked = entered and _make(file_id)
    if worked:
        _enqueue_next()


def _make(file_id: int) -> bool:
    """True when there was work to do, whatever has come of it."""
    if not _has_room(file_id):
        return False
    claim = service.claim_stream(file_id)
    db.session.commit()
    if claim is None:
        return False
    try:
        _convert(file_id, claim)
    except service.ClaimLost:
        db.session.rollback()
        log.warning("stream %d: another worker has taken it over", file_id)
    except FileRefused as refused:
        db.session.rollback()
        log.info("stream %d: refused as %s %r", file_id, refused.code, refused.details)
        _end_badly(file_id, claim, refused.code, passing=False)
    except StorageUnavailable:  # no fault of the video: the reconciler asks again in a minute
        db.session.rollback()
        log.warning("stream %d: the storage does not answer", file_id)
        with contextlib.suppress(service.ClaimLost):
            service.postpone_attempt(file_id, claim)
        db.session.commit()
        return False
    except Exception:  # a fault of ours or of the machine costs an attempt, never the worker
        db.session.rollback()
        log.exception("stream %d: the conversion broke down", file_id)
        _end_badly(file_id, claim, "crashed", passing=True)
    return True


def _has_room(file_id: int) -> bool:
    """Whether the disk has place for the pieces twice: where they are made, and in the storage."""
    file = db.session.get(StoredFile, file_id)
    free = shutil.disk_usage(settings().data_dir).free
    if file is None or free - 2 * file.size > settings().min_free_bytes:
        return file is not None
    log.warning("stream %d: waits for room on the disk", file_id)
    return False


def _convert(file_id: int, claim: str) -> None:
    file = db.session.get_one(StoredFile, file_id)
    key, limits = original_key(file.sha256), _limits(file.size, file.duration)
    db.session.commit()
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    beat = Heartbeat(file_id, claim)
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
        output_mb=output_mb(size),
    )


def _end_badly(file_id: int, claim: str, code: str, *, passing: bool) -> None:
    try:
        if passing:
            service.give_up_attempt(file_id, claim, code)
        else:
            service.fail_stream(file_id, claim, code)
        db.session.commit()
    except service.ClaimLost:
        db.session.rollback()


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
