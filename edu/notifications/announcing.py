"""Telling followers of new materials, in steps that may stop anywhere and be taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import select

from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.notifications.models import Topic
from edu.notifications.records import add_notifications
from edu.subscriptions.service import find_followers

CHUNK = 200  # people told in one transaction


def list_unannounced(after: int = 0, limit: int = 100) -> list[int]:
    """Ids, beyond `after`, of published materials that search finds and nobody was told of."""
    query = select(Material.id).where(
        Material.status == MaterialStatus.ACTIVE,
        Material.announced_at.is_(None),
        Material.indexed_revision != 0,
        Material.id > after,
    )
    return list(db.session.scalars(query.order_by(Material.id).limit(limit)))


def announce_material(material_id: int) -> Iterator[None]:
    """Tell all followers of a material; the caller commits at each step.

    What was told before a crash is not told again. The material counts as announced with the last
    step only, so what was not told is told later. Raises Unavailable without an index.
    """
    material = db.session.get(Material, material_id, populate_existing=True)
    if material is None or material.status != MaterialStatus.ACTIVE or material.announced_at:
        return
    notes = find_followers(material)
    names = {"kind": "new", "occasion": f"material:{material_id}", "material_id": material_id}
    waiting = iter(sorted(notes.items()))
    chunk = dict(islice(waiting, CHUNK))
    while len(chunk) == CHUNK:
        add_notifications(chunk, Topic.MATERIALS, **names)
        yield
        chunk = dict(islice(waiting, CHUNK))
    add_notifications(chunk, Topic.MATERIALS, **names)
    material.announced_at = utcnow()
    db.session.flush()
    yield
