"""Where the words of one document stand, packed so that a few words are found in it at once.

Positions lie with the document and not with the word: they are asked for of the few documents
that are shown or nearly so, and what is asked of all documents stays small.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate

from edu.search.folding import MOST_POSITIONS


def pack_positions(positions: Mapping[str, Sequence[int]]) -> bytes:
    """Return how many words there are; their keys, ascending; where the positions of each end;
    and all positions.
    """
    keyed = sorted((_key(stem), each) for stem, each in positions.items())
    keys = array("Q", (key for key, _ in keyed))
    ends = array("I", accumulate(len(each) for _, each in keyed))
    packed = array("I", (position for _, each in keyed for position in each))
    return b"".join(part.tobytes() for part in (array("Q", [len(keys)]), keys, ends, packed))


def find_positions(packed: bytes, stem: str) -> array[int] | None:
    """Return the first MOST_POSITIONS positions of a word, ascending, None without any."""
    if not packed:
        return None
    view = memoryview(packed)
    count = view[:8].cast("Q")[0]
    keys = view[8 : 8 * (count + 1)].cast("Q")
    key = _key(stem)
    at = bisect_left(keys, key)
    if at == count or keys[at] != key:
        return None
    numbers = view[8 * (count + 1) :].cast("I")
    start, end = numbers[at - 1] if at else 0, numbers[at]
    return array("I", numbers[count + start : count + min(end, start + MOST_POSITIONS)])


@lru_cache(maxsize=100_000)
def _key(stem: str) -> int:
    """Return 64 bits that stand for a stem: no two of a document are ever the same."""
    digest = blake2b(stem.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
