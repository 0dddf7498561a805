"""The language of a material is told by its letters, and by its title where there are too few."""

from __future__ import annotations

import pytest

from edu.media.language import ENOUGH_LETTERS, RUSSIAN_SHARE, SAMPLE, detect_language

RUSSIAN = "Ряд сходится, если сходится последовательность его частичных сумм. " * 3
ENGLISH = "The series converges if the sequence of its partial sums has a limit. " * 3
GERMAN = "Der Satz besagt, dass in allen rechtwinkligen Dreiecken die Summe gleich ist. " * 3
UKRAINIAN = "Теорема встановлює співвідношення між сторонами прямокутного трикутника. " * 3
CODE = "int main() { for (int i = 0; i < n; i++) std::cout << a[i]; return 0; } " * 4
PYTHON = "with open(path) as file: for line in file: if not line is None and x or y: pass " * 3


@pytest.mark.parametrize(
    ("text", "language"),
    [(RUSSIAN, "ru"), (ENGLISH, "en"), (GERMAN, ""), (UKRAINIAN, ""), (CODE, ""), (PYTHON, "")],
)
def test_a_text_is_in_the_language_of_its_letters(text: str, language: str) -> None:
    assert detect_language([text], "Ряды") == language


def test_formulas_and_code_do_not_make_a_lecture_english() -> None:
    assert detect_language([RUSSIAN, "f(x) = a sin x + b cos x " * 6]) == "ru"
    assert detect_language([RUSSIAN, ENGLISH * 4]) == "en"


@pytest.mark.parametrize(("more", "language"), [(0, "ru"), (2, "")])
def test_the_share_of_cyrillic_is_the_documented_one(more: int, language: str) -> None:
    cyrillic = round(RUSSIAN_SHARE * 1000)
    text = "ж" * cyrillic + "z" * (1000 - cyrillic + more)
    assert detect_language([text]) == language


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Ряды Фурье", "ru"),
        ("Лекция 2: C++", "ru"),
        ("Linear algebra", "en"),
        ("IMG 2034", ""),
        ("Лінійна алгебра", ""),
        ("v04", ""),
        ("", ""),
    ],
)
def test_too_little_text_leaves_it_to_the_title(title: str, language: str) -> None:
    for texts in ([], ["x = 1"], ["the " * (ENOUGH_LETTERS // 3)]):
        assert detect_language(texts, title) == language


def test_only_the_beginning_is_read() -> None:
    def texts() -> list[str]:
        return [RUSSIAN * 200, ENGLISH * 20_000]

    assert len(RUSSIAN * 200) > SAMPLE
    assert detect_language(texts()) == "ru"
