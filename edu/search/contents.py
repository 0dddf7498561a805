"""Telling headings and tables of contents from running text, by the look of their lines."""

import re

FEWEST_ENTRIES = 4
LONGEST_HEADING = 90  # characters

_ENTRY = re.compile(r"(?:\.\s?){4,}\s*\d{1,4}\s*$|(?:…\s*){2,}\d{1,4}\s*$", re.MULTILINE)
# An optional number («1.4.», «§ 3», «Th. 5.»), a capital, then words without formulas.
_HEADING = re.compile(
    r"\s*(?:§\s*)?(?:[\dIVX]{1,3}[.)]\s*){0,4}(?:[A-Z][a-z]{1,5}\.\s*)?(?:\d{1,3}\.\s*){0,2}"
    r"[A-ZА-ЯЁ][^=<>∑∫√]{3,}(?<![,;])\s*"
)


def is_contents_page(text: str) -> bool:
    """Return whether at least FEWEST_ENTRIES lines run out in dots and a page number."""
    if "..." not in text and ". ." not in text and "…" not in text:
        return False
    return sum(1 for _ in _ENTRY.finditer(text)) >= FEWEST_ENTRIES


def looks_like_heading(line: str) -> bool:
    """Return whether a line could be a heading: short, beginning large, free of formulas."""
    return 4 <= len(line) <= LONGEST_HEADING and _HEADING.fullmatch(line) is not None
