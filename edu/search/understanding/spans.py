"""Stretches of a query: those that stay as typed, and how others are replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from edu.search.query import fixed_spans

# Signs between letters and digits that only formulas and addresses have.
_FORMULA = re.compile(r"\S*(?:[=^*\\_|≤≥≠∫∑√→]|://|@\w|\w\(|\w\+\w)\S*")


class Span(NamedTuple):
    """From the first character of a text up to, not including, the last."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether they share a character."""
        return self.start < other.end and other.start < self.end


class Edit(NamedTuple):
    """A stretch of a text and what stands there instead."""

    span: Span
    text: str


def fold_text(text: str) -> str:
    """Return the text in lower case with е for ё, character by character."""
    lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lower.replace("ё", "е")


def same_said(said: str) -> str:
    """Return the form in which what was said is compared: case, ё and spaces don't matter."""
    return " ".join(fold_text(said).split())


def frozen_spans(text: str, literal: Iterable[str]) -> list[Span]:
    """Return what nothing may change: phrases, exclusions, formulas, and what is to be literal."""
    folded = fold_text(text)
    patterns = [_literal_pattern(said) for said in literal if said.strip()]
    found = [Span(*match.span()) for pattern in patterns for match in pattern.finditer(folded)]
    found += [Span(*match.span()) for match in _FORMULA.finditer(text)]
    return found + [Span(*span) for span in fixed_spans(text)]


def _literal_pattern(said: str) -> re.Pattern[str]:
    words = same_said(said)
    before = r"(?<!\w)" if words[0].isalnum() else ""
    after = r"(?!\w)" if words[-1].isalnum() else ""
    return re.compile(before + r"\s+".join(map(re.escape, words.split())) + after)


def is_free(span: Span, frozen: Iterable[Span]) -> bool:
    """Whether nothing of it is frozen."""
    return not any(span.overlaps(other) for other in frozen)


def replace_spans(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits, none of which overlap, made."""
    for span, new in sorted(edits, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def in_case_of(typed: str, word: str) -> str:
    """Return the word in capitals, or with one, as the typed word has them."""
    if len(typed) > 1 and typed.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if typed[:1].isupper() else word
