"""The pieces of the chosen materials that an answer is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from edu.assistant.findings import ALL_PLACE_KINDS, PassageFound, Recommended
from edu.extensions import db
from edu.materials.models import Material, Passage
from edu.search.analysis import stems
from edu.search.hits import PLACE_KINDS, FoundPlace
from edu.search.snippets import make_snippet

MOST_PASSAGES = 8
LONGEST = 1200  # characters of one
SPOKEN_S = 60  # seconds of a video that belong to one piece
SHORTEST = 120  # characters, below which a page is a title page
MOST_READ = 400  # passages of one material that are read for its best ones


def take_passages(chosen: Sequence[Recommended], terms: frozenset[str]) -> list[PassageFound]:
    """Up to MOST_PASSAGES: the best place of each material, then the second ones and so on.

    Of a material without places its first pages that say something.
    """
    rows = [list(_passages_of(one, terms)) for one in chosen]
    depth = max(map(len, rows), default=0)
    turns = (row[turn] for turn in range(depth) for row in rows if turn < len(row))
    return [piece for piece, _ in zip(turns, range(MOST_PASSAGES), strict=False)]


def _passages_of(one: Recommended, terms: frozenset[str]) -> Iterator[PassageFound]:
    material = one.found.material
    kind = PLACE_KINDS[material.file.kind]
    numbers = [place.number for place in one.found.places]
    if not numbers:
        yield from _beginning(material, kind)
        return
    for number in numbers:
        piece = _read(material, kind, number, terms)
        if piece:
            yield piece


def _read(material: Material, kind: str, number: int, terms: frozenset[str]) -> PassageFound | None:
    query = select(Passage).where(Passage.material_id == material.id)
    if kind == "second":
        query = query.where(Passage.number.between(number - 5, number + SPOKEN_S))
    else:
        query = query.where(Passage.number == number)
    found = list(db.session.scalars(query.order_by(Passage.number)))
    return _piece(material, kind, found, terms) if found else None


def _beginning(material: Material, kind: str) -> Iterator[PassageFound]:
    query = select(Passage).where(Passage.material_id == material.id).order_by(Passage.number)
    found = list(db.session.scalars(query.limit(5)))
    if kind == "second":
        yield from ([piece] if (piece := _piece(material, kind, found, frozenset())) else [])
        return
    full = next((one for one in found if len(one.text) >= SHORTEST), None)
    if full is not None:
        piece = _piece(material, kind, [full], frozenset())
        if piece:
            yield piece


def _piece(
    material: Material, kind: str, found: Sequence[Passage], terms: frozenset[str]
) -> PassageFound | None:
    text = " ".join(one.text for one in found)
    plain = "".join(part for part, _matched in make_snippet(text, terms, LONGEST)).strip("… ")
    if not found or not plain:
        return None
    heading = "" if kind == "second" else " ".join(found[0].heading.split())
    return PassageFound(
        material.id,
        material.title,
        next(one for one in ALL_PLACE_KINDS if one == kind),
        found[0].number,
        found[-1].number,
        heading,
        plain[:LONGEST],
    )


def best_places(material: Material, terms: frozenset[str], most: int) -> list[FoundPlace]:
    """The places of one material that hold most of these stems, best first, at least once each."""
    query = select(Passage).where(Passage.material_id == material.id).order_by(Passage.number)
    scored = []
    for passage in db.session.scalars(query.limit(MOST_READ)):
        words = stems(f"{passage.heading}\n{passage.text}")
        held = terms.intersection(words)
        if held:
            scored.append((len(held), sum(word in held for word in words), passage))
    scored.sort(key=lambda one: (-one[0], -one[1], one[2].number))
    kind = PLACE_KINDS[material.file.kind]
    return [
        FoundPlace(one.number, kind, one.heading, make_snippet(one.text, terms))
        for _held, _count, one in scored[:most]
    ]
