"""What the library holds for a question, in plain data. retrieval.py finds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from edu.search.hits import FoundMaterial

PlaceKind = Literal["page", "section", "second"]
ALL_PLACE_KINDS: tuple[PlaceKind, ...] = ("page", "section", "second")


class Fit(StrEnum):
    """How well a material fits the question, the best first."""

    EXACT = "exact"
    NEAR = "near"  # the same words, of another kind, semester or subject
    SUBJECT = "subject"  # the same subject, other words


@dataclass(frozen=True, slots=True)
class Recommended:
    """A published material that the person may see, where the words stand, and how it fits."""

    found: FoundMaterial
    fit: Fit


@dataclass(frozen=True, slots=True)
class PassageFound:
    """A piece of a material that a model may read: `number` of a page, section or second.

    `last` is the page or section with which the piece ends, mostly `number` itself. `text` is plain
    and short (up to 1,200 characters), and has not been looked through for planted instructions.
    """

    material_id: int
    title: str
    kind: PlaceKind
    number: int
    last: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A wish that was given up because nothing fitted it: which, what was wished, what there is.

    `wished` and `there` are semesters, years, material types, kinds of file, levels or names of
    categories, as strings.
    """

    wish: Literal["semester", "year", "type", "kind", "level", "subject"]
    wished: tuple[str, ...]
    there: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """The materials in the order of recommending, and passages of them, the most useful first.

    `covers`: the library has what was asked for (perhaps after relaxing). Without it the answer is
    that it has not, and what is in `materials` is only near to it, or nothing.
    """

    materials: tuple[Recommended, ...] = ()
    passages: tuple[PassageFound, ...] = ()
    relaxed: tuple[Relaxation, ...] = ()
    covers: bool = True
