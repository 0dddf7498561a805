"""In which language a material is written, told by its letters."""

from __future__ import annotations

import re
from collections.abc import Iterable

LANGUAGES = ("ru", "en")
# Of the letters that are Cyrillic or Latin, the share of Cyrillic ones from which a text counts as
# Russian. Below one half, because formulas and code are Latin in any language: of a hundred real
# course files in Russian the least share was 0.52 (programming in C++), of English ones it is near
# nought. So a mixed text is that of its majority.
RUSSIAN_SHARE = 0.4
ENOUGH_LETTERS = 100  # a shorter text tells less than the title
SAMPLE = 20_000  # characters that are looked at

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
# Ukrainian and Belarusian have these in every other word, Russian never.
_OTHER_CYRILLIC = re.compile("[іїєґў]", re.IGNORECASE)
_OTHER_SHARE = 0.02
_LATIN_WORD = re.compile("[a-z]+")
_ENGLISH_WORD = re.compile(r"\b(?:the|of|to|are|that|which|from)\b")
# The least share of these words, of which none is a word of code: English prose has some 15 %,
# formulas, programs and other languages next to none.
_ENGLISH_SHARE = 0.03
_TITLE_WORD = re.compile("[a-z]{3,}", re.IGNORECASE)


def detect_language(texts: Iterable[str], title: str = "") -> str:
    """`ru`, `en`, or "" where it is another one or cannot be told.

    `texts` are the beginnings of the material in order; with too few letters the title decides.
    """
    text = _take(texts)
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if cyrillic + latin < ENOUGH_LETTERS:
        return _of_title(title)
    if cyrillic >= RUSSIAN_SHARE * (cyrillic + latin):
        other = len(_OTHER_CYRILLIC.findall(text))
        return "ru" if other < _OTHER_SHARE * cyrillic else ""
    text = text.lower()
    said = len(_ENGLISH_WORD.findall(text))
    return "en" if said >= _ENGLISH_SHARE * len(_LATIN_WORD.findall(text)) else ""


def _take(texts: Iterable[str]) -> str:
    taken, left = [], SAMPLE
    for text in texts:
        taken.append(text[:left])
        left -= len(text)
        if left <= 0:
            break
    return "\n".join(taken)


def _of_title(title: str) -> str:
    """A word in Cyrillic makes it Russian; English needs two, for `IMG 2034` is no language."""
    cyrillic, latin = len(_CYRILLIC.findall(title)), len(_LATIN.findall(title))
    if cyrillic > 2 and cyrillic >= RUSSIAN_SHARE * (cyrillic + latin):
        return "" if _OTHER_CYRILLIC.search(title) else "ru"
    return "en" if len(_TITLE_WORD.findall(title)) > 1 and not cyrillic else ""
