"""A library that the assistant knows its way around in, and answers by a script."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from edu.catalog.models import Category
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus, Passage, StoredFile
from edu.search.indexing import rebuild_index
from edu.tree.service import ensure_category
from tests.assistant.writing import Script


def add(owner: int, title: str, category: Category, text: str, **changes: Any) -> int:
    """A published PDF whose second page holds `text`."""
    file = StoredFile(
        sha256=f"{abs(hash(title)):064x}"[:64],
        size=1234,
        name="file.pdf",
        media_type="application/pdf",
        pages=2,
    )
    values: dict[str, Any] = {
        "title": title,
        "type": "lecture",
        "status": MaterialStatus.ACTIVE.value,
        "category": category,
        "uploader_id": owner,
        "published_at": utcnow(),
        "file": file,
        "passages": [Passage(number=1, text="Содержание."), Passage(number=2, text=text)],
    }
    material = Material(**(values | changes))
    db.session.add(material)
    db.session.commit()
    return material.id


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Writes the answers in place of write_answer."""
    made = Script()
    monkeypatch.setattr("edu.assistant.answering.write_answer", made)
    return made


@pytest.fixture
def library(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Ids by name: calculus with its series, physics, and one that is not published."""
    with app.app_context():
        calculus = ensure_category("Математический анализ", slug="matan", aliases=["матан"])
        series = ensure_category("Ряды", calculus, slug="ryady")
        physics = ensure_category("Физика", slug="fizika", aliases=["физика"])
        alice = people["alice"]
        ids = {
            "series": add(alice, "Числовые ряды", series, "Признак Даламбера сходимости ряда."),
            "problems": add(
                alice, "Задачи о рядах", series, "Исследуйте ряд по Даламберу.", type="problems"
            ),
            "limits": add(alice, "Пределы", calculus, "Предел последовательности."),
            "newton": add(alice, "Законы Ньютона", physics, "Сила и ускорение тела."),
            "heat": add(alice, "Теплота", physics, "Ряд опытов о теплоте.", rating_mean=4.9),
            "hidden": add(
                alice,
                "Ряды без проверки",
                series,
                "Признак Даламбера.",
                status=MaterialStatus.PENDING.value,
            ),
        }
        rebuild_index()
        db.session.commit()
        return ids
