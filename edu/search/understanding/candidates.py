"""Words of a query that may be mistyped, and the known words that each may stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import log

from rapidfuzz.distance import OSA

from edu.search.analysis import WORD, normal_form, stem_word
from edu.search.understanding.edits import (
    LEFT_OUT,
    VOWELS,
    Repair,
    find_repairs,
    has_vowels,
    likely_endings,
    slip_cost,
)
from edu.search.understanding.evidence import Evidence
from edu.search.understanding.spans import Span, in_case_of, is_free

FEWEST_LETTERS = 4
FEWEST_STEM = 3  # letters of a stem that a mistyped word may begin with
FEWEST_APART = 3  # letters of each of two words typed as one
ONE_EDIT = 7  # letters of a word in which one slip is looked for; in longer ones two
LONGEST = 30
ABBREVIATION = 6  # letters in capitals that are not a word
MOST_SIMILAR, MOST_CANDIDATES = 24, 6  # of one word: asked for, weighed against the other words
# What a candidate may cost (edits.py) in a word of four letters, of up to ONE_EDIT, and longer.
LIMITS = (0.8, 1.5, 1.7)
COST_WEIGHT, COUNT_WEIGHT, CONTEXT_WEIGHT = 2.0, 0.3, 1.5
VERBAL = ("ир", "ова")  # with these stems of verbs end, which are no words
CASE_ENDINGS = ("у", "ом", "е", "ы", "а", "ам", "ами", "ах", "ов")  # of nouns like «матан»


@dataclass(slots=True)
class Word:
    """A word of the query that may be mistyped."""

    span: Span
    typed: str
    folded: str
    unfinished: bool  # the last word, which may be in the middle of being typed
    candidates: list[Repair] = field(default_factory=list)

    @property
    def edits(self) -> int:
        return 1 if len(self.folded) <= ONE_EDIT else 2

    @property
    def is_name(self) -> bool:
        """Whether it may be one by its looks: short, with a capital letter."""
        capital = self.typed[0].isupper() and not self.typed.isupper()
        return capital and len(self.folded) <= ONE_EDIT

    @property
    def limit(self) -> float:
        return LIMITS[(len(self.folded) > FEWEST_LETTERS) + (len(self.folded) > ONE_EDIT)]


def find_words(text: str, frozen: list[Span]) -> Iterator[Word]:
    shouting = text.isupper()
    for match in WORD.finditer(text):
        typed, span = match.group(), Span(*match.span())
        folded = normal_form(typed)
        abbreviated = typed.isupper() and len(typed) <= ABBREVIATION and not shouting
        if (
            FEWEST_LETTERS <= len(folded) <= LONGEST
            and folded.isalpha()
            and has_vowels(folded)
            and stem_word(typed)
            and not abbreviated
            and is_free(span, frozen)
        ):
            yield Word(span, typed, folded, span.end == len(text))


def find_candidates(word: Word, evidence: Evidence) -> list[Repair]:
    """Return what the word may have been meant to be, likeliest first by the slips alone."""
    own = (other for other in evidence.own if _is_near(word.folded, other, word.edits))
    found = [Repair(slip_cost(word.folded, other), other, stem_word(other)) for other in own]
    found += find_repairs(word.folded, _near_stems(word, evidence), word.edits)
    fitting = [each for each in found if each.cost <= word.limit]
    fitting = [each for each in fitting if not (word.unfinished and _goes_on(word, each))]
    fitting = [each for each in fitting if each.word in evidence.own or not _is_made(word, each)]
    evidence.learn((each.stem,) for each in fitting)
    fitting.sort(key=lambda each: -worth(each, [], evidence))
    return fitting[:MOST_CANDIDATES]


def split_word(word: Word, evidence: Evidence) -> list[Repair]:
    """Return the two words of a material that were typed without a space."""
    typed = word.folded
    halves = [(typed[:at], typed[at:]) for at in range(FEWEST_APART, len(typed) - FEWEST_APART + 1)]
    pairs = {(stem_word(a), stem_word(b)): f"{a} {b}" for a, b in halves}
    evidence.learn(pair for pair in pairs if all(pair))
    found = [pair for pair in pairs if all(pair) and evidence.count(*pair)]
    best = max(found, key=lambda pair: evidence.count(*pair), default=None)
    return [Repair(LEFT_OUT, pairs[best], best[0])] if best else []


def _near_stems(word: Word, evidence: Evidence) -> Iterable[str]:
    """Return known stems near to the word's, and to what else may be its stem: the stemmer does
    not know a mistyped ending, and cuts another word than was meant.
    """
    stem = stem_word(word.typed)
    beginnings = [word.folded[:size] for size in range(FEWEST_STEM, len(word.folded))]
    evidence.learn((each,) for each in beginnings)
    known = [each for each in beginnings if evidence.weigh(each)]
    found: list[str] = []
    for base in dict.fromkeys((stem, *_without_endings(word.folded))):
        similar = [near.stem for near in evidence.similar(base, word.edits, MOST_SIMILAR)]
        found = [near for near in similar if len(near) >= FEWEST_STEM]
        if found:
            break
    return dict.fromkeys([*known, *found])


def _is_near(word: str, other: str, edits: int) -> bool:
    return OSA.distance(word, other, score_cutoff=edits) <= edits


def _without_endings(word: str) -> list[str]:
    """Return the word without the longest ending that it has, and that it may have mistyped."""
    endings = likely_endings(word)
    whole = [end for end in endings if word.endswith(end)]
    near = [end for end in endings if len(end) > 2 and _is_near(word[-len(end) :], end, 1)]
    longest = (max(ends, key=len, default="") for ends in (whole, near))
    bases = (word[: len(word) - len(end)] for end in longest)
    return [base for base in bases if len(base) >= FEWEST_STEM - 1]


def _goes_on(word: Word, candidate: Repair) -> bool:
    """Whether a short word may just not be typed to its end: all but its last letter fits."""
    begun, last = word.folded[:-1], word.folded[-1]
    left_out = len(candidate.word) == len(word.folded) + 1 and candidate.word.endswith(last)
    return (
        len(word.folded) <= ONE_EDIT
        and candidate.word.startswith(begun)
        and not candidate.word.startswith(word.folded)
        and not left_out
    )


def _is_made(word: Word, candidate: Repair) -> bool:
    """Whether a form is likely none of the stem, of which alone the index knows: «римаа» of
    «риман», a verb's bare «трансформир», for a name the case or the end of another word.
    """
    stem, ending = candidate.stem, candidate.word[len(candidate.stem) :]
    if stem[-1] in VOWELS and ending.startswith(stem[-1]) and not word.folded.endswith(ending * 2):
        return True
    if not ending and stem.endswith(VERBAL) and not word.folded.endswith(VERBAL):
        return True
    other_ending = ending != word.folded[len(stem_word(word.typed)) :]
    other_first = stem[0] != word.folded[0]
    return word.is_name and (other_ending or other_first or len(stem) <= FEWEST_STEM)


def worth(candidate: Repair, context: list[str], evidence: Evidence) -> float:
    share = share_of(candidate, context, evidence)
    commonness = log(1 + evidence.weigh(candidate.stem))
    return COUNT_WEIGHT * commonness + CONTEXT_WEIGHT * share - COST_WEIGHT * candidate.cost


def share_of(candidate: Repair, context: list[str], evidence: Evidence) -> float:
    together = [stem for stem in context if evidence.count(candidate.stem, stem)]
    return len(together) / len(context) if context else 0.0


def other_case(word: Word, evidence: Evidence) -> str:
    """Return the word as the stemmer knows it, "" if it is no case of a known word.

    The stemmer takes endings of some nouns for a verb's: «матан» is «мата», «матану» is «матан».
    """
    stem = stem_word(word.typed)
    shorter = stem_word(stem)
    if word.folded in evidence.own or shorter == stem or stem[-1] in VOWELS:
        return ""
    is_case = word.folded[len(stem) :] in CASE_ENDINGS and evidence.weigh(shorter)
    return in_case_of(word.typed, stem) if is_case else ""
