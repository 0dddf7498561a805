"""Russian words typed in Latin letters, by any of the habits people have."""

from __future__ import annotations

import re

MOST_READINGS = 24
LONGEST = 30  # letters
_VOWELS = frozenset("аеиоуыэюя")
_NEVER_Y = frozenset("кгхжшщч")  # which ы does not follow
_HARD = frozenset("бвгджзклмнпрстфхцчшщ")

# What Latin letters may stand for, and how odd it would be.
_TABLE = """
shch щ | sch щ сч:.2 ш:1 | zh ж | kh х кх:1.5 | sh ш сх:1.5 | ch ч | ts ц тс:.3 | tc ц | cz ц
ya я ья:.8 | ja я ья:.8 | ia ия:.2 я:.3 иа:.4 ья:1 | iya ия | ija ия | aya ая | aia ая
tsya ться тся:.1 | tsja ться тся:.1
yu ю ью:.8 | ju ю ью:.8 | iu ю:.2 ью:.6 иу:.6 | iyu ию | iju ию
yo е йо:1 | jo е йо:1 | ye е ые:.2 ье:.3 | je е ые:.4 ье:.3 | iye ие | ije ие | yye ые
iy ий ый:.3 | ij ий ый:.3 | ii ий ии:.2 | yy ый ий:.3 | yj ый ий:.3 | yi ый ии:1
a а | b б | c ц к:.3 с:1 | d д | e е э:.8 | f ф | g г | h х г:1.5 | i и й:1 ы:1.5 | j й ж:1 ы:1.5
k к | l л | m м | n н | o о | p п | q к | r р | s с | t т | u у ю:.8 | v в | w в ш:1
x х кс:.3 | y ы й:.6 ый:.6 ий:.6 и:.8 | z з | ' ь ъ:.5 :1 | 4 ч
"""


def _parse(table: str) -> dict[str, tuple[tuple[str, float], ...]]:
    rows = (row.split() for line in table.splitlines() for row in line.split("|"))
    return {latin: tuple(map(_priced, readings)) for latin, *readings in filter(None, rows)}


def _priced(reading: str) -> tuple[str, float]:
    russian, _, price = reading.partition(":")
    return russian, float(price or 0)


_READINGS = _parse(_TABLE)
_WORD = re.compile(r"[a-z][a-z'4]*", re.IGNORECASE)
_SOFTENED = frozenset("лнтрдсз")  # after which people leave out ь
_SKIPPED = 0.7  # costs of ь left out, after л less than after others
_SKIPPED_L = 0.1

_Partial = tuple[float, str]


def russian_spellings(word: str) -> list[str]:
    """Return Russian words that may have been meant, the likeliest first; none for other texts."""
    latin = word.lower()
    if len(latin) > LONGEST or not _WORD.fullmatch(latin):
        return []
    reached: list[list[_Partial]] = [[] for _ in range(len(latin) + 1)]
    reached[0] = [(0.0, "")]
    for at in range(len(latin)):
        reached[at] = _best(reached[at])
        for size in (4, 3, 2, 1):
            _read(latin, at, size, reached)
    return [spelling for _, spelling in _best(reached[-1])]


def _best(partials: list[_Partial]) -> list[_Partial]:
    cheapest: dict[str, float] = {}
    for cost, text in sorted(partials):
        cheapest.setdefault(text, cost)
    return [(cost, text) for text, cost in list(cheapest.items())[:MOST_READINGS]]


def _read(latin: str, at: int, size: int, reached: list[list[_Partial]]) -> None:
    """Go on from each partial reading by the next `size` letters."""
    letters = latin[at : at + size]
    if len(letters) < size or letters not in _READINGS:
        return
    rest = latin[at + size :]
    # Letters that are read together in most words are rarely meant one by one.
    apart = 0.5 if any(latin[at : at + more] in _READINGS for more in range(size + 1, 5)) else 0.0
    for cost, before in reached[at]:
        for russian, price in _in_place(letters, before, rest):
            reached[at + size].append((cost + price + apart, before + russian))
            if russian[-1:] in _HARD:
                _skip_sign(reached[at + size], cost + price + apart, before + russian, rest)


def _skip_sign(partials: list[_Partial], cost: float, text: str, rest: str) -> None:
    """Add the reading with the sign that was not typed: «plotnost», «bolshoy», «obem»."""
    follows = rest[:1]
    if not follows or (text[-1] in _SOFTENED and follows.isalpha() and follows not in "aeiouyjl"):
        partials.append((cost + (_SKIPPED_L if text[-1] == "л" else _SKIPPED), text + "ь"))
    elif text in ("об", "под", "раз", "из", "от", "с") and follows in ("e", "y", "j"):
        partials.append((cost + _SKIPPED, text + "ъ"))


def _in_place(letters: str, before: str, rest: str) -> tuple[tuple[str, float], ...]:
    """Return the readings with what they cost in this place of a word."""
    if letters == "e" and not before:
        return (("э", 0.0), ("е", 0.2))
    if letters in ("ye", "je") and before[-1:] in _HARD:
        plural = 0.0 if letters == "ye" and not rest else 0.3
        return (("ье", 0.1), ("ъе", 0.2), ("е", 0.2), ("ые", plural))
    if letters == "ia" and rest:
        return (("иа", 0.0), ("я", 0.2), ("ья", 0.6))
    if letters in ("y", "i", "j") and before[-1:] in _VOWELS:
        return (("й", 0.0), ("и", 0.3))
    if letters in ("y", "j") and not rest and before[-1:] in _NEVER_Y:
        return (("ий", 0.0), ("и", 0.1))
    if letters in ("y", "j", "i") and not rest and before[-1:] in _HARD:
        own = {"y": "ы", "i": "и", "j": "ий"}[letters]
        return ((own, 0.0), ("ий", 0.2), ("ый", 0.3), ("ь", 1.0))
    if letters == "ii" and not rest and before[-1:] not in ("к", "щ", "ш", "г"):
        return (("ии", 0.0), ("ий", 0.2))
    if letters == "c" and rest[:1] not in ("e", "i", "y"):
        return (("к", 0.0), ("ц", 0.2), ("с", 0.8))
    return _READINGS[letters]
