"""Documents that are older than previews get theirs, a few each hour."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from sqlalchemy import inspect

from edu.extensions import db, settings, storage
from edu.materials.models import StoredFile
from edu.media.previews import SECTIONS, make_preview, save_preview
from edu.media.service import list_unconverted
from edu.storage.base import original_key, preview_key
from jobs.queue import every_hour, job
from jobs.sandbox import shared_sandbox

log = logging.getLogger(__name__)
AN_HOUR = 30  # documents of a second or two each


@every_hour
@job(priority=-10)
def make_old_previews() -> None:
    """Convert documents for which it was never tried; what cannot be converted is not tried again.

    Where the machine or the storage fails, the rest waits for another hour.
    """
    if not inspect(db.engine).has_table(StoredFile.__tablename__):
        return  # a worker may start before the first migration has run
    for file_id in list_unconverted(AN_HOUR):
        file = db.session.get_one(StoredFile, file_id)
        sha256 = file.sha256
        db.session.commit()
        made = _has_preview(sha256)
        db.session.get_one(StoredFile, file_id).has_preview = made
        db.session.commit()
        log.info("file %d: %s", file_id, "has a preview" if made else "cannot be shown as a page")


def _has_preview(sha256: str) -> bool:
    if storage().exists(preview_key(sha256, SECTIONS)):  # made when the file was processed
        return True
    if not storage().exists(original_key(sha256)):
        log.warning("file %s: the storage has lost it", sha256)
        return False
    work_root = settings().data_dir / "work"
    work_root.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=work_root, prefix=f"d{sha256[:8]}-") as folder,
        storage().local_path(original_key(sha256)) as source,
    ):
        return _convert(sha256, source, Path(folder))


def _convert(sha256: str, source: Path, folder: Path) -> bool:
    preview = make_preview(shared_sandbox(), source, folder / "preview", _ignore)
    if preview is None:
        return False
    save_preview(storage(), sha256, preview, folder, _ignore)
    return True


def _ignore(step: str, percent: int) -> None:
    """Nobody waits for this."""
