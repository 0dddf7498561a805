"""Text as parsers give it, made fit for reading and for the index."""

from __future__ import annotations

import re
import unicodedata

# What a parser leaves behind that is no text: control characters, halves of UTF-16 pairs,
# private-use glyphs (pieces of large brackets), soft hyphens, zero-width marks, noncharacters.
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000f0000-\U0010ffff]"
)
# pdfium marks a hyphen at a line's end as U+FFFE and already drops the line break after it.
_LINE_END_HYPHEN = re.compile("\ufffe[ \t\r\n]*")
# Ligatures and mathematical letters are shapes of plain letters; nobody types them to search.
_SHAPES = re.compile("[\ufb00-\ufb06\U0001d400-\U0001d7ff]+")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_CYRILLIC_WORD = re.compile("[\u0430-\u04ff]+")
_LATIN_WORD = re.compile("[a-z]{4,}")
_CYRILLIC_VOWELS = frozenset("аеёиоуыэюяіїє")
_LATIN_VOWELS = frozenset("aeiouy")
# Below this many letters a share says nothing.
_ENOUGH_LETTERS = 150


def clean_text(text: str) -> str:
    """Return text in NFC with words joined, `\\n` line ends, single spaces and no control marks."""
    text = _LINE_END_HYPHEN.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _SHAPES.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = unicodedata.normalize("NFC", _DROPPED.sub("", text))
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def clean_line(text: str, limit: int = 200) -> str:
    """Return text cleaned and put on one line of at most `limit` characters: for headings."""
    return " ".join(clean_text(text).split())[:limit].rstrip()


def looks_like_text(text: str) -> bool:
    """Whether a page as a parser gave it reads as words; False for mojibake and for nothing.

    Broken font tables give replacement characters, Western letters instead of Cyrillic ones,
    or letters that are shifted in the alphabet; the last have too few or too many vowels.
    """
    visible = [char for char in text if not char.isspace()]
    letters = [char for char in visible if char.isalpha()]
    if not any(char.isalnum() for char in visible):
        return False
    if _unreadable(text) > 0.2 * len(visible):
        return False
    western = sum("\xc0" <= char <= "\xff" for char in letters)
    if western > 0.4 * max(len(letters), 20):
        return False
    return _vowels_fit(text.lower())


def _unreadable(text: str) -> int:
    marks = sum(
        char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or "\x80" <= char <= "\x9f"
        for char in text
    )
    return marks + 6 * text.count("(cid:")


def _vowels_fit(text: str) -> bool:
    """Whether the words of the script that prevails have the vowels of a language.

    Measured on pages of real course files: 0.37-0.48 in Russian, 0.22-0.46 in English; a shift of
    29 letters, the usual one in broken fonts, leaves 0.15-0.17, UTF-8 taken for Windows-1251 less.
    Short Latin words are mostly formulas.
    """
    russian = "".join(_CYRILLIC_WORD.findall(text))
    english = "".join(_LATIN_WORD.findall(text))
    if len(russian) >= len(english):
        letters, vowels, least = russian, _CYRILLIC_VOWELS, 0.28
    else:
        letters, vowels, least = english, _LATIN_VOWELS, 0.19
    if len(letters) < _ENOUGH_LETTERS:
        return True
    return least < sum(char in vowels for char in letters) / len(letters) < 0.65
