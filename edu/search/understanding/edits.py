"""How far a typed word is from a stem of the index, by the slips that people make."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, permutations
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from edu.search.analysis import stem_word
from edu.search.understanding.layout import NEIGHBOUR_KEYS

SWAP = 0.5  # two letters in the wrong order
DOUBLE = 0.5  # a letter typed twice, or once for twice
NEAR_KEY = 0.8  # the next key instead of the right one, or together with it
SOUND = 0.6  # a letter that sounds alike
LEFT_OUT = 0.8  # a letter not typed
SLIP = 1.0  # any other letter too much, or wrong
FIRST = 0.7  # more for a wrong first letter, which people rarely mistype

_ALIKE = (
    "оа",
    "ая",
    "еи",
    "ея",
    "эе",
    "ия",
    "иы",
    "сз",
    "тд",
    "бп",
    "вф",
    "гк",
    "жш",
    "шщ",
    "йи",
    "цс",
)
_SOUND_ALIKE = frozenset(pair for alike in _ALIKE for pair in permutations(alike))

# What stands after a stem, as the stemmer cuts words (it takes «л» of «интеграл» for an ending).
_ENDINGS = (
    "а я о е ы и у ю ь й л н т ой ей ый ий ая яя ое ее ые ие ую юю ого его ому ему ым им ых их"
    " ом ем ыми ими ам ям ами ями ах ях ов ев ость ости остью ия ии ию ией ием иям иями иях"
    " ье ья ью ть ти ла ло ли на но ны ает ают ят ит ать ить еть ен ена ено ены ение ания"
    " емый емая емые имый имая имые нный нная нное нные нного нных"
    " тся ться лся лась лось лись ется ются ится ятся"
    " s es ed ing er ers ion ions al ic ics ity ive ous ly ment ments e y ies able ance ence"
)
ENDINGS = ["", *_ENDINGS.split()]
PARTICIPLES = tuple(
    first + middle + last + reflexive
    for first in ("", "у", "а")
    for middle in ("щ", "ющ", "ущ", "ящ", "ащ", "вш")
    for last in ("ий", "ая", "ее", "ие", "его", "ей", "их", "им", "ую")
    for reflexive in ("", "ся")
)
LONG_WORD = 10  # letters of a word that may be a participle
VOWELS = "аеиоуыэюяaeiouy"
MOST_STEMS, MOST_FORMS = 8, 6  # that are looked at closely, forms of each stem


class Repair(NamedTuple):
    """A word that may have been meant, its stem, and how much it takes to mistype it so."""

    cost: float
    word: str
    stem: str


def find_repairs(typed: str, stems: Iterable[str], edits: int) -> list[Repair]:
    """Return of each stem the form that is likeliest to have been mistyped so, the nearest stems
    only, the first of them before others as near.

    The slip may sit in the ending, where the stemmer took the typed word for another one, so
    whole words are compared.
    """
    endings = likely_endings(typed)
    forms = [(stem + ending, stem) for stem in stems for ending in endings]
    near = process.extract(
        typed, [form for form, _ in forms], scorer=OSA.distance, score_cutoff=edits, limit=None
    )
    by_stem: dict[str, list[tuple[int, str]]] = {}
    for form, away, number in near:
        by_stem.setdefault(forms[number][1], []).append((int(away), form))
    nearest = sorted(by_stem.items(), key=lambda item: item[1][0][0])[:MOST_STEMS]
    found = (_likeliest_form(typed, stem, near_forms) for stem, near_forms in nearest)
    return [each for each in found if each]


def likely_endings(typed: str) -> list[str]:
    """Return the endings that the word may have: a participle's if the last letters are so."""
    if len(typed) < LONG_WORD:
        return ENDINGS
    return ENDINGS + [ending for ending in PARTICIPLES if ending[-2:] == typed[-2:]]


def _likeliest_form(typed: str, stem: str, forms: list[tuple[int, str]]) -> Repair | None:
    true = (form for _, form in forms if stem_word(form) == stem)
    return min(
        (Repair(slip_cost(typed, f), f, stem) for f in islice(true, MOST_FORMS)), default=None
    )


def slip_cost(typed: str, meant: str) -> float:
    """Return how odd it is to type this for the meant word: 0 for the word itself, about 1 for
    each slip of the fingers, less for the usual ones.
    """
    start = max(_same(typed, meant) - 1, 0)
    end = max(_same(typed[:start:-1], meant[:start:-1]) - 1, 0)
    return _compare(typed[start : len(typed) - end], meant[start : len(meant) - end], start == 0)


def _same(one: str, other: str) -> int:
    """Return how many letters they share at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _compare(typed: str, meant: str, first: bool) -> float:
    before: list[float] = []
    row = [0.0]
    for size in range(1, len(typed) + 1):
        row.append(row[-1] + _typed_too_much(typed, size))
    for at, letter in enumerate(meant):
        last, before, row = before, row, [row[0] + _left_out(meant, at)]
        for size, key in enumerate(typed, 1):
            cost = min(
                before[size - 1] + _instead(key, letter, first and size == 1),
                before[size] + _left_out(meant, at),
                row[size - 1] + _typed_too_much(typed, size),
            )
            if at and size > 1 and key == meant[at - 1] and typed[size - 2] == letter != key:
                cost = min(cost, last[size - 2] + SWAP)
            row.append(cost)
    return row[-1]


def _instead(key: str, letter: str, first: bool) -> float:
    if key == letter:
        return 0.0
    more = FIRST if first else 0.0
    if (key, letter) in _SOUND_ALIKE:
        return SOUND + more
    return more + (NEAR_KEY if (key, letter) in NEIGHBOUR_KEYS else SLIP)


def _left_out(meant: str, at: int) -> float:
    """Return the cost of the letter of the meant word that is missing."""
    if at and meant[at] == meant[at - 1]:
        return DOUBLE
    return LEFT_OUT


def _typed_too_much(typed: str, size: int) -> float:
    """Return the cost of the last letter of the first `size` typed ones, if it is none of it."""
    key, others = typed[size - 1], typed[max(size - 2, 0) : size - 1] + typed[size : size + 1]
    if size > 1 and typed[size - 2] == key:
        return DOUBLE
    return NEAR_KEY if any((key, other) in NEIGHBOUR_KEYS for other in others) else SLIP


def has_vowels(word: str) -> bool:
    """Whether it could be a word at all; «МНК» and «std» are not."""
    return any(letter in VOWELS for letter in word)
