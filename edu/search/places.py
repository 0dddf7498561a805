"""Where in a document the answer lies: its best passages, from word positions alone."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from edu.search.base import Place
from edu.search.folding import CONTENTS, SPOKEN, PassageMap
from edu.search.weights import (
    CONTENTS_SHARE,
    EXACT_HEADING,
    HEADING_SHARE,
    LENT_S,
    LENT_SHARE,
    NEAR,
    NEAR_SHARE,
    PAIR_SHARE,
    REPEAT_SHARE,
    REPEATS,
)

PLACES = 3

Sequence = tuple[tuple[int, str], ...]
Positions = dict[str, "array[int]"]


@dataclass(slots=True)
class _Tally:
    """What one passage holds."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    headings: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    lent: frozenset[str] = frozenset()  # said soon after it
    bonus: float = 0.0


def rank_places(
    passages: PassageMap, sequence: Sequence, positions: Positions, idf: dict[str, float]
) -> list[tuple[float, Place]]:
    """Return (score, place) of the passages that hold a word of the query, best first.

    `positions` are those of this document. A score of 1 means that every word is there once,
    in any order; in the order of the query about 1.6, below a heading that says it about 4.
    """
    whole = sum(idf[stem] for stem in {stem for _, stem in sequence}) or 1.0
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for stem, found in positions.items():
        _count(tallies, passages, found, stem)
    _add_pairs(tallies, passages, sequence, positions, idf)
    if len(positions) > 1 and SPOKEN in passages.contents:
        _lend(tallies, passages)
    scored = [
        (_score(tally, passages, idf, whole, passages.contents[at] == CONTENTS) / whole, at)
        for at, tally in tallies.items()
    ]
    scored.sort(key=lambda item: (-item[0], item[1]))
    return [
        (score, Place(passages.numbers[at], len(tallies[at].counts) + len(tallies[at].lent)))
        for score, at in _best_apart(scored, passages)
    ]


def _lend(tallies: dict[int, _Tally], passages: PassageMap) -> None:
    """A sentence runs over several lines: the first has a share in the words of the next ones."""
    found = sorted(tallies)
    for place, at in enumerate(found):
        own = tallies[at].counts.keys()
        for following in found[place + 1 : place + 1 + LENT_S]:
            if not _is_near(passages, at, following):
                break
            if others := tallies[following].counts.keys() - own:
                tallies[at].lent |= others


def _is_near(passages: PassageMap, at: int, other: int) -> bool:
    """Whether both are lines of what is said, at about the same time."""
    numbers, kinds = passages.numbers, passages.contents
    return abs(numbers[other] - numbers[at]) <= LENT_S and kinds[at] == kinds[other] == SPOKEN


def _best_apart(scored: list[tuple[float, int]], passages: PassageMap) -> list[tuple[float, int]]:
    """The first ones, of a sentence that is said only one."""
    best: list[tuple[float, int]] = []
    for score, at in scored:
        if len(best) == PLACES:
            break
        if not any(_is_near(passages, taken, at) for _, taken in best):
            best.append((score, at))
    return best


def _count(tallies: dict[int, _Tally], passages: PassageMap, found: array[int], stem: str) -> None:
    starts, headings, ends = passages.starts, passages.heading_starts, passages.heading_ends
    for position in found:
        at = bisect_right(starts, position) - 1
        if at >= 0:
            tally = tallies[at]
            tally.counts[stem] += 1
            line = bisect_right(headings, position) - 1
            if line >= 0 and position < ends[line]:
                tally.headings[line].add(stem)


def _add_pairs(
    tallies: dict[int, _Tally],
    passages: PassageMap,
    sequence: Sequence,
    positions: Positions,
    idf: dict[str, float],
) -> None:
    """Reward each passage once for each pair of neighbours of the query that meet in it."""
    for (place, stem), (next_place, next_stem) in pairwise(sequence):
        first, second = positions.get(stem), positions.get(next_stem)
        if first is None or second is None:
            continue
        worth = (idf[stem] + idf[next_stem]) / 2
        for at, share in _meetings(passages, first, second, next_place - place).items():
            tallies[at].bonus += share * worth


def _meetings(
    passages: PassageMap, first: array[int], second: array[int], step: int
) -> dict[int, float]:
    shares: dict[int, float] = {}
    for position in first:
        at = bisect_right(passages.starts, position) - 1
        if at >= 0 and shares.get(at, 0.0) < PAIR_SHARE:
            follows = bisect_right(second, position)
            if follows < len(second):
                gap = second[follows] - position
                share = PAIR_SHARE if gap == step else NEAR_SHARE if gap <= NEAR else 0.0
                shares[at] = max(share, shares.get(at, 0.0))
    return shares


def _score(
    tally: _Tally, passages: PassageMap, idf: dict[str, float], whole: float, is_contents: bool
) -> float:
    headings = (
        sum(idf[stem] for stem in said) * len(said) / max(passages.heading_words[line], 1)
        for line, said in tally.headings.items()
    )
    heading = max(headings, default=0.0)
    score = tally.bonus + HEADING_SHARE * heading
    if heading >= whole:
        score += EXACT_HEADING * whole
    for stem, count in tally.counts.items():
        doublings = min(count, 2**REPEATS).bit_length() - 1
        score += idf[stem] * (1 + REPEAT_SHARE * doublings)
    if tally.lent:
        score += LENT_SHARE * sum(idf[stem] for stem in tally.lent)
    return score * CONTENTS_SHARE if is_contents else score


def holds_phrase(phrase: Sequence, positions: Positions) -> bool:
    """Return whether the words stand somewhere in the document as they do in the phrase."""
    if any(stem not in positions for _, stem in phrase):
        return False
    ends = [{p - place for p in positions[stem]} for place, stem in phrase]
    return bool(set.intersection(*ends))
