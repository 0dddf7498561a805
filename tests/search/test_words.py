"""The list of an index's stems: what is near to a word, and what a killed writer leaves."""

from pathlib import Path

import pytest

from edu.search.vocabulary import Vocabulary
from edu.search.whoosh.words import WordFile


def make(*stems: str) -> Vocabulary:
    vocabulary = Vocabulary()
    vocabulary.take_up("1", lambda: [stem.encode() for stem in stems])
    return vocabulary


@pytest.mark.parametrize(
    ("typed", "edits"),
    [("интеграл", 0), ("интегал", 1), ("интерграл", 1), ("интеглал", 1), ("инетграл", 1)],
)
def test_each_kind_of_slip_is_one_edit(typed: str, edits: int) -> None:
    near = make("интеграл", "ряд").near(typed, 1)
    assert near == ({"интеграл": edits} if edits else {})


def test_scripts_and_lengths_that_are_far_are_not_compared() -> None:
    vocabulary = make("ряд", "integral", "рядами", "а1б", "ы" * 40)
    assert vocabulary.near("ряд", 2) == {}
    assert vocabulary.near("рада", 2) == {"ряд": 2}
    assert vocabulary.near("integrl", 5) == {"integral": 1}
    assert vocabulary.near("а1а", 1) == {}


def test_a_reader_follows_what_a_writer_adds(tmp_path: Path) -> None:
    reader, writer = WordFile(tmp_path), WordFile(tmp_path)
    assert reader.load().near("рят", 1) == {}
    writer.add(["ряд", "12", "предел"])
    assert reader.load().near("рят", 1) == {"ряд": 1}
    writer.add(["ряд", "рад"])
    assert reader.load().near("рят", 2) == {"ряд": 1, "рад": 2}
    assert (tmp_path / "words").read_text().split() == ["предел", "ряд", "рад"]


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes("ряд\nпред".encode()[:-1])
    words = WordFile(tmp_path)
    words.add(["интеграл"])
    assert WordFile(tmp_path).load().near("интегрол", 1) == {"интеграл": 1}
    assert words.load().near("рят", 1) == {"ряд": 1}
