"""Words typed with the keyboard in the other layout, Russian ЙЦУКЕН or English QWERTY."""

from __future__ import annotations

from itertools import pairwise, product

_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
_ENGLISH = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>"
# Keys that give a sign in both layouts, another one in each.
_RUSSIAN_SIGNS = ".,№"
_ENGLISH_SIGNS = "/?#"

_TO_RUSSIAN = str.maketrans(_ENGLISH + _ENGLISH_SIGNS, _RUSSIAN + _RUSSIAN_SIGNS)
_TO_ENGLISH = str.maketrans(_RUSSIAN + _RUSSIAN_SIGNS, _ENGLISH + _ENGLISH_SIGNS)

LETTER_SIGNS = "`[];',.~{}:\"<>"  # signs of the English layout where the Russian has letters
MOST_EDGE_SIGNS = 2  # of a word, that may be letters or signs

# Keys side by side, in both layouts at once: a slip of the finger.
_ROWS = ("ёйцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def to_russian(text: str) -> str:
    """Return what the same keys give in the Russian layout."""
    return text.translate(_TO_RUSSIAN)


def to_english(text: str) -> str:
    """Return what the same keys give in the English layout."""
    return text.translate(_TO_ENGLISH)


def russian_readings(run: str) -> list[str]:
    """Return what a run of the English layout's keys may be in Russian.

    A sign at the edge is a letter («'ythub.» is «энергию») or a sign («ldb;tybt.»), so all are
    tried, the first with most letters.
    """
    core = run.strip(LETTER_SIGNS)
    lead = min(len(run) - len(run.lstrip(LETTER_SIGNS)), MOST_EDGE_SIGNS) if core else 0
    trail = min(len(run) - len(run.rstrip(LETTER_SIGNS)), MOST_EDGE_SIGNS) if core else 0
    kept = sorted(product(range(lead + 1), range(trail + 1)), key=sum)
    return [
        run[:left] + to_russian(run[left : len(run) - right]) + run[len(run) - right :]
        for left, right in kept
    ]


def _neighbours() -> frozenset[tuple[str, str]]:
    pairs = set()
    for upper, lower in ((0, 1), (1, 2), (3, 4), (4, 5)):
        row, below = _ROWS[upper], _ROWS[lower]
        offset = 1 if upper == 0 else 0  # ё stands before the first letter of its row
        pairs |= {
            (row[at + offset], below[other])
            for at in range(len(row) - offset)
            for other in (at, at - 1)
            if 0 <= other < len(below)
        }
    pairs |= {(a, b) for row in _ROWS for a, b in pairwise(row)}
    return frozenset(pairs | {(b, a) for a, b in pairs})


NEIGHBOUR_KEYS = _neighbours()
