"""What happens to an uploaded file in the background, and the reconciler behind it."""

from __future__ import annotations

import logging
import tempfile
from functools import partial
from pathlib import Path

from sqlalchemy import inspect as inspect_database

from edu.extensions import db, settings, storage
from edu.materials.models import Material
from edu.media import service
from edu.media.previews import save_preview
from edu.media.process import Processed, process_file
from edu.storage.base import original_key
from edu.storage.incoming import remove_leftovers
from jobs.attempts import Attempt, Heartbeat
from jobs.likeness import compare_text
from jobs.notifications import announce, deliver
from jobs.queue import every_minute, job, list_waiting
from jobs.sandbox import shared_sandbox
from jobs.search import update_index
from jobs.streams import make_stream

log = logging.getLogger(__name__)
# No upload and no job takes a day: what is older was left by a process that died.
LEFTOVER_S = 24 * 3600
# What a second try may cure: a busy machine, a child that the system has killed.
PASSING = {("limits", "time"), ("crashed", "")}


@job()
def process_material(material_id: int) -> None:
    """Take the file of a material apart and move the material on."""
    claim = service.claim_material(material_id)
    db.session.commit()
    if claim is None:
        return
    Attempt(
        f"material {material_id}",
        work=lambda: _process(material_id, claim),
        postpone=lambda: service.postpone_attempt(material_id, claim),
        give_up=lambda code: service.give_up_attempt(material_id, claim, code),
        fail=lambda refused: service.fail_material(material_id, claim, refused.code),
        ended=lambda failed: _tell_or_retry(material_id, failed=failed),
        passing=PASSING,
    ).make()


def _tell_or_retry(material_id: int, *, failed: bool) -> None:
    if failed:
        announce.enqueue()
    else:
        process_material.enqueue(material_id)


def _process(material_id: int, claim: str) -> None:
    file = db.session.get_one(Material, material_id).file
    file_id, sha256, name = file.id, file.sha256, file.name
    db.session.commit()
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    beat = Heartbeat(partial(service.beat, material_id, claim))
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
    deliver.enqueue()  # to those who review it
    compare_text.enqueue(material_id)
    if result.kind == "video":
        make_stream.enqueue(file_id)


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
