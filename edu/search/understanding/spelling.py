"""Mistyped words, corrected towards words of the index and of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edu.search.analysis import stem_word
from edu.search.understanding.candidates import (
    FEWEST_LETTERS,
    ONE_EDIT,
    Word,
    find_candidates,
    find_words,
    other_case,
    share_of,
    split_word,
    worth,
)
from edu.search.understanding.edits import Repair
from edu.search.understanding.evidence import Evidence, content_stems
from edu.search.understanding.meaning import Change
from edu.search.understanding.spans import Edit, frozen_spans, in_case_of, replace_spans

MOST_WORDS = 6  # looked up in one query
MOST_CONTEXT = 4  # other words that a candidate is looked for beside
# From this cost on it is searched for beside what was typed, not instead; with the other words in
# the same documents it may cost CONTEXT_TRUST more.
DOUBTFUL, DOUBTFUL_SHORT = 0.9, 0.4  # the second for words of four letters
CONTEXT_TRUST = 0.6
# The same for short words that are alone or may be names, if what they may stand for is no common
# word: two letters swapped, or one doubled, is certain.
DOUBTFUL_ALONE, COMMON = 0.6, 3  # the second in documents
# A known word that may be a slip all the same, when the whole query finds nothing.
RARE, FAR_COMMONER = 2, 10  # documents; times


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text corrected, what was changed, and the other texts that may have been meant."""

    text: str
    changes: list[Change]
    others: list[str]


def correct_spelling(text: str, literal: frozenset[str], evidence: Evidence) -> Spelling:
    """Return the text with unknown words corrected."""
    words = list(find_words(text, frozen_spans(text, literal)))
    evidence.learn((stem,) for stem in content_stems(text))
    absent = [word for word in words if not evidence.count(stem_word(word.typed))]
    inflected = {word.span: stem for word in absent if (stem := other_case(word, evidence))}
    unknown = [
        word
        for word in absent
        if word.span not in inflected and not evidence.weigh(stem_word(word.typed))
    ]
    edits = [Edit(span, stem) for span, stem in inflected.items()]
    changes, doubtful = [], []
    for word, best, share in _choose(text, unknown[:MOST_WORDS], evidence):
        edit = Edit(word.span, in_case_of(word.typed, best.word))
        if best.cost >= _least_doubtful(word, best, text, evidence) + CONTEXT_TRUST * share:
            doubtful.append(edit)
        else:
            edits.append(edit)
        changes.append(Change("spelling", word.typed, edit.text))
    others = [replace_spans(text, edits + doubtful)] if doubtful else []
    return Spelling(replace_spans(text, edits), changes, others)


def _least_doubtful(word: Word, best: Repair, text: str, evidence: Evidence) -> float:
    if len(word.folded) <= FEWEST_LETTERS:
        return DOUBTFUL_SHORT
    alone = len(word.folded) <= ONE_EDIT and len(content_stems(text)) == 1
    if best.word in evidence.own or not (alone or word.is_name):
        return DOUBTFUL
    return DOUBTFUL_ALONE if word.is_name or evidence.count(best.stem) < COMMON else DOUBTFUL


def doubt_spelling(text: str, literal: frozenset[str], evidence: Evidence) -> Spelling:
    """Return other texts for one that finds nothing as it is: with a rare word read as a near and
    far commoner one, if that finds something.
    """
    whole = content_stems(text)
    words = [w for w in find_words(text, frozen_spans(text, literal)) if _is_rare(w, evidence)]
    for word in words[:1] if len(whole) > 1 and not evidence.count(*whole) else []:
        rest = [stem for stem in whole if stem != stem_word(word.typed)]
        least = FAR_COMMONER * evidence.count(stem_word(word.typed))
        found = [each for each in find_candidates(word, evidence) if each.cost < DOUBTFUL]
        evidence.learn((*rest, each.stem) for each in found)
        for best in found:
            if evidence.count(best.stem) >= least and evidence.count(*rest, best.stem):
                edit = Edit(word.span, in_case_of(word.typed, best.word))
                change = Change("spelling", word.typed, edit.text)
                return Spelling(text, [change], [replace_spans(text, [edit])])
    return Spelling(text, [], [])


def _is_rare(word: Word, evidence: Evidence) -> bool:
    stem = stem_word(word.typed)
    return 0 < evidence.count(stem) <= RARE and stem not in evidence.stems


def _choose(
    text: str, words: list[Word], evidence: Evidence
) -> Iterator[tuple[Word, Repair, float]]:
    """Yield each word with the candidate that goes best with the known words beside it, and the
    share of these that it goes with.
    """
    for word in words:
        word.candidates = find_candidates(word, evidence)
    known = [stem for stem in dict.fromkeys(content_stems(text)) if evidence.count(stem)]
    context = sorted(known, key=evidence.count)[:MOST_CONTEXT]
    evidence.learn(
        (candidate.stem, stem)
        for word in words
        for candidate in word.candidates
        for stem in context
    )
    for word in words:
        found = word.candidates or split_word(word, evidence)
        if found:
            best = max(found, key=lambda c: worth(c, context, evidence))
            yield word, best, share_of(best, context, evidence)
