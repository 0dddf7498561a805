"""Materials with texts, and what is found of them."""

from __future__ import annotations

from typing import Any

from edu.likeness import service
from edu.materials.models import Material, MaterialStatus
from jobs.likeness import compare_texts
from tests.samples import get_material, make_material


def add_text(
    uploader_id: int, words: list[str], title: str, status: str = "active", **changes: Any
) -> int:
    """A material with this text, committed and not compared yet."""
    state = MaterialStatus(status)
    return make_material(uploader_id, state, title=title, text=" ".join(words), **changes).id


def compare_all() -> None:
    """What a worker does within a minute."""
    compare_texts()
    assert service.list_uncompared() == []


def found_for(user: Any, material_id: int) -> list[tuple[str, int]]:
    """Titles and percents of what this person is told of."""
    material: Material = get_material(material_id)
    return [(one.title, one.percent) for one in service.list_similar(user, material)]
