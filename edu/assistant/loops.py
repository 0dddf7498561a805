"""Small models get caught in a loop; of what they say over and over once is enough."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_PERIOD = 80  # words
_LETTERS = re.compile(r"(\S{1,6}?)\1{11,}")
_NUMBER = re.compile(r"(?:^|(?<=\n))[ \t]{0,20}(\d{1,3}[.)])(?=\s)")


def cut_loops(text: str) -> str:
    """The text with one of each run of repeated letters, words or sentences."""
    text = _LETTERS.sub(r"\1\1\1", text)
    words = list(re.finditer(r"\S+", text))
    # The numbers of a list go on while its items repeat.
    numbers = {found.start(1) for found in _NUMBER.finditer(text)}
    forms = ["#" if word.start() in numbers else word[0].lower() for word in words]
    gone = [False] * len(words)
    for period in range(1, min(LONGEST_PERIOD, len(words) // 2) + 1):
        for start, end in _runs(forms, period):
            gone[start:end] = [True] * (end - start)
    parts, at = [], 0
    for place, word in enumerate(words):
        if gone[place]:
            parts.append(text[at : word.start()].rstrip())
            at = word.end()
    return "".join((*parts, text[at:]))


def _runs(forms: Sequence[str], period: int) -> list[tuple[int, int]]:
    """Words that repeat those `period` before them often enough, as ranges."""
    copies = 5 if period <= 2 else 3 if period <= 7 else 2
    runs, start = [], None
    for place in range(period, len(forms) + 1):
        repeats = place < len(forms) and forms[place] == forms[place - period]
        if repeats and start is None:
            start = place
        elif not repeats and start is not None:
            if place - start >= copies * period:
                runs.append((start, place))
            start = None
    return runs
