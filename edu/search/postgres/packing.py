"""The weights and positions of a document's stems in small rows, of which a search reads few.

A tsvector keeps 256 positions of a word, none beyond 16,383, and gives no single word's back. So
the stems of a document are dealt into buckets by their hash, about BUCKET_STEMS into each; who
wants to know of one stem reads one bucket.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from edu.search.folding import MOST_POSITIONS, FoldedDocument

BUCKET_STEMS = 32
MOST_BUCKETS = 2**14
MAP_BUCKET = -1  # holds the PassageMap instead
ROW = struct.Struct("<IIIIIQ")  # base.Row
_HEAD = struct.Struct("<HB")  # stems, bytes of a step
_STEM = struct.Struct("<QIHIH")  # hash, weight in halves, times in the title, first step, steps
_MOST = 2**16 - 1


class Occurrence(NamedTuple):
    """What a document holds of one stem: its weight, how often its title has it, where it is."""

    weight: float
    titled: int
    size: int  # bytes of a step
    steps: bytes  # from one position to the next, the first from 0

    @property
    def positions(self) -> array[int]:
        """The ascending positions."""
        return array("I", accumulate(array("I" if self.size == 4 else "H", self.steps)))


@lru_cache(maxsize=100_000)
def stem_hash(stem: str) -> int:
    """64 bits by which a stem is known in a bucket."""
    return int.from_bytes(blake2b(stem.encode(), digest_size=8).digest(), "little")


def bucket_mark(stem: str) -> int:
    """The number whose last bits, as many as there are buckets for, name the stem's bucket."""
    return stem_hash(stem) % MOST_BUCKETS


def count_buckets(stems: int) -> int:
    """Return how many buckets, a power of two, a document of so many different stems has."""
    wanted = max(stems // BUCKET_STEMS, 1)
    return min(1 << (wanted - 1).bit_length(), MOST_BUCKETS)


def pack_buckets(folded: FoldedDocument, titled: dict[str, int]) -> Iterator[tuple[int, bytes]]:
    """Yield (bucket, bytes) of a document."""
    count = count_buckets(len(folded.positions))
    buckets: dict[int, list[tuple[int, str]]] = {}
    for stem in folded.positions:
        key = stem_hash(stem)
        buckets.setdefault(key % count, []).append((key, stem))
    for number, stems in buckets.items():
        yield number, _pack(folded, titled, stems[:_MOST])


def _pack(folded: FoldedDocument, titled: dict[str, int], stems: list[tuple[int, str]]) -> bytes:
    heads, steps = [], list[int]()
    for key, stem in stems:
        kept = folded.positions[stem][:MOST_POSITIONS]
        halves = min(int(folded.weights[stem] * 2), 2**32 - 1)
        in_title = min(titled.get(stem, 0), _MOST)
        heads.append(_STEM.pack(key, halves, in_title, len(steps), len(kept)))
        steps.append(kept[0])
        steps += map(sub, kept[1:], kept)
    packed = array("H" if max(steps) <= _MOST else "I", steps)
    return b"".join((_HEAD.pack(len(heads), packed.itemsize), *heads, packed.tobytes()))


def stem_key(stem: str) -> bytes:
    """What to look for in a bucket."""
    return stem_hash(stem).to_bytes(8, "little")


def find_stem(packed: bytes, key: bytes) -> Occurrence | None:
    """Return what a bucket tells of a stem, None when the document does not hold it."""
    count, size = _HEAD.unpack_from(packed)
    first = _HEAD.size
    body = first + count * _STEM.size
    at = packed.find(key, first, body)
    while at >= 0 and (at - first) % _STEM.size:  # the same bytes across two records
        at = packed.find(key, at + 1, body)
    if at < 0:
        return None
    _, halves, titled, start, steps = _STEM.unpack_from(packed, at)
    start = body + start * size
    return Occurrence(halves / 2, titled, size, packed[start : start + steps * size])
