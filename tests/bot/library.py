"""A small library to search in, written straight into the database and the index."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image

from edu.accounts.service import create_user
from edu.extensions import db, storage, utcnow
from edu.materials.models import Material, MaterialStatus, Passage, StoredFile
from edu.search.indexing import index_pending
from edu.storage.base import original_key, page_picture_key, thumbnail_key
from edu.tree.service import ensure_category

EVIL_TITLE = "<script>alert('Ряды')</script> & <b>тензоры</b>"
EVIL_PAGE = 'Тензор <a href="https://evil.example">здесь</a> & <i>там'
LECTURES = 7
CONTENT = b"%PDF-1.4 a file of the tests"
PASSWORD = "correct horse battery"


def fill(app: Flask) -> None:
    """Seven lectures on series, one with a hostile title, one that is not published any more."""
    with app.app_context():
        create_user("alice@example.org", PASSWORD, "Alice")
        reader = create_user("charlie@example.org", PASSWORD, "Charlie")
        reader.confirmed_at = utcnow()
        for number in range(1, LECTURES + 1):
            page = f"Признак Даламбера: числовой ряд номер {number} сходится."
            add(f"Числовые ряды, лекция {number}", ["Введение.", page])
        add(EVIL_TITLE, [EVIL_PAGE])
        best = add("Криволинейный интеграл", ["Формула Грина."])
        best.rating_mean, best.rating_votes = 4.63, 23
        keep_files(best.file)
        hidden = add("Черновик о кватернионах", ["Кватернион."])
        db.session.commit()
        assert index_pending()
        hidden.status = MaterialStatus.PENDING.value  # the index is a moment behind
        db.session.commit()


def add(title: str, pages: list[str], **changes: Any) -> Material:
    """A published PDF lecture of Alice's with these pages."""
    subject = ensure_category("Математический анализ", slug="matan")
    kind = "application/pdf"
    name = hashlib.sha256(title.encode()).hexdigest()
    file = StoredFile(sha256=name, size=1, name="a.pdf", media_type=kind, has_thumbnail=False)
    values: dict[str, Any] = {
        "type": "lecture",
        "status": MaterialStatus.ACTIVE.value,
        "published_at": utcnow(),
        "category": ensure_category("Ряды", subject, slug="ryady"),
        "uploader_id": 1,
        "file": file,
        "passages": [Passage(number=at, text=text) for at, text in enumerate(pages, 1)],
    }
    material = Material(title=title, **(values | changes))
    db.session.add(material)
    db.session.flush()
    return material


def keep_files(file: StoredFile) -> None:
    """Bytes for a row: a file, its thumbnail, and the picture of its first page."""
    picture = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(picture, "WEBP")
    file.has_thumbnail, file.pages, file.size = True, 1, len(CONTENT)
    for key, content in (
        (original_key(file.sha256), CONTENT),
        (thumbnail_key(file.sha256), picture.getvalue()),
        (page_picture_key(file.sha256, 1), picture.getvalue()),
    ):
        with tempfile.NamedTemporaryFile(delete=False) as source:
            source.write(content)
        storage().save(Path(source.name), key)
