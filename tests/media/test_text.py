"""Text comes out as a person would write it, and mojibake is told from words."""

from __future__ import annotations

import pytest

from edu.media.text import clean_line, clean_text, looks_like_text
from tests.media.samples import CYRILLIC

ENGLISH = "Every bounded sequence of real numbers has a convergent subsequence. " * 6


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("синхро\ufffeнизация", "синхронизация"),
        ("синхро\ufffe\r\nнизация", "синхронизация"),
        ("и\u0306од", "йод"),
        ("e\ufb03cient \ufb01eld", "efficient field"),
        ("\U0001d465 + \U0001d466", "x + y"),
        ("a\x00b\x0c\ud800\ue000\u200bc\xadd", "abcd"),
        ("one \t two\u00a0three\r\n\r\n\r\n\r\nfour", "one two three\n\nfour"),
    ],
)
def test_text_is_cleaned(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


def test_heading_is_one_bounded_line() -> None:
    assert clean_line("Глава\r\n1\t Пределы", 13) == "Глава 1 Преде"


@pytest.mark.parametrize("text", [CYRILLIC * 5, ENGLISH, "x = 5", "Ω", "12"])
def test_words_look_like_text(text: str) -> None:
    assert looks_like_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "•••",
        (CYRILLIC * 5).encode("cp1251").decode("latin-1"),
        (CYRILLIC * 5).encode().decode("cp1251", "replace"),
        (CYRILLIC * 5).encode("koi8-r").decode("latin-1"),
        "".join(f"(cid:{number})" for number in range(40)),
        "".join(chr(0xE000 + ord(char) % 200) for char in ENGLISH),
        "".join(chr(ord(char) - 29) if char.isalpha() else char for char in ENGLISH),
    ],
)
def test_mojibake_does_not(text: str) -> None:
    assert not looks_like_text(text)
