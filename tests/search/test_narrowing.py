"""Filters, and the counts beside them: each is what choosing brings."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from edu.search.base import Facet, SearchAnswer, SearchFilters, SearchIndex, SearchRequest
from tests.search.samples import DAY, ask, document, found

MOMENTS = tuple(DAY - timedelta(days=days) for days in (3, 10, 100))


def count(index: SearchIndex, text: str = "", **filters: Any) -> SearchAnswer:
    """Return an answer with counts."""
    request = SearchRequest.of(text, SearchFilters(**filters), counts=True, moments=MOMENTS)
    return index.search(request)


def test_language_semester_year_and_tags_narrow(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "ряд", language="ru", semester=1, year=2024, tags=["ряды", "анализ"]),
            document(2, "ряд", language="en", semester=2, year=2025, tags=["ряды"]),
            document(3, "ряд"),
        ],
        [],
    )
    assert found(index, "ряд", language="ru") == found(index, language="ru") == [1]
    assert sorted(found(index, "ряд", semesters=(1, 2))) == [1, 2]
    assert found(index, "ряд", semesters=(2, 3)) == [2]
    assert found(index, "ряд", semesters=()) == []
    assert found(index, "ряд", year=2024) == [1]
    assert sorted(found(index, tags=("ряды",))) == [1, 2]
    assert found(index, "ряд", tags=("ряды", "анализ")) == [1]
    assert found(index, tags=("анализ", "ряд")) == []


def test_everything_is_counted(index: SearchIndex) -> None:
    index.update(
        [
            document(1, rating=4.5, votes=1, category_ids=[1, 2], tags=["a", "b"], semester=3),
            document(
                2, rating=4.0, votes=1, category_ids=[1], tags=["a"], language="ru", year=2025
            ),
            document(3, type="exam", kind="docx", category_ids=[5], created=MOMENTS[1]),
        ],
        [],
    )
    assert count(index).counts == {
        "category": {1: 2, 2: 1, 5: 1},
        "type": {"lecture": 2, "exam": 1},
        "kind": {"pdf": 2, "docx": 1},
        "language": {"ru": 1},
        "semester": {3: 1},
        "year": {2025: 1},
        "tag": {"a": 2, "b": 1},
        "rating": {1: 2, 2: 2, 3: 2, 4: 2},
        "uploaded": {0: 2, 1: 3, 2: 3},
    }


def test_nothing_is_counted_unasked(index: SearchIndex) -> None:
    index.update([document(1, "ряд")], [])
    assert ask(index, "ряд").counts == {}


def test_a_choice_with_words_missing_is_counted_as_it_would_be_found(index: SearchIndex) -> None:
    strict = [document(n, "ряд Фурье", type="lecture") for n in (1, 2, 3)]
    some = [document(4, "ряд Тейлора", type="exam"), document(5, "ряд Тейлора")]
    index.update([*strict, *some, *(document(n, "прочее") for n in range(6, 20))], [])
    answer = count(index, "ряд Фурье")
    assert (answer.total, answer.relaxed) == (3, False)
    assert answer.counts["type"] == {"lecture": 3, "exam": 1}
    narrowed = count(index, "ряд Фурье", type="exam")
    assert (narrowed.total, narrowed.relaxed) == (1, True)
    assert narrowed.counts["type"] == answer.counts["type"]


WORDS = ["ряд", "предел", "сумма", "интеграл", "ряд предел", "сумма -ряд", '"ряд предел"', ""]


def make_library(chance: random.Random, size: int) -> list[Any]:
    """Return documents of every kind, of few words so that queries meet many."""
    words = ["ряд", "предел", "сумма", "интеграл", "прочее", "слово"]
    return [
        document(
            number,
            " ".join(chance.choices(words, k=3)),
            category_ids=chance.choice([[1], [1, 2], [1, 2, 3], [4], [4, 5]]),
            type=chance.choice(["lecture", "exam", "notes"]),
            kind=chance.choice(["pdf", "docx", "video"]),
            language=chance.choice(["", "ru", "en"]),
            semester=chance.choice([None, 1, 2, 3]),
            year=chance.choice([None, 2024, 2025]),
            tags=chance.sample(["a", "b", "c"], chance.randrange(3)),
            rating=chance.choice([0.0, 1.5, 3.9, 4.0, 5.0]),
            created=DAY - timedelta(days=chance.choice([0, 5, 50, 500])),
        )
        for number in range(1, size + 1)
    ]


def choose(filters: SearchFilters, facet: Facet, choice: Any) -> SearchFilters:
    """Return the filters as they are when this has been chosen."""
    changes: dict[Facet, dict[str, Any]] = {
        "category": {"category_id": choice},
        "semester": {"semesters": (choice,)},
        "tag": {"tags": tuple({*filters.tags, choice})},
        "rating": {"rating_gte": choice},
    }
    if facet == "uploaded":
        return replace(filters, uploaded_after=MOMENTS[choice], uploaded_before=None)
    return replace(filters, **changes.get(facet, {facet: choice}))


@pytest.mark.parametrize("text", WORDS)
def test_every_count_is_what_choosing_brings(index: SearchIndex, text: str) -> None:
    chance = random.Random(text)
    index.update(make_library(chance, 60), [])
    index.update([], [7, 20])
    some: list[dict[str, Any]] = [
        {},
        {"type": "exam"},
        {"category_id": 2, "kind": "pdf"},
        {"rating_gte": 4, "tags": ("a",)},
        {"semesters": (1, 2), "uploaded_after": MOMENTS[1], "language": "ru"},
    ]
    for filters in (SearchFilters(**each) for each in some):
        request = SearchRequest.of(text, filters, counts=True, moments=MOMENTS)
        for facet, choices in index.search(request).counts.items():
            assert all(choices.values())
            for choice, told in chance.sample(sorted(choices.items()), min(len(choices), 3)):
                narrowed = SearchRequest.of(text, choose(filters, facet, choice))
                assert index.search(narrowed).total == told, (filters, facet, choice)
