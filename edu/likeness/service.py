"""Almost the same text in another file: prints of texts are made and compared, pairs are shown.

A print is found missing, stale or not compared in the database, so every step may be lost or done
twice. A print is committed before others like it are looked for: of two that are made at the same
time the one that looks later sees both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from edu.accounts.models import User
from edu.extensions import MAX_ID, change_rows, db, insert_if_absent
from edu.likeness.models import SimilarText, TextBand, TextPrint
from edu.materials.models import DOCX, Material, MaterialStatus, Passage, StoredFile
from edu.materials.service import visible_to
from edu.media.prints import guess_likeness, jaccard, make_print, share_of_smaller, shingles
from edu.permissions import Permission, may
from edu.site.database import lock_table

# Almost the same text: most of the shorter one, and of neither much more than of the other.
LEAST_SHARE, LEAST_JACCARD = 0.7, 0.5
LEAST_GUESS = 0.35  # of the Jaccard index; an estimate is that far off once in a thousand times
MOST_CANDIDATES, MOST_MEASURED, MOST_SHOWN = 100, 5, 3
_UNREAD = (MaterialStatus.PROCESSING, MaterialStatus.FAILED)
_SHOWN = (MaterialStatus.ACTIVE, MaterialStatus.PENDING)


@dataclass(frozen=True, slots=True)
class Similar:
    """Another material; so much of the shorter of both texts is in the longer, word for word."""

    id: int
    title: str
    percent: int


# Prints ---------------------------------------------------------------------------------------


def list_uncompared(below: int = MAX_ID, limit: int = 100) -> list[int]:
    """Ids of materials whose text has no print, an old one, or one to be compared; newest first.

    They are less than `below`.
    """
    due = or_(
        TextPrint.material_id.is_(None),
        TextPrint.file_id != Material.file_id,
        TextPrint.compared.is_(False),
    )
    query = select(Material.id).outerjoin(TextPrint, TextPrint.material_id == Material.id)
    query = query.where(Material.status.not_in(_UNREAD), due, Material.id < below)
    return list(db.session.scalars(query.order_by(Material.id.desc()).limit(limit)))


def print_text(material_id: int) -> bool:
    """Have a print of the present text; False when the material is gone or has just changed."""
    query = select(Material.file_id, Material.revision).where(Material.id == material_id)
    read = db.session.execute(query.where(Material.status.not_in(_UNREAD))).one_or_none()
    if read is None:
        return False
    known = db.session.get(TextPrint, material_id, populate_existing=True)
    if known is not None and known.file_id == read.file_id:
        return True
    made = make_print(_shingles_of(material_id))
    # Writes first: who changes the text, or makes its print, waits or has been before.
    same = (Material.id == material_id, Material.revision == read.revision)
    if change_rows(update(Material).where(*same).values(file_id=read.file_id)) == 0:
        return False
    forget_print(material_id)
    row = {"material_id": material_id, "file_id": read.file_id, "size": made.size}
    row |= {"signature": made.signature, "compared": made.size == 0}
    db.session.execute(insert(TextPrint), [row])
    bands = [
        {"material_id": material_id, "band": band, "value": value}
        for band, value in enumerate(made.bands)
    ]
    if bands:
        db.session.execute(insert(TextBand), bands)
    return True


def forget_print(material_id: int) -> None:
    """The text has changed: what was found by it goes, and it is printed anew."""
    change_rows(delete(TextPrint).where(TextPrint.material_id == material_id))


def _shingles_of(material_id: int) -> set[int]:
    query = select(Passage.heading, Passage.text, StoredFile.media_type)
    query = query.join(Material, Material.id == Passage.material_id)
    query = query.join(StoredFile, StoredFile.id == Material.file_id)
    rows = db.session.execute(
        query.where(Passage.material_id == material_id).order_by(Passage.number)
    )
    # The headings of other files stand in their texts, too.
    return shingles(
        f"{row.heading} {row.text}" if row.media_type == DOCX else row.text for row in rows
    )


# Comparison -----------------------------------------------------------------------------------


def compare_text(material_id: int) -> int:
    """Find the materials with almost the same text and keep them as pairs; counts them."""
    own = db.session.get(TextPrint, material_id, populate_existing=True)
    if own is None or own.compared:
        return 0
    prints = {own.material_id: own.signature}
    candidates = _list_candidates(own)
    prints |= {each.material_id: each.signature for each in candidates}
    found = _measure(material_id, [each.material_id for each in candidates])
    lock_table(TextPrint)  # what was compared must be what the pair is of
    query = select(TextPrint).where(TextPrint.material_id.in_([material_id, *found]))
    rows = {row.material_id: row for row in db.session.scalars(query)}
    same = {number for number, row in rows.items() if row.signature == prints[number]}
    if material_id not in same:
        return 0
    rows[material_id].compared = True
    db.session.flush()
    return sum(_pair(material_id, number, found[number]) for number in found if number in same)


def _list_candidates(own: TextPrint) -> list[TextPrint]:
    """The few whose signatures look most like this one; equal bytes are told by their hash."""
    mine, theirs = aliased(TextBand), aliased(TextBand)
    file_of = select(StoredFile.sha256).where(StoredFile.id == own.file_id).scalar_subquery()
    shared = (
        select(theirs.material_id)
        .join(mine, (mine.band == theirs.band) & (mine.value == theirs.value))
        .where(mine.material_id == own.material_id, theirs.material_id != own.material_id)
        .group_by(theirs.material_id)
        .order_by(func.count().desc(), theirs.material_id)
        .limit(MOST_CANDIDATES)
    )
    query = select(TextPrint).join(StoredFile, StoredFile.id == TextPrint.file_id)
    query = query.where(TextPrint.material_id.in_(shared), StoredFile.sha256 != file_of)
    guesses = [
        (guess_likeness(own.signature, each.signature), each) for each in db.session.scalars(query)
    ]
    likely = sorted((g for g in guesses if g[0] >= LEAST_GUESS), key=lambda g: -g[0])
    return [each for _guess, each in likely[:MOST_MEASURED]]


def _measure(material_id: int, others: list[int]) -> dict[int, int]:
    """Percent of likeness of those that are alike indeed, by the shingles of their whole texts."""
    if not others:
        return {}
    own, found = _shingles_of(material_id), {}
    for number in others:
        other = _shingles_of(number)
        share = share_of_smaller(own, other)
        if share >= LEAST_SHARE and jaccard(own, other) >= LEAST_JACCARD:
            found[number] = int(100 * share)
    return found


def _pair(one: int, other: int, percent: int) -> bool:
    insert_if_absent(SimilarText, material_id=other, other_id=one, percent=percent)
    return insert_if_absent(SimilarText, material_id=one, other_id=other, percent=percent)


# Reading --------------------------------------------------------------------------------------


def can_compare(user: User | None, material: Material) -> bool:
    """Its uploader and its moderators are told what is like it."""
    return may(user, Permission.SEE_UNPUBLISHED, material)


def is_compared(material: Material) -> bool:
    """Whether what is like the present text has been looked for."""
    query = select(TextPrint.compared).where(TextPrint.material_id == material.id)
    return bool(db.session.scalar(query.where(TextPrint.file_id == material.file_id)))


def list_similar(user: User | None, material: Material) -> list[Similar]:
    """The materials with almost the same text, most alike first; none if it is not to be told."""
    return find_similar(user, [material])[material.id] if can_compare(user, material) else []


def find_similar(user: User | None, materials: Sequence[Material]) -> dict[int, list[Similar]]:
    """The same for many in one query, by their ids, for somebody who reviews all of them.

    Only what is in the library or waits for review, and the person may see.
    """
    found: dict[int, list[Similar]] = {material.id: [] for material in materials}
    query = select(SimilarText.material_id, Material.id, Material.title, SimilarText.percent)
    query = query.join(Material, Material.id == SimilarText.other_id)
    shown = and_(Material.status.in_(_SHOWN), visible_to(user))
    # In a CASE, or SQLite would rather go through all that are published.
    query = query.where(SimilarText.material_id.in_(found), case((shown, 1), else_=0) == 1)
    query = query.order_by(SimilarText.percent.desc(), Material.id)
    for row in db.session.execute(query):
        if len(similar := found[row.material_id]) < MOST_SHOWN:
            similar.append(Similar(row.id, row.title, row.percent))
    return found
