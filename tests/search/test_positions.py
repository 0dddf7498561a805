"""Positions packed with their document come back as they were."""

import random

from edu.search.folding import MOST_POSITIONS
from edu.search.whoosh.positions import find_positions, pack_positions


def test_every_word_finds_its_positions_and_no_others() -> None:
    chance = random.Random(5)
    words = {f"слово{n}": sorted(chance.sample(range(10**6), n % 7 + 1)) for n in range(500)}
    packed = pack_positions(words)
    for stem, positions in words.items():
        assert list(find_positions(packed, stem) or ()) == positions
    assert find_positions(packed, "нет") is None


def test_a_document_without_words_holds_none() -> None:
    assert find_positions(pack_positions({}), "ряд") is None
    assert find_positions(b"", "ряд") is None


def test_a_word_that_fills_a_book_is_read_from_its_beginning() -> None:
    packed = pack_positions({"ряд": range(MOST_POSITIONS + 100), "я": [7]})
    assert list(find_positions(packed, "ряд") or ()) == list(range(MOST_POSITIONS))
    assert list(find_positions(packed, "я") or ()) == [7]
