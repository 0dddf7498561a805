"""Sources and findings for the tests of plans."""

from __future__ import annotations

from collections.abc import Sequence

from edu.assistant.findings import Findings, Fit, Recommended
from edu.materials.models import Material
from edu.plans.sources import READ_PAGE, SOLVE_PAGE, Source, Unit
from edu.search.hits import FoundMaterial, FoundPlace


def pages_of(
    material_id: int = 1,
    pages: int = 20,
    *,
    title: str = "",
    type: str = "lecture",
    chapters: Sequence[tuple[int, str]] = (),
    hits: Sequence[int] = (),
    fit: Fit = Fit.EXACT,
) -> Source:
    """A document of so many pages."""
    pace = SOLVE_PAGE if type in {"problems", "seminar", "exam"} else READ_PAGE
    return Source(
        material_id=material_id,
        title=title or f"Material {material_id}",
        type=type,
        fit=fit,
        kind="page",
        units=tuple(Unit(number, number, pace) for number in range(1, pages + 1)),
        chapters=tuple(chapters),
        hits=frozenset(hits),
    )


def findings_of(
    *materials: Material, places: dict[int, list[int]] | None = None, covers: bool = True
) -> Findings:
    """The materials as found exactly, with places by the id of the material."""
    kinds = {"pdf": "page", "docx": "section", "video": "second"}
    found = []
    for material in materials:
        numbers = (places or {}).get(material.id, [])
        kind = kinds[material.file.kind]
        spots = [FoundPlace(number, kind, "", [("…", False)]) for number in numbers]
        found.append(Recommended(FoundMaterial(material, spots), Fit.EXACT))
    return Findings(materials=tuple(found), covers=covers)
