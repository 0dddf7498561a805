"""Subjects, materials and files for the tests of every feature."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.accounts.models import ModeratedSubject, User
from edu.catalog.models import Category, MaterialType
from edu.extensions import db, settings, storage, utcnow
from edu.materials.models import Material, MaterialStatus, MaterialVersion, Passage, StoredFile
from edu.materials.service import ensure_tags
from edu.storage.base import original_key, thumbnail_key
from edu.tree.service import ensure_category
from tests.media.samples import page_pdf

PDF_TEXT = "Convergence of a monotone sequence"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "video": "video/mp4",
}


def write_small_pdf(path: Path, text: str = PDF_TEXT) -> Path:
    """A PDF of one page with these (Latin) words."""
    return page_pdf(path, b"BT /F1 18 Tf 72 720 Td (" + text.encode("ascii") + b") Tj ET")


def make_category(name: str = "Математический анализ", slug: str = "matan") -> Category:
    """A subject, made once, committed."""
    category = ensure_category(name, slug=slug)
    db.session.commit()
    return category


def make_material(
    uploader_id: int,
    status: MaterialStatus = MaterialStatus.ACTIVE,
    *,
    title: str = "Ряды Фурье",
    text: str = "",
    tags: tuple[str, ...] = (),
    content: bytes = b"",
    kind: str = "pdf",
    category: Category | None = None,
    **changes: Any,
) -> Material:
    """A material in any state with its bytes and thumbnail in the storage, committed."""
    content = content or f"%PDF-1.7 {title}".encode()
    digest = hashlib.sha256(content).hexdigest()
    put_bytes(content, original_key(digest))
    put_bytes(b"RIFF picture", thumbnail_key(digest))
    file = StoredFile(
        sha256=digest,
        size=len(content),
        name=f"{title}.{'mp4' if kind == 'video' else kind}",
        media_type=MEDIA_TYPES[kind],
        has_thumbnail=True,
        pages=1 if kind == "pdf" else None,
    )
    published = utcnow() if status == MaterialStatus.ACTIVE else None
    material = Material(
        **{
            "title": title,
            "status": status.value,
            "type": MaterialType.LECTURE.value,
            "category": category or make_category(),
            "uploader": db.session.get_one(User, uploader_id),
            "file": file,
            "tags": ensure_tags(list(tags)),
            "published_at": published,
            "passages": [Passage(number=1, heading="", text=text)] if text else [],
            **changes,
        }
    )
    db.session.add(material)
    db.session.flush()
    version = {"number": 1, "file": file, "author": material.uploader}
    db.session.add(MaterialVersion(material_id=material.id, **version))
    db.session.commit()
    return material


def confine(user: User, *subjects: Category) -> User:
    """Let a moderator review these subjects only, committed."""
    user.moderates_all = False
    user.moderated = [ModeratedSubject(category_id=subject.id) for subject in subjects]
    db.session.commit()
    return user


def put_bytes(content: bytes, key: str) -> None:
    """Bytes in the storage of the present app."""
    folder = settings().data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(content).hexdigest()
    path.write_bytes(content)
    storage().save(path, key)


def get_material(material_id: int) -> Material:
    """The material as the database has it now."""
    return db.session.get_one(Material, material_id, populate_existing=True)


def upload_form(category_id: int, **changes: Any) -> dict[str, Any]:
    """The fields of the upload page, filled in."""
    form = {
        "title": "Числовые ряды",
        "description": "Лекция",
        "tags": "Ряды, пределы",
        "type": "lecture",
        "category": str(category_id),
    }
    return form | changes


def send_file(
    client: FlaskClient, category_id: int, path: Path, name: str = "", **changes: Any
) -> TestResponse:
    """Upload a file through the web form."""
    with path.open("rb") as stream:
        form = upload_form(category_id, file=(stream, name or path.name), **changes)
        return client.post("/upload", data=form)


def material_id_of(response: TestResponse) -> int:
    """The material that an upload has led to."""
    assert response.status_code == 303, response.text
    return int(response.headers["Location"].rsplit("/", 1)[-1])
