import time
import unicodedata

import pytest

from edu.search.analysis import stems
from edu.search.snippets import make_snippet

FILLER = "Здесь идёт обычный текст без нужных слов. " * 40


def terms(text: str) -> frozenset[str]:
    return frozenset(stems(text)) - {""}


def test_the_window_holds_all_words_and_marks_their_forms() -> None:
    text = f"Ряд. {FILLER} Сходимость рядов Фурье доказана. {FILLER}"
    pieces = make_snippet(text, terms("сходимость ряда Фурье"))
    assert [piece for piece, matched in pieces if matched] == ["Сходимость", "рядов", "Фурье"]


def test_a_snippet_begins_with_its_sentence() -> None:
    pieces = make_snippet(f"{FILLER}Важно, что ряд сходится. {FILLER}", terms("ряд"))
    assert "".join(piece for piece, _ in pieces).startswith("… Важно, что ряд")


def test_without_a_match_the_beginning_is_shown() -> None:
    pieces = make_snippet("Начало. " + FILLER, terms("тензор"), width=60)
    assert pieces[0][0].startswith("Начало")
    assert not any(matched for _, matched in pieces)
    assert sum(len(piece) for piece, _ in pieces) < 70


def test_pieces_are_text_and_nothing_is_escaped_or_lost() -> None:
    pieces = make_snippet("<b>ряд</b> & \n\n ряд", terms("ряд"))
    assert "".join(piece for piece, _ in pieces) == "<b>ряд</b> & ряд"


def test_empty_text_gives_no_pieces() -> None:
    assert make_snippet("", terms("ряд")) == []


def test_many_matches_stay_cheap() -> None:
    text = "ряд Фурье " * 10_000
    start = time.process_time()
    make_snippet(text, terms("ряд Фурье"))
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (unicodedata.normalize("NFD", "Неравенство Йенсена"), "Йенсен"),
        (unicodedata.normalize("NFD", "L'école normale"), "école"),
        ("всё о ёлке", "елка"),
        ("на С++ и на C", "с++"),
        ("о мaтрице с латинской a", "матрица"),
        ("\N{LATIN SMALL LIGATURE FI}nite sums", "finite"),
    ],
)
def test_words_are_found_however_their_first_letter_is_written(text: str, word: str) -> None:
    found = make_snippet(text, terms(word))
    assert any(marked for _, marked in found), found
