"""A library of made lectures: common words by Zipf's law, and each subject's own besides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from edu.catalog.models import Category, MaterialType
from edu.extensions import db
from edu.materials.models import Tag
from edu.ratings.service import refresh_all_ratings
from tests.bench.libraries import NewMaterial, insert_materials
from tests.bench.words import make_rare_word, make_vocabulary

WORDS, WORDS_OF_SENTENCE, SENTENCES_OF_PAGE = 2000, 11, 26
THEME_SHARE, THEME_WORDS = 0.2, 400
TAGS = 60
FIRST_PENDING = 1_000_000  # ids of what waits for review
SEED = 20


class Writer:
    """Writes lectures out of one vocabulary."""

    def __init__(self, data: Path | None) -> None:
        self.random = Random(SEED)
        self.numbers = np.random.default_rng(SEED)
        self.words = np.array(make_vocabulary(data, self.random), dtype=object)
        weights = 1.0 / (np.arange(len(self.words)) + 2.7)
        self.shares = np.cumsum(weights / weights.sum())
        self.theme_shares = self.shares[:THEME_WORDS] / self.shares[THEME_WORDS - 1]
        self.themes: dict[int, Any] = {}

    def theme(self, category_id: int) -> Any:
        """The words of a category's own: neither the commonest nor the rarest."""
        if category_id not in self.themes:
            high = min(20_000, len(self.words))
            self.themes[category_id] = self.numbers.integers(300, high, THEME_WORDS)
        return self.themes[category_id]

    def title(self, category_id: int) -> str:
        """Four words of the theme."""
        picked = self.numbers.choice(self.theme(category_id), 4)
        return " ".join(self.words[picked]).capitalize()

    def pages(self, category_id: int) -> list[tuple[int, str, str]]:
        """WORDS words in sentences on pages: (number, heading, text)."""
        ranks = np.searchsorted(self.shares, self.numbers.random(WORDS))
        own = np.flatnonzero(self.numbers.random(WORDS) < THEME_SHARE)
        at = np.searchsorted(self.theme_shares, self.numbers.random(len(own)))
        ranks[own] = self.theme(category_id)[at]
        words = self.words[np.minimum(ranks, len(self.words) - 1)].tolist()
        sentences = [
            " ".join(words[start : start + WORDS_OF_SENTENCE]).capitalize()
            for start in range(0, WORDS, WORDS_OF_SENTENCE)
        ]
        return [
            (number, "", ". ".join(sentences[start : start + SENTENCES_OF_PAGE]) + ".")
            for number, start in enumerate(range(0, len(sentences), SENTENCES_OF_PAGE), 1)
        ]


def fill_library(size: int, data: Path | None) -> None:
    """Write so many published materials into the present app's empty, prepared database."""
    writer = Writer(data)
    parts = db.session.scalars(select(Category.id).where(Category.parent_id.is_not(None))).all()
    tags = [f"{writer.words[1000 + number]}" for number in range(TAGS)]
    db.session.execute(insert(Tag), [{"id": n, "name": name} for n, name in enumerate(tags, 1)])
    insert_materials(_materials(writer, size, list(parts)))
    refresh_all_ratings()
    db.session.commit()


def _materials(writer: Writer, size: int, categories: list[int]) -> Iterator[NewMaterial]:
    random = writer.random
    kinds, types = ("pdf", "docx", "video"), [str(name) for name in MaterialType]
    for number in range(1, size + 1):
        category = random.choice(categories)
        yield NewMaterial(
            number,
            writer.title(category),
            writer.pages(category),
            category,
            description=writer.title(category),
            type=random.choice(types),
            kind=random.choices(kinds, (80, 15, 5))[0],
            semester=random.randint(1, 8),
            year=random.randint(2018, 2026),
            tag_ids=tuple(random.sample(range(1, TAGS + 1), random.randint(0, 3))),
            stars=tuple(random.choices((3, 4, 5), k=random.choice((0, 1, 2, 3)))),
            views=int(random.paretovariate(0.8)),
            days_old=random.uniform(1, 1500),
        )


def add_pending(count: int) -> dict[int, str]:
    """Put made materials into the review queue; id -> a word that only this one has."""
    writer = Writer(None)
    category = db.session.scalars(select(Category.id).limit(1)).one()
    ids = range(FIRST_PENDING, FIRST_PENDING + count)
    insert_materials(
        NewMaterial(
            number,
            f"{make_rare_word(number)} {writer.title(category)}",
            writer.pages(category),
            category,
            status="pending",
        )
        for number in ids
    )
    return {number: make_rare_word(number) for number in ids}
