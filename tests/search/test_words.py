"""The list of an index's stems: what is near to a word, and what a killed writer leaves."""

import random
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from edu.search import vocabulary as vocabulary_module
from edu.search.vocabulary import Vocabulary, likeliest
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


def test_leaving_most_stems_out_loses_none_that_is_near() -> None:
    chance = random.Random(7)

    def words(count: int) -> list[str]:
        return ["".join(chance.choices("абвгдее", k=chance.randint(3, 9))) for _ in range(count)]

    first, second = words(300), words(400)
    vocabulary = make(*first)
    vocabulary.take_up("2", lambda: [stem.encode() for stem in second])
    for typed in (*words(40), *first[:20]):
        for edits in (1, 2, 3):
            away = {stem: OSA.distance(typed, stem) for stem in {*first, *second} - {typed}}
            assert vocabulary.near(typed, edits) == {s: n for s, n in away.items() if n <= edits}


def test_of_very_many_the_nearest_and_those_that_begin_alike_are_weighed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vocabulary_module, "WEIGHED", 2)
    near = {"арад": 1, "вряд": 1, "рядо": 1, "абвг": 2}
    assert likeliest("ряд", near)[0] == "рядо"
    assert len(likeliest("ряд", near)) == 2
    assert likeliest("ряд", {"абряд": 2, "рядом": 2, "бряд": 1}) == ["бряд", "рядом"]


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
