"""A line of what is said, with what is said around it: one line alone is no sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edu.materials.models import Passage
from edu.search.snippets import make_snippet

BEFORE_S, BEHIND_S = 8, 20
SAMPLE = 1000  # characters of a line that tell its alphabet: it may be a whole lecture
_END = re.compile(r"[.!?…]\W*$")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[a-z]", re.IGNORECASE)


def sentence_around(
    own: Passage, near: Iterable[Passage], terms: frozenset[str], width: int
) -> str:
    """Return the text of a passage with its neighbours, until there are `width` characters.

    What comes before is there only if a sentence goes on from it, and a language keeps to itself.
    """
    others = sorted(near, key=lambda passage: passage.number)
    cyrillic = _is_cyrillic(_matched_line(own, terms))
    behind = [p for p in others if own.number < p.number <= own.number + BEHIND_S]
    before = [p for p in others if own.number - BEFORE_S <= p.number < own.number]
    text = _lines_of(own, cyrillic)
    for passage in behind:
        if len(text) >= width:
            break
        text = f"{text} {_lines_of(passage, cyrillic)}".strip()
    return f"{_begun(before, cyrillic)} {text}".strip()


def _matched_line(own: Passage, terms: frozenset[str]) -> str:
    lines = own.text.split("\n")
    found = (line for line in lines if any(hit for _, hit in make_snippet(line, terms)))
    return next(found, lines[-1])


def _begun(before: Sequence[Passage], cyrillic: bool) -> str:
    said = filter(None, (_lines_of(passage, cyrillic) for passage in reversed(before)))
    text = next(said, "")
    return "" if _END.search(text) else text


def _lines_of(passage: Passage, cyrillic: bool) -> str:
    """What is said in a passage, in one alphabet; the title of a chapter is no part of it."""
    lines = passage.text.split("\n")
    if passage.heading and lines[0] == passage.heading and len(lines) > 1:
        lines = lines[1:]
    return " ".join(line for line in lines if _is_cyrillic(line) == cyrillic)


def _is_cyrillic(text: str) -> bool:
    text = text[:SAMPLE]
    return len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text))
