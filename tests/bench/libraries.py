"""Libraries to search in: rows of materials, the real files, copies on another database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Table, insert, select

from edu.catalog.models import Category
from edu.extensions import Base, db, utcnow
from edu.materials.models import KINDS, Material, Passage, StoredFile, material_tags
from edu.materials.service import MAX_TITLE
from edu.ratings.models import Rating
from edu.search.indexing import has_pending, rebuild_index
from tests.bench.relevance import Text
from tests.product import Product, wait_until

BATCH = 500
_MEDIA_TYPES = {kind: media_type for media_type, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class NewMaterial:
    """What the rows of a material say. `stars` are those of the first people of the library."""

    id: int
    title: str
    passages: list[tuple[int, str, str]]  # number, heading, text
    category_id: int
    description: str = ""
    type: str = "lecture"
    kind: str = "pdf"
    language: str = "ru"
    semester: int | None = None
    year: int | None = None
    tag_ids: tuple[int, ...] = ()
    stars: tuple[int, ...] = ()
    views: int = 0
    days_old: float = 0.0
    status: str = "active"


def insert_materials(materials: Iterable[NewMaterial]) -> int:
    """Write the rows into the present app's database and commit, batch by batch; counts them."""
    source, count = iter(materials), 0
    while batch := list(islice(source, BATCH)):
        db.session.execute(insert(StoredFile), [_file_row(material) for material in batch])
        db.session.execute(insert(Material), [_material_row(material) for material in batch])
        _insert(Passage.__table__, (row for m in batch for row in _passage_rows(m)))
        tags = ({"material_id": m.id, "tag_id": tag} for m in batch for tag in m.tag_ids)
        _insert(material_tags, tags)
        _insert(Rating.__table__, (row for m in batch for row in _rating_rows(m)))
        db.session.commit()
        count += len(batch)
    return count


def _insert(table: Any, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        db.session.execute(insert(table), found)


def _file_row(material: NewMaterial) -> dict[str, Any]:
    return {
        "id": material.id,
        "sha256": hashlib.sha256(str(material.id).encode()).hexdigest(),
        "size": 1_000_000,
        "name": f"{material.id}.{material.kind}",
        "media_type": _MEDIA_TYPES[material.kind],
        "pages": len(material.passages) if material.kind == "pdf" else None,
    }


def _material_row(material: NewMaterial) -> dict[str, Any]:
    moment = utcnow() - timedelta(days=material.days_old)
    published = moment if material.status == "active" else None
    fields = ("id", "title", "description", "type", "category_id", "language", "semester", "year")
    return {
        **{name: getattr(material, name) for name in (*fields, "views", "status")},
        "uploader_id": 1,
        "file_id": material.id,
        "created_at": moment,
        "published_at": published,
        "announced_at": published,
    }


def _passage_rows(material: NewMaterial) -> Iterator[dict[str, Any]]:
    for number, heading, text in material.passages:
        yield {"material_id": material.id, "number": number, "heading": heading, "text": text}


def _rating_rows(material: NewMaterial) -> Iterator[dict[str, Any]]:
    for user_id, stars in enumerate(material.stars, 1):
        yield {"material_id": material.id, "user_id": user_id, "stars": stars, "weight": 1.0}


def fill_with_texts(app: Flask, texts: list[Text]) -> dict[int, str]:
    """Make each text a material of one passage and index them; material id -> the text's id."""
    with app.app_context():
        category = db.session.scalars(select(Category.id).limit(1)).one()
        insert_materials(
            NewMaterial(
                number, text.title[:MAX_TITLE], [(1, "", text.text)], category, language="en"
            )
            for number, text in enumerate(texts, 1)
        )
        rebuild_index()
        db.session.commit()
    return {number: text.id for number, text in enumerate(texts, 1)}


def import_corpus(product: Product, data: Path) -> None:
    """Import the real course files as a person would, and wait until search has them."""
    worker = product.start_worker()
    corpus = str(data / "corpus")
    command = ("materials", "import", corpus, "--manifest", f"{corpus}/MANIFEST.tsv")
    status, said = product.flask(*command, "--as", "maria@example.org", seconds=600)
    if status:
        raise SystemExit(f"the import of {corpus} failed:\n{said}\n{product.tails()}")
    wait_until(lambda: not product.ask(has_pending), 120, "search has every file", 0.2)
    worker.terminate()
    worker.wait(60)


def corpus_texts(app: Flask) -> tuple[dict[int, str], list[Text]]:
    """Material id -> name in the relevance sets (c001), and the texts as extracted."""
    with app.app_context():
        query = select(Material.id, Material.title, StoredFile.name).join(StoredFile)
        rows = db.session.execute(query).all()
        texts: dict[int, list[str]] = {row.id: [] for row in rows}
        for passage in db.session.scalars(select(Passage).order_by(Passage.number)):
            texts[passage.material_id] += [passage.heading, passage.text]
    names = {row.id: Path(row.name).stem for row in rows}
    return names, [Text(names[row.id], row.title, "\n".join(texts[row.id])) for row in rows]


def copy_library(source: Flask, target: Flask) -> None:
    """Copy all rows into an empty, migrated database, and index them there."""
    for table in Base.metadata.sorted_tables:
        with source.app_context():
            rows = [dict(row) for row in db.session.execute(select(table)).mappings()]
        with target.app_context():
            db.session.execute(table.delete())
            _copy_rows(table, rows)
            db.session.commit()
    with target.app_context():
        rebuild_index()
        db.session.commit()


def _copy_rows(table: Table, rows: list[dict[str, Any]]) -> None:
    if table.name == "categories":  # a part comes after what it is a part of
        rows.sort(key=lambda row: (row["parent_id"] is not None, row["parent_id"] or 0, row["id"]))
    for start in range(0, len(rows), BATCH):
        db.session.execute(insert(table), rows[start : start + BATCH])
