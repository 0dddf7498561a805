"""The processing half of a material's life: claim, heartbeat, end, and what was left lying.

The database is the truth: a worker owns a material only as long as its claim stands in the row and
its heartbeat is fresh. Every function here may run twice, or after a crash, with the same end.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select, update

from edu.claims import new_claim, owner_is_dead, this_process
from edu.errors import Conflict
from edu.extensions import change_rows, db, settings, storage, utcnow
from edu.materials.models import Material, MaterialStatus, Passage
from edu.media.language import SAMPLE, detect_language
from edu.media.process import Processed
from edu.notifications.service import notify_decision
from edu.permissions import Permission, may
from edu.storage.base import thumbnail_key
from edu.streams.service import request_stream

FIRST_TEXTS = 40  # passages that tell the language


class ClaimLost(Exception):
    """Another worker has taken the material over; whatever this one holds is worth nothing."""


def _silent(query: Select[Any]) -> Select[Any]:
    limit = utcnow() - timedelta(seconds=settings().heartbeat_timeout_s)
    return query.where(
        Material.status == MaterialStatus.PROCESSING,
        or_(Material.heartbeat_at.is_(None), Material.heartbeat_at < limit),
    )


def release_dead_claims() -> int:
    """Free the materials of processes of this host that are gone; counts them."""
    query = select(Material.id, Material.claim).where(
        Material.status == MaterialStatus.PROCESSING, Material.heartbeat_at.is_not(None)
    )
    claims = [(row.id, row.claim) for row in db.session.execute(query)]
    # The claim is asked for again: another worker may have taken the material since.
    return sum(
        change_rows(
            update(Material)
            .where(Material.id == material_id, Material.claim == claim)
            .values(heartbeat_at=None)
        )
        for material_id, claim in claims
        if owner_is_dead(claim)
    )


def list_unattended(limit: int = 1000) -> list[int]:
    """Ids of materials that stand in `processing` without anybody working on them."""
    return list(db.session.scalars(_silent(select(Material.id)).order_by(Material.id).limit(limit)))


def give_back_claims() -> int:
    """Before this process stops: leave what it has in hand to others, without a lost attempt."""
    mine = Material.claim.startswith(f"{this_process()}:", autoescape=True)
    back = update(Material).where(Material.status == MaterialStatus.PROCESSING, mine)
    return change_rows(
        back.values(heartbeat_at=None, claim="", step="queued", attempts=Material.attempts - 1)
    )


def count_in_work() -> int:
    """How many materials stand in `processing`, claimed or not."""
    query = select(func.count()).where(Material.status == MaterialStatus.PROCESSING)
    return db.session.scalar(query) or 0


def claim_material(material_id: int) -> str | None:
    """Take the material in hand; None when it is done, gone, or in other hands.

    One UPDATE decides, so of two workers one gets it. The attempt after the last ends in `failed`.
    """
    claim = new_claim()
    limit = utcnow() - timedelta(seconds=settings().heartbeat_timeout_s)
    taken = update(Material).where(
        Material.id == material_id,
        Material.status == MaterialStatus.PROCESSING,
        or_(Material.heartbeat_at.is_(None), Material.heartbeat_at < limit),
    )
    taken = taken.values(
        claim=claim,
        heartbeat_at=utcnow(),
        attempts=Material.attempts + 1,
        step="inspect",
        percent=0,
    )
    if change_rows(taken) == 0:
        return None
    material = db.session.get_one(Material, material_id, populate_existing=True)
    if material.attempts > settings().max_attempts:
        fail_material(material_id, claim, "interrupted")
        return None
    return claim


def beat(material_id: int, claim: str, step: str, percent: int) -> None:
    """Show that the work goes on. Raises ClaimLost."""
    values = {"heartbeat_at": utcnow(), "step": step, "percent": percent}
    _own(update(Material).values(**values), material_id, claim)


def finish_material(material_id: int, claim: str, result: Processed) -> Material:
    """Keep what was found and move the material on. Raises ClaimLost.

    What its uploader may publish is published at once, and so is what was published before: only
    who may publish it could have given it another file. Everything else waits for review.
    """
    _own(update(Material).values(heartbeat_at=utcnow(), step="save"), material_id, claim)
    material = db.session.get_one(Material, material_id, populate_existing=True)
    _save_file_facts(material, result)
    request_stream(material.file)
    db.session.execute(delete(Passage).where(Passage.material_id == material_id))
    rows = [
        {"material_id": material_id, "number": p.number, "heading": p.heading, "text": p.text}
        for p in result.passages
    ]
    if rows:
        db.session.execute(insert(Passage), rows)
    # What a person has said of it stands.
    material.language = material.language or find_language(material)
    known_good = material.published_at is not None
    if known_good or may(material.uploader, Permission.PUBLISH, category=material.category):
        material.status = MaterialStatus.ACTIVE.value
        material.published_at = material.published_at or utcnow()
    else:
        material.status = MaterialStatus.PENDING.value
    material.step, material.percent, material.error = "", 100, ""
    material.claim, material.heartbeat_at = "", None
    material.touch()
    db.session.flush()
    return material


def find_language(material: Material) -> str:
    """The language of the text as it was saved last, "" where it cannot be told."""
    query = select(func.substr(Passage.text, 1, SAMPLE)).order_by(Passage.number)
    texts = db.session.scalars(query.where(Passage.material_id == material.id).limit(FIRST_TEXTS))
    return detect_language(texts, material.title)


def _save_file_facts(material: Material, result: Processed) -> None:
    file = material.file
    file.media_type, file.pages, file.duration = result.media_type, result.pages, result.duration
    file.width, file.height, file.text_ok = result.width, result.height, result.text_ok
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
    _own(update(Material).values(**values, claim=""), material_id, claim)
    material = db.session.get_one(Material, material_id, populate_existing=True)
    notify_decision(material, "failed")


def give_up_attempt(material_id: int, claim: str, code: str) -> bool:
    """An attempt broke down: leave it for the next, or fail after the last. True if it failed."""
    material = db.session.get_one(Material, material_id, populate_existing=True)
    if material.attempts >= settings().max_attempts:
        fail_material(material_id, claim, code)
        return True
    _own(update(Material).values(heartbeat_at=None, step="queued", claim=""), material_id, claim)
    return False


def postpone_attempt(material_id: int, claim: str) -> None:
    """Leave it for later, without a lost attempt. Raises ClaimLost."""
    later = {"heartbeat_at": None, "step": "queued", "claim": "", "attempts": Material.attempts - 1}
    _own(update(Material).values(**later), material_id, claim)


def retry_material(material: Material) -> None:
    """Start over what has failed. Raises Conflict when it has not."""
    if material.status != MaterialStatus.FAILED:
        raise Conflict
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


def _own(statement: Any, material_id: int, claim: str) -> None:
    mine = statement.where(
        Material.id == material_id,
        Material.claim == claim,
        Material.status == MaterialStatus.PROCESSING,
    )
    if change_rows(mine) == 0:
        raise ClaimLost
