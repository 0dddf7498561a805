"""What happens to an uploaded file in the background, and the reconciler behind it."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import time
from pathlib import Path

from sqlalchemy import inspect as inspect_database

from edu.extensions import db, settings, storage
from edu.materials.models import Material
from edu.media import service
from edu.media.errors import FileRefused
from edu.media.previews import save_preview
from edu.media.process import Processed, process_file
from edu.storage.base import StorageUnavailable, original_key
from edu.storage.incoming import remove_leftovers
from jobs.notifications import announce
from jobs.queue import every_minute, job, list_waiting
from jobs.sandbox import shared_sandbox
from jobs.search import update_index
from jobs.streams import make_stream

log = logging.getLogger(__name__)
BEAT_EVERY_S = 1.0
# No upload and no job takes a day: what is older was left by a process that died.
LEFTOVER_S = 24 * 3600
# What a second try may cure: a busy machine, a child that the system has killed.
PASSING = {("limits", "time"), ("crashed", "")}


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
    except StorageUnavailable:  # no fault of the file: the reconciler asks again in a minute
        db.session.rollback()
        log.warning("material %d: the storage does not answer", material_id)
        with contextlib.suppress(service.ClaimLost):
            service.postpone_attempt(material_id, claim)
        db.session.commit()
    except Exception:  # a fault of ours or of the machine costs an attempt, never the worker
        db.session.rollback()
        log.exception("material %d: processing broke down", material_id)
        _end_badly(material_id, claim, "crashed", passing=True)


def _process(material_id: int, claim: str) -> None:
    file = db.session.get_one(Material, material_id).file
    file_id, sha256, name = file.id, file.sha256, file.name
    db.session.commit()
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    beat = Heartbeat(material_id, claim)
    with (
        tempfile.TemporaryDirectory(dir=work_root, prefix=f"m{material_id}-") as folder,
        storage().local_path(original_key(sha256), lambda: beat("inspect", 0)) as source,
    ):
        result: Processed = process_file(shared_sandbox(), source, name, Path(folder), beat)
        if result.preview is not None:
            save_preview(storage(), sha256, result.preview, Path(folder), beat)
        service.finish_material(material_id, claim, result)
        db.session.commit()
    update_index.enqueue()
    if result.kind == "video":
        make_stream.enqueue(file_id)


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
