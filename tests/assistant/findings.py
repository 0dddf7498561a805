"""Findings made up by tests, without a library."""

from __future__ import annotations

import edu.models  # noqa: F401  the classes refer to each other by name
from edu.assistant.findings import Findings, Fit, PassageFound, Recommended
from edu.materials.models import Material
from edu.search.hits import FoundMaterial, FoundPlace

SENTENCE = "Если предел отношения меньше единицы, то ряд сходится абсолютно."


def recommended(number: int, title: str, *places: tuple[str, int]) -> Recommended:
    pieces = [("Признак ", False), ("Даламбера", True), (".", False)]
    found = [FoundPlace(place, kind, "", pieces) for kind, place in places]
    material = Material(id=number, title=title, type="lecture")
    return Recommended(FoundMaterial(material, found), Fit.EXACT)


FOUND = Findings(
    materials=(
        recommended(12, "Числовые ряды: полный конспект лекций", ("page", 5), ("page", 7)),
        recommended(15, "Задачи", ("section", 3)),
        recommended(20, "Запись занятия", ("second", 750)),
    ),
    passages=(
        PassageFound(12, "Числовые ряды: полный конспект лекций", "page", 5, 6, "Ряды", SENTENCE),
    ),
)
