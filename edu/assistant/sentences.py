"""The sentences of passages that answer a question best; none of those that speak to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from edu.assistant.findings import PassageFound
from edu.assistant.planted import is_planted
from edu.search.analysis import stems

SHORTEST, LONGEST = 40, 320  # characters of a sentence that is quoted
MOST_SENTENCES = 3
LEAST_LETTERS = 0.6  # of the characters: the rest of a formula is not read without its signs
LEAST_SCORE = 0.5
DEFINES = 0.45  # of its worth, by which a sentence that defines is worth more
ABOVE = 0.5  # of a word, where it stands in the heading only
SAME = 0.7  # of the words of two sentences, from which on they say the same
REPEATED = 0.35  # of its worth, what a word keeps that an earlier sentence has said

_ENDS = re.compile(
    r"(?<=[.!?…])\s+(?=[«\"(]?[А-ЯЁA-Z0-9])"
    # The marks with which conspectuses begin a paragraph.
    r"|\s+(?=(?:Def|Nota|Th|Ex|Mem|Опр|Определение|Теорема|Лемма|Пример|Замечание|Следствие"
    r"|Доказательство)\b[.:\s])"
)
# «п. 5», «т. е.», «рис. 3», initials: no end of a sentence.
_NO_END = re.compile(
    r"(?:\b(?:т|п|с|стр|рис|см|др|пр|гл|опр|теор|табл|ср|напр|т\.\s?[едкпн]|[A-ZА-ЯЁ]"
    r"|e\.g|i\.e|fig|eq|vs|cf|ch|sec|th|def))\.$",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    r"\s[—–-]\s(?:это\b)?|\b(?:называ[а-яё]+(?:ся|т|м|ют)?|определени[ея]\b|опр\.|обозначим|понима[а-яё]+"
    r"|теорема\b|означает|if\s+and\s+only\s+if|is\s+called|are\s+called|is\s+defined|definition"
    r"|is\s+an?\b|refers\s+to|means\s+that|тогда\s+и\s+только)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and the passage in which it stands."""

    text: str
    passage: PassageFound


def choose_sentences(
    words: str, passages: Sequence[PassageFound], most: int = MOST_SENTENCES
) -> list[Sentence]:
    """The ones that hold most of the words and define something; each says something new."""
    wanted = frozenset(stem for stem in stems(words) if stem)
    left = list(_candidates(passages, wanted))
    weights = _weigh(wanted, left)
    chosen: list[Sentence] = []
    said: frozenset[str] = frozenset()
    while left and len(chosen) < most:
        best = max(left, key=lambda one: _score(one, weights, said))
        if _score(best, weights, said) < LEAST_SCORE:
            break
        chosen.append(best.sentence)
        said |= best.own & wanted
        left = [one for one in left if len(one.own & best.own) < SAME * len(one.own | best.own)]
    return chosen


@dataclass(frozen=True, slots=True)
class _Candidate:
    sentence: Sentence
    own: frozenset[str]
    above: frozenset[str]  # words of the question in the heading above it


def _candidates(passages: Sequence[PassageFound], wanted: frozenset[str]) -> Iterator[_Candidate]:
    for passage in passages:
        above = wanted.intersection(stems(passage.heading))
        for text in split_sentences(passage.text):
            letters = sum(map(str.isalpha, text)) / len(text) if text else 0
            fits = SHORTEST <= len(text) <= LONGEST and letters >= LEAST_LETTERS
            own = frozenset(stem for stem in stems(text) if stem)
            if fits and own & wanted and not is_planted(text):
                yield _Candidate(Sentence(text, passage), own, above)


def _weigh(wanted: frozenset[str], found: Sequence[_Candidate]) -> dict[str, float]:
    """The words' shares of the question: what few of the sentences hold weighs more."""
    counts = {stem: sum(stem in one.own for one in found) for stem in wanted}
    weights = {stem: log(2 + len(found) / (1 + count)) for stem, count in counts.items()}
    whole = sum(weights.values()) or 1.0
    return {stem: weight / whole for stem, weight in weights.items()}


def split_sentences(text: str) -> list[str]:
    """The sentences of a text whose spaces are folded."""
    found: list[str] = []
    for part in _ENDS.split(text):
        if found and _NO_END.search(found[-1]):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return [part.strip() for part in found if part.strip()]


def _score(one: _Candidate, weights: Mapping[str, float], said: frozenset[str]) -> float:
    """Of a sentence with all the words 1, if it defines them 1 + DEFINES."""
    worth = sum(
        weight
        * (1.0 if stem in one.own else ABOVE if stem in one.above else 0.0)
        * (REPEATED if stem in said else 1.0)
        for stem, weight in weights.items()
    )
    defines = DEFINES * worth if _DEFINES.search(one.sentence.text) else 0.0
    return worth + defines
