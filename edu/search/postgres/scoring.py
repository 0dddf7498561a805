"""BM25 over the tables: exact for a few hundred documents, which coarse steps choose from many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import nsmallest

from edu.search.base import Row
from edu.search.postgres.asking import id_list
from edu.search.postgres.document import TIERS, TITLE_MARK, tier_mark
from edu.search.postgres.packing import ROW, Occurrence, bucket_mark, find_stem, stem_key
from edu.search.postgres.sets import Connection, State
from edu.search.postgres.tables import Tables
from edu.search.weights import K1, TITLE_B, B

EXACT = 200  # documents that are scored exactly, more than ranking.py ever reorders
UNTIERED = 0.35  # of the most that a word can give, where it stands in no tier

Holding = Callable[[list[str]], dict[str, frozenset[int]]]


class Occurrences:
    """Weights and positions that one search has read, and the rows and lengths beside them."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._connection, self._tables = connection, tables
        self._asked: dict[str, set[int]] = defaultdict(set)
        self._found: dict[str, dict[int, Occurrence]] = defaultdict(dict)
        self.rows: dict[int, Row] = {}
        self.lengths: dict[int, tuple[int, int]] = {}  # words in the text, in the title
        self.last: list[int] = []  # documents that were asked about last

    def of(self, stem: str) -> dict[int, Occurrence]:
        """Return document -> occurrence, of those that were read and hold the stem."""
        return self._found[stem]

    def read(self, stems: list[str], numbers: Iterable[int]) -> None:
        """Read what is not known yet of these stems in these documents."""
        self.last = list(numbers)
        wanted = {n for n in self.last for stem in stems if n not in self._asked[stem]}
        if not wanted or not stems:
            return
        by_mark: dict[int, list[tuple[bytes, dict[int, Occurrence]]]] = defaultdict(list)
        for stem in stems:
            by_mark[bucket_mark(stem)].append((stem_key(stem), self._found[stem]))
            self._asked[stem] |= wanted
        found = self._connection.execute(
            # Worked out first: else the planner reads every bucket of these documents.
            "WITH asked AS MATERIALIZED ("  # noqa: S608  # our own names
            "SELECT id, packed, text_length, title_length, mark, mark & (buckets - 1) AS bucket "
            f"FROM unnest(%s::integer[]) AS id JOIN {self._tables.documents} USING (id), "
            "unnest(%s::integer[]) AS mark) "
            "SELECT id, asked.packed, text_length, title_length, mark, o.packed FROM asked "
            f"JOIN {self._tables.occurrences} AS o ON document = id AND o.bucket = asked.bucket",
            [id_list(wanted), list(by_mark)],
            binary=True,
        )
        for number, packed, text_length, title_length, mark, bucket in found:
            if number not in self.lengths:
                self.lengths[number] = (text_length, title_length)
                self.rows[number] = Row._make(ROW.unpack(packed))
            for key, known in by_mark[mark]:
                occurrence = find_stem(bucket, key)
                if occurrence is not None:
                    known[number] = occurrence


class Scoring:
    """The score of documents for some words, in one state of the index."""

    def __init__(
        self, state: State, holding: Holding, rarity: Callable[[int], float], boost: float
    ) -> None:
        self._state, self._holding, self._rarity, self._boost = state, holding, rarity, boost

    def best(
        self,
        words: list[str],
        among: frozenset[int],
        limit: int,
        every: bool,
        occurrences: Occurrences,
    ) -> list[tuple[int, float]]:
        """Return (document, score) of the first `limit`, whose order does not hang on the limit."""
        held = self._holding(words)
        coarse: list[tuple[int, float]] = []
        if len(among) > EXACT:
            coarse = self._coarse(words, held, among, max(limit, EXACT), every)
            among = frozenset(number for number, _ in coarse[:EXACT])
        occurrences.read(words, among)
        exact = self._exact(words, held, occurrences, among)
        exact.sort(key=lambda item: (-item[1], item[0]))
        least = exact[-1][1] if exact else 0.0
        rest = [(number, min(score, least)) for number, score in coarse[EXACT:]]
        return (exact + rest)[:limit]

    def _exact(
        self,
        words: list[str],
        held: dict[str, frozenset[int]],
        occurrences: Occurrences,
        among: frozenset[int],
    ) -> list[tuple[int, float]]:
        titles = self._holding([word + TITLE_MARK for word in words])
        mean, mean_title = self._state.mean_length or 1.0, self._state.mean_title or 1.0
        scores: dict[int, float] = defaultdict(float)
        for word in words:
            idf = self._rarity(len(held[word]))
            title_idf = self._rarity(len(titles[word + TITLE_MARK])) * self._boost
            found = occurrences.of(word)
            for number in among & found.keys():
                here = found[number]
                length, title = occurrences.lengths[number]
                scores[number] += _bm25(idf, here.weight, length / mean, B)
                if here.titled:
                    scores[number] += _bm25(title_idf, here.titled, title / mean_title, TITLE_B)
        return list(scores.items())

    def _coarse(
        self,
        words: list[str],
        held: dict[str, frozenset[int]],
        among: frozenset[int],
        limit: int,
        every: bool,
    ) -> list[tuple[int, float]]:
        """Return (document, about the score), best first, from the index of words alone."""
        tiers = [(tier_mark(tier), share) for tier, share in enumerate(_shares(), 1)]
        marked = self._holding(
            [word + mark for word in words for mark in (TITLE_MARK, *(m for m, _ in tiers))]
        )
        base, gained = 0.0, defaultdict[int, float](float)
        for word in words:
            full = self._rarity(len(held[word])) * (K1 + 1)
            gains = [(marked[word + mark], full * (share - UNTIERED)) for mark, share in tiers]
            titled = marked[word + TITLE_MARK]
            gains.append((titled, self._rarity(len(titled)) * self._boost))
            if every:
                base += full * UNTIERED
            else:
                gains.append((held[word], full * UNTIERED))
            for numbers, gain in gains:
                for number in numbers & among:
                    gained[number] += gain
        first = nsmallest(limit, ((-gain, number) for number, gain in gained.items()))
        rest = sorted(among - gained.keys()) if len(first) < limit else []
        coarse = [(number, base - gain) for gain, number in first]
        return coarse + [(number, base) for number in rest[: limit - len(first)]]


def _shares() -> list[float]:
    """The middle of each tier."""
    return [(low + high) / 2 for low, high in zip(TIERS, (*TIERS[1:], 1.0), strict=True)]


def _bm25(idf: float, weight: float, length: float, b: float) -> float:
    """`length` is that of the document against the mean."""
    return idf * weight * (K1 + 1) / (weight + K1 * (1 - b + b * length))
