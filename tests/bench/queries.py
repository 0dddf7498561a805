"""Queries of one to three words, rare or common, that the library has an answer for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus, Passage
from edu.search.analysis import WORD, normal_form, stem_word

BANDS = ("rare", "middling", "common")
SEED = 4
TRIES = 4000
_ACTIVE = Material.status == MaterialStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, how many words of which band it has, and filters that leave something of it."""

    words: int
    band: str
    text: str
    filters: dict[str, str] = field(default_factory=dict)
    subject_id: int = 0


def choose_queries(documents_with: dict[str, int], each: int) -> list[Asked]:
    """Return `each` queries for every number of words and band, half of them with filters.

    `documents_with` tells of each word as written how many documents have it.
    """
    random = Random(SEED)
    cells: dict[tuple[int, str], list[Asked]] = {(n, b): [] for n in (1, 2, 3) for b in BANDS}
    ids = list(db.session.scalars(select(Material.id).where(_ACTIVE).order_by(Material.id)))
    bands = _bands(documents_with, len(ids))
    for _ in range(TRIES):
        material = db.session.get_one(Material, random.choice(ids))
        wanting = [cell for cell, made in cells.items() if len(made) < each]
        if not wanting:
            break
        number, band = random.choice(wanting)
        words = [word for word in _words_of(material) if bands.get(word) == band]
        if len({stem_word(word) for word in words}) >= number:
            picked = _pick(random, words, number)
            filters = _filters_of(material) if len(cells[number, band]) % 2 else {}
            asked = Asked(number, band, " ".join(picked), filters, material.category.trail[0].id)
            cells[number, band].append(asked)
    queries = [asked for made in cells.values() for asked in made]
    random.shuffle(queries)
    return queries


def _bands(documents_with: dict[str, int], documents: int) -> dict[str, str]:
    """Word -> band: in a quarter of the documents, in 2 to 10 of a hundred, in hardly any."""
    limits = {
        "rare": (1, max(3, documents * 0.002)),
        "middling": (max(4, documents * 0.02), documents * 0.10),
        "common": (documents * 0.25, documents),
    }
    return {
        word: band
        for word, count in documents_with.items()
        for band, (low, high) in limits.items()
        if low <= count <= high
    }


def _words_of(material: Material) -> Iterator[str]:
    query = select(Passage.text).where(Passage.material_id == material.id)
    for text in db.session.scalars(query):
        for word in WORD.findall(text):
            # As FTS5 tells its words; stop words are no query.
            folded = normal_form(word)
            if len(folded) > 3 and folded.isalpha() and stem_word(folded):
                yield folded


def _pick(random: Random, words: list[str], number: int) -> list[str]:
    by_stem = {stem_word(word): word for word in words}
    return random.sample(list(by_stem.values()), number)


def _filters_of(material: Material) -> dict[str, str]:
    filters = {"category": material.category.trail[0].path, "type": material.type}
    return filters | ({"rating_gte": "3"} if material.rating_mean >= 3 else {})
