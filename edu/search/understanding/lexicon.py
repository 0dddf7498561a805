"""The catalogue's names as search reads them: which stand in a text, which words they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from edu.search.analysis import WORD, normal_form, stem_word
from edu.search.understanding.edits import VOWELS
from edu.search.understanding.meaning import NameGroup
from edu.search.understanding.spans import Span

SHORT = 3  # letters of a name that is met only as it is written: «мех» is not «меха»
MOST_WORDS = 8  # of a name
_CASE_ENDINGS = ("у", "ом", "а", "е", "ы")


class NameAt(NamedTuple):
    """A name of the catalogue where it stands in a text."""

    span: Span
    groups: tuple[int, ...]  # that are called so
    own: tuple[str, ...]  # the name's stems


@dataclass(slots=True)
class Lexicon:
    """All names of the catalogue, by their stems."""

    groups: tuple[NameGroup, ...] = ()
    names: dict[tuple[str, ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    words: frozenset[str] = frozenset()  # in normal form
    stems: frozenset[str] = frozenset()
    # Stems of a name's word in other cases, where the stemmer sees another word: «матану».
    cases: dict[str, str] = field(default_factory=dict)
    _longest: int = 0

    def key(self, word: str) -> str:
        """Return the word as names have it, "" for a stop word."""
        stem = stem_word(word)
        if len(word) <= SHORT:
            return stem and normal_form(word)
        return stem if stem in self.stems else self.cases.get(stem, stem)

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the words of a name as names are compared."""
        return tuple(filter(None, map(self.key, WORD.findall(name))))

    def find(self, text: str) -> list[NameAt]:
        """Return the names that stand in a text, the longest first at each place, none twice."""
        words = [
            (key, Span(*match.span()))
            for match in WORD.finditer(text)
            if (key := self.key(match.group()))
        ]
        return list(self._walk(words))

    def _walk(self, words: list[tuple[str, Span]]) -> Iterator[NameAt]:
        at = 0
        while at < len(words):
            for size in range(min(self._longest, len(words) - at), 0, -1):
                own = tuple(key for key, _ in words[at : at + size])
                if own in self.names:
                    span = Span(words[at][1].start, words[at + size - 1][1].end)
                    yield NameAt(span, tuple(self.names[own]), own)
                    at += size - 1
                    break
            at += 1


def make_lexicon(names: Iterable[NameGroup]) -> Lexicon:
    """Return the lexicon of these names, the last one from memory."""
    return _make_lexicon(tuple(map(tuple, names)))


@lru_cache(maxsize=4)
def _make_lexicon(groups: tuple[NameGroup, ...]) -> Lexicon:
    found = Lexicon(groups)
    words = {word for group in groups for name in group for word in WORD.findall(name)}
    long = {word for word in words if len(word) > SHORT}
    found.words = frozenset(map(normal_form, long))
    found.stems = frozenset(filter(None, map(stem_word, words)))
    for word in sorted(word for word in long if word[-1] not in VOWELS):
        for ending in _CASE_ENDINGS:
            found.cases.setdefault(stem_word(word + ending), stem_word(word))
    for number, group in enumerate(groups):
        for name in group:
            _put(found, number, found.keys(name))
    return found


def _put(lexicon: Lexicon, number: int, own: tuple[str, ...]) -> None:
    if 0 < len(own) <= MOST_WORDS and number not in lexicon.names[own]:
        lexicon.names[own].append(number)
        lexicon._longest = max(lexicon._longest, len(own))
