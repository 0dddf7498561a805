"""The processing half of a material's life: claim, heartbeat, end (edu/claims.py says how)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select, update

from edu.claims import Claims
from edu.errors import Conflict
from edu.extensions import change_rows, db, settings, storage, utcnow
from edu.materials.models import DOCX, Material, MaterialStatus, Passage, StoredFile
from edu.media.language import SAMPLE, detect_language
from edu.media.process import Processed
from edu.media.spoken import add_speech, save_passages
from edu.notifications.service import notify_decision
from edu.notifications.telling import notify_waiting
from edu.permissions import Permission, may
from edu.storage.base import thumbnail_key
from edu.streams.service import request_stream

FIRST_TEXTS = 40  # passages that tell the language


WORK = Claims(Material.id, MaterialStatus.PROCESSING.value, {"step": "queued"})
release_dead_claims, give_back_claims = WORK.release_dead, WORK.give_back
postpone_attempt = WORK.postpone


def list_unattended(limit: int = 1000) -> list[int]:
    """Ids of materials that stand in `processing` without anybody working on them."""
    query = select(Material.id).where(WORK.is_silent())
    return list(db.session.scalars(query.order_by(Material.id).limit(limit)))


def count_in_work() -> int:
    """How many materials stand in `processing`, claimed or not."""
    query = select(func.count()).where(Material.status == MaterialStatus.PROCESSING)
    return db.session.scalar(query) or 0


def claim_material(material_id: int) -> str | None:
    """Take the material in hand; None when it is done, gone, or in other hands.

    One UPDATE decides, so of two workers one gets it. The attempt after the last ends in `failed`.
    """
    claim = WORK.take(material_id, WORK.is_silent(), step="inspect", percent=0)
    if claim is None:
        return None
    material = db.session.get_one(Material, material_id, populate_existing=True)
    if material.attempts > settings().max_attempts:
        fail_material(material_id, claim, "interrupted")
        return None
    return claim


def beat(material_id: int, claim: str, step: str, percent: int) -> None:
    """Show that the work goes on. Raises ClaimLost."""
    WORK.own(material_id, claim, heartbeat_at=utcnow(), step=step, percent=percent)


def finish_material(material_id: int, claim: str, result: Processed) -> Material:
    """Keep what was found and move the material on. Raises ClaimLost.

    What its uploader may publish is published at once, and so is what was published before: only
    who may publish it could have given it another file. Everything else waits for review.
    """
    WORK.own(material_id, claim, heartbeat_at=utcnow(), step="save")
    material = db.session.get_one(Material, material_id, populate_existing=True)
    _save_file_facts(material, result)
    request_stream(material.file)
    save_passages(material, add_speech(material.file, result.passages))
    # What a person has said of it stands.
    material.language = material.language or find_language(material)
    known_good = material.published_at is not None
    if known_good or may(material.uploader, Permission.PUBLISH, category=material.category):
        material.status = MaterialStatus.ACTIVE.value
        material.published_at = material.published_at or utcnow()
    else:
        material.status = MaterialStatus.PENDING.value
        notify_waiting(material)
    material.step, material.percent, material.error = "", 100, ""
    material.claim, material.heartbeat_at = "", None
    material.touch()
    db.session.flush()
    return material


def list_unconverted(limit: int) -> list[int]:
    """Ids of documents that are older than previews, the newest first: none was ever tried."""
    read = select(Material.file_id).where(
        Material.status.not_in((MaterialStatus.PROCESSING, MaterialStatus.FAILED))
    )
    query = select(StoredFile.id).where(
        StoredFile.has_preview.is_(None), StoredFile.media_type == DOCX, StoredFile.id.in_(read)
    )
    return list(db.session.scalars(query.order_by(StoredFile.id.desc()).limit(limit)))


def find_language(material: Material) -> str:
    """The language of the text as it was saved last, "" where it cannot be told."""
    query = select(func.substr(Passage.text, 1, SAMPLE)).order_by(Passage.number)
    texts = db.session.scalars(query.where(Passage.material_id == material.id).limit(FIRST_TEXTS))
    return detect_language(texts, material.title)


def _save_file_facts(material: Material, result: Processed) -> None:
    file = material.file
    file.media_type, file.pages, file.duration = result.media_type, result.pages, result.duration
    file.width, file.height, file.text_ok = result.width, result.height, result.text_ok
    file.has_preview = result.preview is not None
    if result.thumbnail is not None:
        storage().save(Path(result.thumbnail), thumbnail_key(file.sha256))
        file.has_thumbnail = True


def fail_material(material_id: int, claim: str, code: str) -> None:
    """End in `failed` with the code of a sentence that tells what to do. Raises ClaimLost."""
    values = {
        "status": MaterialStatus.FAILED.value,
        "error": code,
        "heartbeat_at": None,
        "step": "",
    }
    WORK.own(material_id, claim, **values, claim="")
    material = db.session.get_one(Material, material_id, populate_existing=True)
    notify_decision(material, "failed")


def give_up_attempt(material_id: int, claim: str, code: str) -> bool:
    """An attempt broke down: leave it for the next, or fail after the last. True if it failed."""
    if WORK.leave_for_next(material_id, claim):
        return False
    fail_material(material_id, claim, code)
    return True


def retry_material(material: Material) -> None:
    """Start over what has failed. Raises Conflict when it has not, or was deleted since."""
    # Writes first: who deletes it at this moment waits, or has been before.
    failed = update(Material).where(
        Material.id == material.id, Material.status == MaterialStatus.FAILED
    )
    if change_rows(failed.values(revision=Material.revision + 1)) == 0:
        raise Conflict
    db.session.refresh(material)
    start_processing(material)


def start_processing(material: Material) -> None:
    """From the beginning; whoever has the material in hand loses the claim to it.

    A language that was found in the text is found anew, one that a person has corrected stays.
    """
    if material.language == find_language(material):
        material.language = ""
    material.status, material.error = MaterialStatus.PROCESSING.value, ""
    material.attempts, material.percent, material.step = 0, 0, "queued"
    material.claim, material.heartbeat_at = "", None
    db.session.flush()
