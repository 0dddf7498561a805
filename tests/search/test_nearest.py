"""What words spelt alike cost where a search has found nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from edu.search import nearest
from edu.search.base import SimilarWord, Wording
from edu.search.query import parse_query


def test_few_words_are_looked_up_and_short_ones_with_one_edit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = list[tuple[str, int, int]]()

    class Index:
        def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]:
            return [0 for _ in wordings]

        def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
            asked.append((stem, edits, limit))
            return [SimilarWord("рядок", 1, 9), SimilarWord("рядов", 1, 1)]

    monkeypatch.setattr(nearest, "search_index", Index)
    texts = ("ряд рядоф электростатика семибук абвгдеж слово", "другое дело")
    wordings = tuple(Wording(parse_query(text)) for text in texts)
    *_, (similar,) = nearest._ever_looser(wordings)
    assert similar.query.terms == ("ряд", "рядов", "электростатик", "семибук")
    assert [stem for stem, *_ in asked] == ["рядоф", "электростатик", "семибук"]
    assert {edits for stem, edits, _ in asked if len(stem) <= 7} == {1}
    assert {edits for stem, edits, _ in asked if len(stem) > 7} == {2}
