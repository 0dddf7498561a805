"""A small library to search in, written straight into the database and the index."""

from __future__ import annotations

from typing import Any

from flask import Flask

from edu.accounts.service import create_user
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus, Passage, StoredFile
from edu.search.indexing import index_pending
from edu.tree.service import ensure_category

EVIL_TITLE = "<script>alert('Ряды')</script> & <b>тензоры</b>"
EVIL_PAGE = 'Тензор <a href="https://evil.example">здесь</a> & <i>там'
LECTURES = 7


def fill(app: Flask) -> None:
    """Seven lectures on series, one with a hostile title, one that is not published any more."""
    with app.app_context():
        create_user("alice@example.org", "correct horse battery", "Alice")
        for number in range(1, LECTURES + 1):
            page = f"Признак Даламбера: числовой ряд номер {number} сходится."
            add(f"Числовые ряды, лекция {number}", ["Введение.", page])
        add(EVIL_TITLE, [EVIL_PAGE])
        best = add("Криволинейный интеграл", ["Формула Грина."])
        best.rating_mean, best.rating_votes = 4.63, 23
        hidden = add("Черновик о кватернионах", ["Кватернион."])
        db.session.commit()
        assert index_pending()
        hidden.status = MaterialStatus.PENDING.value  # the index is a moment behind
        db.session.commit()


def add(title: str, pages: list[str], **changes: Any) -> Material:
    """A published PDF lecture of Alice's with these pages."""
    subject = ensure_category("Математический анализ", slug="matan")
    kind = "application/pdf"
    file = StoredFile(sha256=title, size=1, name="a.pdf", media_type=kind, has_thumbnail=True)
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
