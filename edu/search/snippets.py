"""The few lines of a passage to show under a hit, with the query's words marked."""

import re
from itertools import islice, pairwise

from edu.search.analysis import stem_word, words_like

MAX_TEXT = 100_000  # characters that are looked at
MAX_MATCHES = 400  # matched words that windows are tried around
_BORDER = re.compile(r"[.!?…:;]\s+|\n\s*\n|\n(?=[•\-–—\d])")
_SPACE = re.compile(r"\s+")
_REACH = 60  # characters that a window may move back to begin with a sentence

Match = tuple[int, int, str]  # start, end, stem


def make_snippet(text: str, terms: frozenset[str], width: int = 240) -> list[tuple[str, bool]]:
    """Return about `width` characters as (piece, is a matched word), spaces folded.

    The window holds as many different words as one can; without a match it is the beginning.
    Nothing is escaped: the pieces are text.
    """
    text = text[:MAX_TEXT]
    matches = _matches(text, terms)
    start = _window_start(matches, width)
    start = _sentence_start(text, start, _first_match(matches, start))
    end = _word_end(text, start + width)
    inside = [match for match in matches if match[0] >= start and match[1] <= end]
    return _pieces(text, start, end, inside)


def _matches(text: str, terms: frozenset[str]) -> list[Match]:
    if not terms:
        return []
    found = (
        (word.start(), word.end(), stem)
        for word in words_like(terms).finditer(text)
        if (stem := stem_word(word[0])) in terms
    )
    return list(islice(found, MAX_MATCHES))


def _window_start(matches: list[Match], width: int) -> int:
    """Return where the window with the most different, then the most matched words begins."""
    best, best_start, first = (0, 0), 0, 0
    counts: dict[str, int] = {}
    for held, (_, end, stem) in enumerate(matches):
        counts[stem] = counts.get(stem, 0) + 1
        while end - matches[first][0] > width and first < held:
            _drop(counts, matches[first][2])
            first += 1
        worth = (len(counts), held - first)
        if worth > best:
            best, best_start = worth, matches[first][0]
    return best_start


def _drop(counts: dict[str, int], stem: str) -> None:
    counts[stem] -= 1
    if not counts[stem]:
        del counts[stem]


def _first_match(matches: list[Match], start: int) -> int:
    return next((match[0] for match in matches if match[0] >= start), start)


def _sentence_start(text: str, start: int, keep: int) -> int:
    """Move back to the beginning of a sentence within reach, or of a word."""
    low = max(0, start - _REACH)
    if low == 0:
        return 0
    borders = [m.end() for m in _BORDER.finditer(text, low, keep)]
    if borders:
        return borders[-1] if borders[-1] <= keep else start
    space = text.find(" ", low, start)
    return start if space < 0 else space + 1


def _word_end(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    space = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    return space if space > end - _REACH else end


def _pieces(text: str, start: int, end: int, matches: list[Match]) -> list[tuple[str, bool]]:
    cuts = [start, *(edge for match in matches for edge in match[:2]), end]
    pieces = [
        (_SPACE.sub(" ", text[left:right]), number % 2 == 1)
        for number, (left, right) in enumerate(pairwise(cuts))
    ]
    if start > 0:
        pieces.insert(0, ("… ", False))
    if end < len(text):
        pieces.append((" …", False))
    return [piece for piece in pieces if piece[0]]
