"""Prints of texts: which of two are alike is told by their shingles, and guessed by signatures.

A shingle is a run of words, kept as a number of 64 bits. The signature is a one-permutation
minhash (Li, Owen, Zhang: One Permutation Hashing, 2012): the numbers are sorted into bins, and of
each the smallest is kept; an empty bin borrows from another that is drawn for it (Shrivastava:
Optimal Densification for Fast and Accurate Minwise Hashing, 2017). The share of bins in which two
signatures agree estimates the Jaccard index of the sets.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import chain, count, islice
from operator import eq, itemgetter, xor

SHINGLE = 5  # words
MOST_WORDS = 400_000  # of a text; what comes behind them is not compared
LEAST_SHINGLES = 50  # fewer say nothing: a title page, a list of formulas
BINS, BANDS, ROWS = 96, 32, 3  # two texts with the index j share a band with 1 - (1 - j³)³²
_WORD = re.compile(r"[^\W_]+")
_SIGNATURE = struct.Struct(f"<{BINS}I")
_BAND_BITS = 63 // ROWS  # a signed number of 64 bits holds them
_NO_NUMBER = 1 << 64


@dataclass(frozen=True, slots=True)
class Print:
    """How many different shingles a text has, its signature, and the numbers of its bands.

    A text that is too short to be compared has size 0 and nothing else.
    """

    size: int
    signature: bytes
    bands: list[int]


class _Words(dict[str, tuple[int, ...]]):
    """Word -> a number for each place that it may have in a shingle; fills itself."""

    def __missing__(self, word: str) -> tuple[int, ...]:
        digest = hashlib.blake2b(word.encode(), digest_size=8 * SHINGLE).digest()
        self[word] = numbers = struct.unpack(f"<{SHINGLE}Q", digest)
        return numbers


def shingles(texts: Iterable[str]) -> set[int]:
    """The shingles of a text that comes in pieces, case, punctuation and ё left aside.

    Simple tabulation: a shingle's number is the exclusive or of what each of its words has for its
    place, so all work is done once for each different word.
    """
    lower = (text.lower().replace("ё", "е") for text in texts)
    words = islice(chain.from_iterable(map(_WORD.findall, lower)), MOST_WORDS)
    known = _Words()
    numbers = [known[word] for word in words]
    found: Iterable[int] = map(itemgetter(0), numbers)
    for place in range(1, SHINGLE):
        found = map(xor, found, map(itemgetter(place), islice(numbers, place, None)))
    return set(found)


def make_print(found: set[int]) -> Print:
    """The print of a text by its shingles."""
    if len(found) < LEAST_SHINGLES:
        return Print(0, b"", [])
    signature = _sign(found)
    return Print(len(found), _SIGNATURE.pack(*signature), _bands(signature))


def _sign(found: set[int]) -> list[int]:
    least: dict[int, int] = {}
    for number in found:
        place = number % BINS
        if number < least.get(place, _NO_NUMBER):
            least[place] = number
    # What is smallest has small upper bits, and the bin tells the rest of the division.
    return [least[_lender(place, least)] // BINS & 0xFFFF_FFFF for place in range(BINS)]


def _lender(place: int, filled: Container[int]) -> int:
    """The bin that a bin takes its number from: itself, or the first filled one drawn for it."""
    return next(drawn for drawn in chain((place,), _draws(place)) if drawn in filled)


def _draws(place: int) -> Iterable[int]:
    for attempt in count():
        digest = hashlib.blake2b(f"{place} {attempt}".encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "little") % BINS


def _bands(signature: list[int]) -> list[int]:
    bits = [number & ((1 << _BAND_BITS) - 1) for number in signature]
    return [_join(bits[start : start + ROWS]) for start in range(0, BINS, ROWS)]


def _join(numbers: list[int]) -> int:
    joined = 0
    for number in numbers:
        joined = joined << _BAND_BITS | number
    return joined


def guess_likeness(one: bytes, other: bytes) -> float:
    """An estimate of the Jaccard index of two texts by their signatures, ± 0.1 at most times."""
    same: int = sum(map(eq, _SIGNATURE.unpack(one), _SIGNATURE.unpack(other)))
    return same / BINS


def share_of_smaller(one: set[int], other: set[int]) -> float:
    """How much of the shorter text is in the longer one, word for word: 0 to 1."""
    return len(one & other) / (min(len(one), len(other)) or 1)


def jaccard(one: set[int], other: set[int]) -> float:
    """What both have, of all that either has: 0 to 1."""
    return len(one & other) / (len(one | other) or 1)
