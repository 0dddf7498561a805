"""What an answer may refer to: materials and places that were found, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from edu.assistant.findings import ALL_PLACE_KINDS, Findings, PassageFound
from edu.assistant.planted import visible

PLACES = 3  # of one material, as long as the text itself names no more
SNIPPET = 240  # characters
_WORD = re.compile(r"\w+")
_JOINED = re.compile(r"(?<=\w)[-\u2010-\u2015\u00ad\ufffe]\s{0,3}(?=\w)")
_CUT = re.compile(r"\.{3}|…|\[…\]")

Span = tuple[int, int]


class Sources:
    """The findings, made ready for questions about them. `quotable` may be quoted besides."""

    def __init__(self, findings: Findings, quotable: Iterable[str] = ()) -> None:
        # Plain data: whoever shows a growing text commits in between, and rows are read anew then.
        self._found = {one.found.material.id: one.found.places for one in findings.materials}
        self._passages = findings.passages
        self.titles = [one.found.material.title for one in findings.materials]
        self.fits = {one.found.material.id: one.fit.value for one in findings.materials}
        self._spans: dict[int, dict[str, list[Span]]] = {}
        for number, kind, first, last in _places(findings):
            self._spans.setdefault(number, {}).setdefault(kind, []).append((first, last))
        for kinds in self._spans.values():
            for kind, spans in kinds.items():
                kinds[kind] = _merged(spans)
        self._said = "\n".join(f" {_plain(text)} " for text in (*_texts(findings), *quotable))

    def holds(self, material_id: int) -> bool:
        """Whether the material was found."""
        return material_id in self.fits or material_id in self._spans

    def locate(
        self, material_id: int, kind: str, first: int, last: int
    ) -> tuple[str, int, int] | None:
        """What of this range was found, as (kind, first, last); of the kind that it has there."""
        kinds = self._spans.get(material_id, {})
        for one in (kind, *ALL_PLACE_KINDS) if kind else ALL_PLACE_KINDS:
            for start, end in kinds.get(one, ()):
                if start <= last and first <= end:
                    return one, max(first, start), min(last, end)
        return None

    def has_page(self, number: int, among: Iterable[int] = ()) -> bool:
        """Whether a page of that number was found, in one of these materials or in any."""
        pages = (self._spans.get(one, {}).get("page", ()) for one in tuple(among) or self._spans)
        return any(start <= number <= end for spans in pages for start, end in spans)

    def says(self, quote: str) -> bool:
        """Whether a text holds these words in this order; «…» stands for words left out."""
        parts = [plain for part in _CUT.split(quote) if (plain := _plain(part))]
        return all(f" {part} " in self._said for part in parts)

    def snippet(self, material_id: int, kind: str, first: int, last: int) -> str:
        """The sentence of the place for which it was found, else how its text begins."""
        for place in self._found.get(material_id, ()):
            if place.kind == kind and first <= place.number <= last:
                return "".join(text for text, _matched in place.pieces)
        for passage in self._passages:
            if (passage.material_id, passage.kind) == (material_id, kind) and (
                passage.number <= last and first <= passage.last
            ):
                return _short(visible(passage.text))
        return ""

    def cite(self, cited: Iterable[tuple[int, str, int, int]]) -> list[dict[str, Any]]:
        """Citations as they are stored, of references as (material, kind or "", first, last)."""
        named: dict[int, dict[tuple[str, int], int]] = {}
        for material_id, kind, first, last in cited:
            places = named.setdefault(material_id, {})
            if kind:
                places[kind, first] = max(last, places.get((kind, first), first))
        return [self._citation(key, places) for key, places in named.items()]

    def _citation(self, material_id: int, named: dict[tuple[str, int], int]) -> dict[str, Any]:
        places = dict(named)
        for found in self._found.get(material_id, ()):
            if len(places) < PLACES:
                places.setdefault((found.kind, found.number), found.number)
        return {
            "material_id": material_id,
            "fit": self.fits.get(material_id, "near"),
            "places": [
                {
                    "kind": kind,
                    "number": first,
                    "snippet": self.snippet(material_id, kind, first, last),
                }
                for (kind, first), last in places.items()
            ],
        }


def _places(findings: Findings) -> Iterator[tuple[int, str, int, int]]:
    for one in findings.materials:
        for place in one.found.places:
            yield one.found.material.id, place.kind, place.number, place.number
    for passage in findings.passages:
        yield passage.material_id, passage.kind, passage.number, _last(passage)


def _last(passage: PassageFound) -> int:
    return max(passage.number, passage.last)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _texts(findings: Findings) -> Iterator[str]:
    for one in findings.materials:
        yield one.found.material.title
        for place in one.found.places:
            yield place.heading
            yield "".join(text for text, _matched in place.pieces)
    for passage in findings.passages:
        yield from (passage.title, passage.heading, passage.text)


def _plain(text: str) -> str:
    """The words alone, with what makes no difference made equal: case, ё, hyphens, spaces."""
    joined = _JOINED.sub("", visible(text)).lower().replace("ё", "е")
    return " ".join(_WORD.findall(joined))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SNIPPET else line[:SNIPPET].rpartition(" ")[0] + "…"
