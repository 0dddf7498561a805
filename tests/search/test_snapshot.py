"""What reading an index costs: what is remembered of it, and what is read of it once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from edu.search.base import SearchRequest, Wording
from edu.search.matching import Matcher
from edu.search.query import parse_query
from edu.search.vocabulary import Vocabulary
from edu.search.whoosh import snapshot
from edu.search.whoosh.index import WhooshIndex
from edu.search.whoosh.snapshot import Snapshot
from tests.search.samples import document, found


@pytest.fixture
def index(tmp_path: Path) -> Iterator[WhooshIndex]:
    """Four documents: series of Fourier and of Taylor."""
    index = WhooshIndex.open_or_create(tmp_path / "index")
    texts = ("ряд Фурье", "Фурье ряд", "ряд Фурье сумма", "ряд Тейлора")
    index.update([document(n, text) for n, text in enumerate(texts, 1)], [])
    yield index
    index.close()


def test_words_that_nobody_holds_are_not_remembered(index: WhooshIndex) -> None:
    view = index._snapshot()
    for number in range(50):
        word = f"ыыы{number}"
        assert (view.idf(word), view.documents_with(word)) == (0.0, frozenset())
        assert view.best([word], frozenset({0}), 1, 2.0, every=False) == []
    assert view._state.postings == {}
    assert len(view.documents_with("ряд")) == 4
    assert set(view._state.postings) == {("text", "ряд")}


def test_words_of_few_documents_fill_the_memory_too(
    index: WhooshIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "HELD_POSTINGS", 12)
    view = index._snapshot()
    for word in ("сумм", "тейлор", "фур"):
        assert view.documents_with(word)
    assert set(view._state.postings) == {("text", "фур")}


def test_similar_words_are_looked_up_once_and_bounded(
    index: WhooshIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, original = list[str](), Vocabulary.near

    def near(self: Vocabulary, stem: str, edits: int) -> dict[str, int]:
        asked.append(stem)
        return original(self, stem, edits)

    monkeypatch.setattr(Vocabulary, "near", near)
    monkeypatch.setattr(snapshot, "SIMILAR_ASKED", 3)
    first = index.similar_words("рят", 1, 5)
    assert [word.stem for word in first] == ["ряд"]
    first.clear()
    assert [word.stem for word in index.similar_words("рят", 1, 5)] == ["ряд"]
    assert asked == ["рят"]
    for number in range(10):
        index.similar_words("ы" * (number + 3), 1, 5)
    assert len(index._snapshot()._state.similar) <= 3
    index.update([document(5, "рад")], [])
    assert [word.stem for word in index.similar_words("рят", 2, 5)] == ["ряд", "рад"]


def test_phrases_are_looked_for_once_for_all_wordings(
    index: WhooshIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, original = list[tuple[str, int]](), Snapshot.positions

    def positions(self: Snapshot, stem: str, numbers: Iterable[int]) -> dict[int, array[int]]:
        wanted = list(numbers)
        read.extend((stem, number) for number in wanted)
        return original(self, stem, wanted)

    monkeypatch.setattr(Snapshot, "positions", positions)
    texts = ('"ряд Фурье" "ряд Фурье" -прочее', "ряд", "фурье", "ряд Тейлора")
    wordings = tuple(Wording(parse_query(text)) for text in texts)
    matcher = Matcher(index._snapshot(), SearchRequest(wordings))
    assert [sorted(each) for each in matcher.strict] == [[0, 2], [0, 2], [0, 2], []]
    # Of the series of Taylor, which lack a word, nothing is read.
    assert sorted(read) == [(stem, number) for stem in ("ряд", "фур") for number in (0, 1, 2)]


def test_phrases_and_exclusions_of_the_first_wording_hold_for_all(index: WhooshIndex) -> None:
    texts = ('"ряд Фурье" -сумма', "ряд", "тейлор")
    wordings = tuple(Wording(parse_query(text)) for text in texts)
    assert [hit.id for hit in index.search(SearchRequest(wordings)).hits] == [1]
    assert found(index, '"Фурье ряд"') == [2]
