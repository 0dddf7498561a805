"""Hits of the index as people see them: materials, and the places inside them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from edu.extensions import db
from edu.materials.models import Material, Passage
from edu.materials.service import load_active
from edu.search.base import Hit, SearchAnswer
from edu.search.snippets import make_snippet
from edu.search.speech import BEFORE_S, BEHIND_S, sentence_around

SNIPPET_WIDTH = 240
PLACE_KINDS = {"pdf": "page", "docx": "section", "video": "second"}


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A page, section or second of a hit, with the sentence around the words: (text, is a match).

    `kind` is "page", "section" or "second".
    """

    number: int
    kind: str
    heading: str
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class FoundMaterial:
    """A hit with what its card shows."""

    material: Material
    places: list[FoundPlace]


def show_hits(answer: SearchAnswer) -> list[FoundMaterial]:
    """The hits that may be shown: the database has the last word on what is published."""
    materials = load_active(hit.id for hit in answer.hits)
    hits = [hit for hit in answer.hits if hit.id in materials]
    passages = _load_passages(hits, materials)
    return [
        FoundMaterial(materials[hit.id], _places(hit, materials[hit.id], passages, answer.terms))
        for hit in hits
    ]


def _places(
    hit: Hit,
    material: Material,
    passages: dict[tuple[int, int], Passage],
    terms: frozenset[str],
) -> list[FoundPlace]:
    kind = PLACE_KINDS[material.file.kind]
    return [
        FoundPlace(p.number, kind, p.heading, pieces)
        for place in hit.places
        if (p := passages.get((hit.id, place.number)))
        and (pieces := make_snippet(_text(p, kind, passages, terms), terms, SNIPPET_WIDTH))
    ]


def _text(
    passage: Passage, kind: str, passages: dict[tuple[int, int], Passage], terms: frozenset[str]
) -> str:
    if kind != "second":
        return passage.text
    seconds = range(passage.number - BEFORE_S, passage.number + BEHIND_S + 1)
    near = (passages.get((passage.material_id, second)) for second in seconds)
    return sentence_around(passage, filter(None, near), terms, SNIPPET_WIDTH)


def _load_passages(
    hits: list[Hit], materials: dict[int, Material]
) -> dict[tuple[int, int], Passage]:
    wanted = [
        and_(Passage.material_id == hit.id, _places_of(hit, materials[hit.id]))
        for hit in hits
        if hit.places
    ]
    if not wanted:
        return {}
    query = select(Passage).where(or_(*wanted))
    return {(p.material_id, p.number): p for p in db.session.scalars(query)}


def _places_of(hit: Hit, material: Material) -> ColumnElement[bool]:
    numbers = [place.number for place in hit.places]
    if material.file.kind != "video":
        return Passage.number.in_(numbers)
    return or_(*(Passage.number.between(n - BEFORE_S, n + BEHIND_S) for n in numbers))
