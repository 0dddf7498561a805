"""Quotation marks of an answer: they stay around words that stand in the texts."""

from __future__ import annotations

import re

from edu.assistant.references import MARK
from edu.assistant.sources import Sources

LEAST = 4  # words; shorter ones are names and terms
LONGEST = 2000  # characters; no passage that was read is as long
DEEPEST = 3  # quotes within quotes
_CLOSING = {"«": "»", "“": "”", "„": "“”"}
_MARKS = re.compile("[«»“”„]")
_STRAIGHT = re.compile(r'"([^"\n]{1,4000})"')
_WORDS = re.compile(r"\w+")


def check_quotes(text: str, sources: Sources) -> tuple[str, int]:
    """The text without the marks of false quotes and of unfinished ones; counts the false."""
    gone, false = _false_marks(text, sources)
    text = "".join(letter for place, letter in enumerate(text) if place not in gone)

    def judge(found: re.Match[str]) -> str:
        nonlocal false
        if _is_true(found[1], sources):
            return found[0]
        false += 1
        return found[1]

    return _STRAIGHT.sub(judge, text), false


def _false_marks(text: str, sources: Sources) -> tuple[set[int], int]:
    """Places of marks that have to go, and how many quotes are false."""
    gone: set[int] = set()
    false = 0
    opened: list[int] = []
    for mark in _MARKS.finditer(text):
        if opened and mark[0] in _CLOSING[text[opened[-1]]]:
            start = opened.pop()
            if not _is_true(text[start + 1 : mark.start()], sources):
                gone |= {start, mark.start()}
                false += 1
        elif mark[0] in _CLOSING and len(opened) < DEEPEST:
            opened.append(mark.start())
        else:
            gone.add(mark.start())
    return gone | set(opened), false


def _is_true(quote: str, sources: Sources) -> bool:
    if len(quote) > LONGEST:
        return False
    quote = MARK.sub(" ", quote)
    return len(_WORDS.findall(quote)) < LEAST or sources.says(quote)
