"""What happens to an uploaded file in the background, and the reconciler behind it."""

from __future__ import annotations

import functools
import logging
import tempfile
import time
from pathlib import Path

from sqlalchemy import inspect as inspect_database

from edu.assets import DIST
from edu.extensions import db, settings, storage
from edu.materials.models import Material
from edu.media import service
from edu.media.errors import FileRefused
from edu.media.process import Processed, process_file
from edu.media.sandbox import Limits, Sandbox
from edu.storage.base import original_key
from edu.storage.incoming import remove_leftovers
from jobs.notifications import announce
from jobs.queue import every_minute, job, list_waiting
from jobs.search import update_index

log = logging.getLogger(__name__)
BEAT_EVERY_S = 1.0
# No upload and no job takes a day: what is older was left by a process that died.
LEFTOVER_S = 24 * 3600
# What a second try may cure: a busy machine, a child that the system has killed.
PASSING = {("limits", "time"), ("crashed", "")}

FONT = DIST / "fonts" / "DejaVuSans.ttf"


@functools.cache
def _sandbox(limits: Limits) -> Sandbox:
    # One for the process: it keeps a child-maker for each thread that asks at the same time.
    return Sandbox(limits, font=FONT if FONT.is_file() else None)


def _limits() -> Limits:
    config = settings()
    return Limits(
        memory_mb=config.media_memory_mb, cpu_s=config.media_cpu_s, wall_s=config.media_wall_s
    )


class Heartbeat:
    """Writes progress into the material's row, at most once a second, and at each new step."""

    def __init__(self, material_id: int, claim: str) -> None:
        self.material_id, self.claim = material_id, claim
        self.last, self.step = 0.0, ""

    def __call__(self, step: str, percent: int) -> None:
        """Called by the sandbox. Raises ClaimLost, which ends the child."""
        if step == self.step and time.monotonic() - self.last < BEAT_EVERY_S:
            return
        service.beat(self.material_id, self.claim, step, percent)
        db.session.commit()
        self.last, self.step = time.monotonic(), step


@job()
def process_material(material_id: int) -> None:
    """Take the file of a material apart and move the material on."""
    claim = service.claim_material(material_id)
    db.session.commit()
    if claim is None:
        return
    try:
        _process(material_id, claim)
    except service.ClaimLost:
        db.session.rollback()
        log.warning("material %d: another worker has taken it over", material_id)
    except FileRefused as refused:
        db.session.rollback()
        log.info("material %d: refused as %s %r", material_id, refused.code, refused.details)
        passing = (refused.code, str(refused.details.get("detail", ""))) in PASSING
        _end_badly(material_id, claim, refused.code, passing=passing)
    except Exception:  # a fault of ours or of the machine costs an attempt, never the worker
        db.session.rollback()
        log.exception("material %d: processing broke down", material_id)
        _end_badly(material_id, claim, "crashed", passing=True)


def _process(material_id: int, claim: str) -> None:
    file = db.session.get_one(Material, material_id).file
    key, name = original_key(file.sha256), file.name
    db.session.commit()
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=work_root, prefix=f"m{material_id}-") as folder,
        storage().local_path(key) as source,
    ):
        beat = Heartbeat(material_id, claim)
        result: Processed = process_file(_sandbox(_limits()), source, name, Path(folder), beat)
        service.finish_material(material_id, claim, result)
        db.session.commit()
    update_index.enqueue()


def _end_badly(material_id: int, claim: str, code: str, *, passing: bool) -> None:
    try:
        if not passing:
            service.fail_material(material_id, claim, code)
        elif not service.give_up_attempt(material_id, claim, code):
            db.session.commit()
            process_material.enqueue(material_id)
            return
        db.session.commit()
        announce.enqueue()
    except service.ClaimLost:
        db.session.rollback()


@every_minute
@job(priority=5)
def reconcile() -> None:
    """Find what was left lying by a process that died, and put it back into the queue.

    A message may stand in the queue twice by this; the claim lets one of them work.
    """
    for name in ("incoming", "work"):
        if removed := remove_leftovers(settings().data_dir / name, LEFTOVER_S):
            log.info("reconciler: %d old files removed from %s", removed, name)
    if not inspect_database(db.engine).has_table(Material.__tablename__):
        return  # a worker may start before the first migration has run
    freed = service.release_dead_claims()
    db.session.commit()
    # Messages are read first: one that is taken in between counts as waiting still, not as lost.
    waiting = list_waiting(process_material)
    lost = [number for number in service.list_unattended() if (number,) not in waiting]
    for material_id in lost:
        process_material.enqueue(material_id)
    if freed or lost:
        log.info("reconciler: %d freed, %d enqueued again", freed, len(lost))
    update_index.enqueue()
