"""What a plan is made of: the found materials, their chapters, and how long each takes.

Reads the database once, for the headings; everything else of a draft is reckoned from this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from edu.assistant.findings import Findings, Fit, Recommended
from edu.assistant.meaning import Meaning
from edu.catalog.models import MaterialType
from edu.extensions import db
from edu.materials.models import DOCX, Material, Passage
from edu.search.hits import PLACE_KINDS

READ_PAGE = 3  # minutes: a page of a lecture, read once with a pencil
SOLVE_PAGE = 6  # minutes: a page of problems, which have to be solved
PAGE_CHARACTERS = 1800  # of a printed page; sections of a document are reckoned by it
LONGEST_UNIT = 20  # minutes: what cannot be divided must fit into the shortest week there is
VIDEO_UNIT = 5  # minutes: a video is cut at multiples of this
SHORT = 45  # minutes: a material that takes no longer, one lecture, is of its topic as a whole
SLICE = {"page": 10, "section": 5, "second": 3}  # units in a part where nothing is headed
MOST_HEADINGS = 1000  # of one material

PRACTICE = {MaterialType.SEMINAR, MaterialType.PROBLEMS}


@dataclass(frozen=True, slots=True)
class Unit:
    """What is not divided: a page, a section, some minutes of a video; `minutes` it takes."""

    first: int
    last: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A material to learn from. `chapters` are (number, heading), `hits` where the words stand."""

    material_id: int
    title: str
    type: str
    fit: Fit
    kind: str  # page, section or second; "" where nothing is known of its inside
    units: tuple[Unit, ...]
    chapters: tuple[tuple[int, str], ...]
    hits: frozenset[int]

    @property
    def minutes(self) -> int:
        """How long all of it takes."""
        return sum(unit.minutes for unit in self.units)

    @property
    def is_practice(self) -> bool:
        """Whether it holds problems rather than theory."""
        return self.type in PRACTICE


def read_sources(meaning: Meaning, findings: Findings) -> list[Source]:
    """The materials that a plan may be made of, the best first: those of one subject.

    What only shares the subject is taken where nothing fits the words.
    """
    near = [one for one in findings.materials if one.fit is not Fit.SUBJECT]
    chosen = _of_one_subject(near or list(findings.materials)) if findings.covers else []
    headings = _read_headings([one.found.material.id for one in chosen])
    # Without words passages are of anything, and no place is meant more than others.
    hits = _hits(findings) if meaning.words else {}
    sources = []
    for one in chosen:
        rows = headings.get(one.found.material.id, [])
        found = hits.get(one.found.material.id, frozenset())
        sources.append(_source(one, rows, found))
    return sources


def _of_one_subject(found: list[Recommended]) -> list[Recommended]:
    """Those of the best one's subject: the same words stand in physics, too, but in passing."""
    if not found:
        return []
    subject = found[0].found.material.category.trail[0].id
    return [one for one in found if one.found.material.category.trail[0].id == subject]


Row = tuple[int, str, int]  # number, heading, characters


def _read_headings(ids: list[int]) -> dict[int, list[Row]]:
    """Headed passages of each material, and all sections of documents."""
    sections = Material.file.has(media_type=DOCX)
    query = (
        select(Passage.material_id, Passage.number, Passage.heading, func.length(Passage.text))
        .join(Material, Material.id == Passage.material_id)
        .where(Passage.material_id.in_(ids), or_(Passage.heading != "", sections))
        .order_by(Passage.material_id, Passage.number)
        .limit(MOST_HEADINGS * max(len(ids), 1))
    )
    rows: dict[int, list[Row]] = {}
    for material_id, number, heading, characters in db.session.execute(query):
        rows.setdefault(material_id, []).append((number, heading, characters))
    return rows


def _hits(findings: Findings) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for one in findings.materials:
        found[one.found.material.id] = {place.number for place in one.found.places}
    for passage in findings.passages:
        numbers = range(passage.number, max(passage.number, passage.last) + 1)
        found.setdefault(passage.material_id, set()).update(numbers)
    return {material_id: frozenset(numbers) for material_id, numbers in found.items()}


def _source(one: Recommended, rows: list[Row], hits: frozenset[int]) -> Source:
    material = one.found.material
    kind = PLACE_KINDS[material.file.kind]
    units = tuple(_units(material, kind, rows))
    return Source(
        material_id=material.id,
        title=material.title,
        type=material.type,
        fit=one.fit,
        kind=kind if units else "",
        units=units or (Unit(0, 0, LONGEST_UNIT),),
        chapters=tuple((number, heading) for number, heading, _size in rows if heading.strip()),
        hits=hits,
    )


def _units(material: Material, kind: str, rows: list[Row]) -> Iterator[Unit]:
    pace = SOLVE_PAGE if _is_slow(material.type) else READ_PAGE
    if kind == "page":
        for number in range(1, (material.file.pages or 0) + 1):
            yield Unit(number, number, pace)
    elif kind == "section":
        for number, _heading, characters in rows:
            minutes = round(pace * characters / PAGE_CHARACTERS)
            yield Unit(number, number, min(max(minutes, 1), LONGEST_UNIT))
    else:
        yield from _video_units(int(material.file.duration or 0))


def _is_slow(type_: str) -> bool:
    return type_ in PRACTICE or type_ == MaterialType.EXAM


def _video_units(duration: int) -> Iterator[Unit]:
    step = VIDEO_UNIT * 60
    for start in range(0, duration, step):
        end = min(start + step, duration) - 1
        yield Unit(start, end, -(-(end + 1 - start) // 60))
