"""Words in the wrong layout or script, read as they were meant when the index bears it out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import log

from edu.search.analysis import WORD, stem_word
from edu.search.understanding.evidence import Evidence, content_stems, single
from edu.search.understanding.layout import LETTER_SIGNS
from edu.search.understanding.meaning import Change
from edu.search.understanding.runs import (
    FEWEST_TO_GUESS,
    Kind,
    Reading,
    Run,
    find_readings,
    find_runs,
)
from edu.search.understanding.spans import Edit, Span, frozen_spans, is_free, replace_spans

MOST_RUNS = 16  # of one query that are looked at
FEWEST_LETTERS = 3  # of a word that speaks for another layout by itself
RARE = 3  # documents: a word of so few letters that is in fewer may be there by chance
MOST_SIMILAR = 3  # lookups for words of which no reading is known
ONE_EDIT = 7  # letters of a word in which one slip is looked for; in longer ones two
FEW_VOWELS = 0.25  # of the letters of what no language writes so
COMMON = 50  # documents that a stop word counts for
RARITY = 0.3  # of the logarithm of a count, against the oddity of a transliteration

_CASE_OF_NUMBER = re.compile(r"\d*(?:й|го|му|м|ой|ом|я|е|ый|ий|ая|ое)$")  # «4-й», «2го»


def read_scripts(
    text: str, literal: frozenset[str], evidence: Evidence
) -> tuple[str, list[Change]]:
    """Return the text with words read anew that only so are known, and what was changed."""
    frozen = frozen_spans(text, literal)
    runs = [run for run in find_runs(text) if is_free(run.span, frozen)][:MOST_RUNS]
    evidence.learn(single(run.text for run in runs))
    unknown = [run for run in runs if run.is_code or not evidence.knows(run.text)]
    find_readings(unknown, evidence)
    for latin in (True, False):
        _decide([run for run in runs if run.latin == latin], unknown, evidence)
    _guess(unknown, evidence)
    return _rewrite(text, runs, frozen)


def _decide(runs: list[Run], unknown: list[Run], evidence: Evidence) -> None:
    """Choose readings for the words of one script: by the long ones how the short ones are read."""
    asked = [run for run in runs if run in unknown]
    for run in asked:
        if run.letters > FEWEST_LETTERS or run.is_code:
            run.chosen = _best_known(run, run.readings, evidence)
    kind = _commonest_kind(asked)
    for run in asked:
        if kind and run.chosen and run.chosen.kind != kind:
            run.chosen = _best_known(run, run.of(kind), evidence) or run.chosen
        elif run.letters == FEWEST_LETTERS and not run.chosen:
            run.chosen = _best_known(run, run.of(kind) if kind else run.readings, evidence)
    _outvote(runs, evidence)
    kind = _commonest_kind(runs)
    if kind:
        _follow(runs, kind, evidence)


def _commonest_kind(runs: list[Run]) -> Kind | None:
    letters = {"layout": 0, "translit": 0}
    for run in runs:
        if run.chosen:
            letters[run.chosen.kind] += run.letters
    if not any(letters.values()):
        return None
    return "layout" if letters["layout"] >= letters["translit"] else "translit"


def _best_known(run: Run, readings: Iterable[Reading], evidence: Evidence) -> Reading | None:
    """Return the likeliest of the readings that are known; none if that is a small word, which
    its neighbours decide about.
    """
    known = [r for r in readings if run.is_code or evidence.knows(r.text)]
    if run.letters <= FEWEST_LETTERS:
        known = [r for r in known if r.kind == "layout" or _rarest(r.text, evidence) >= RARE]
    best = max(known, key=lambda r: _likelihood(r, evidence), default=None)
    return best if best and (run.is_code or content_stems(best.text)) else None


def _likelihood(reading: Reading, evidence: Evidence) -> float:
    count = _rarest(reading.text, evidence) if content_stems(reading.text) else COMMON
    return RARITY * log(1 + count) - reading.oddity


def _rarest(text: str, evidence: Evidence) -> int:
    return min(map(evidence.weigh, content_stems(text)), default=0)


def _outvote(runs: list[Run], evidence: Evidence) -> None:
    """Keep what might be transliterated among more words of a language known as typed."""
    chosen = [run for run in runs if run.chosen and run.chosen.kind == "translit"]
    kept = [run for run in runs if run.latin and not run.chosen and run.letters > 1]
    kept = [run for run in kept if evidence.knows(run.text)]
    if not chosen or not kept:
        return
    find_readings(kept, evidence)
    against = sum(run.letters for run in kept if not _could_be(run, "translit", evidence))
    if against > sum(run.letters for run in chosen):
        for run in chosen:
            run.chosen = None


def _could_be(run: Run, kind: Kind, evidence: Evidence) -> bool:
    """Whether a run known as typed is known in this reading, too."""
    return any(r.kind == kind and evidence.knows(r.text) for r in run.readings)


def _follow(runs: list[Run], kind: Kind, evidence: Evidence) -> None:
    """Read the other words as most are read: small ones, and those that are known both ways."""
    rest = [run for run in runs if not run.chosen]
    find_readings(rest, evidence)
    for run in rest:
        readings = run.of(kind)
        run.chosen = next((r for r in readings if _is_small(r.text)), None)
        if run.chosen or run.letters < 2:
            continue
        best = _best_known(run, readings, evidence)
        if best and _prefers(best, run, evidence):
            run.chosen = best


def _prefers(reading: Reading, run: Run, evidence: Evidence) -> bool:
    """Whether a word that may be known as typed was meant to be read, as its neighbours are.

    People change the layout for a whole query, but mix Latin words into a transliterated one.
    """
    if reading.kind == "layout":
        return True
    return _rarest(reading.text, evidence) > _rarest(run.text, evidence)


def _guess(runs: Iterable[Run], evidence: Evidence) -> None:
    """Read what no language writes, if it resembles a known word in the other layout.

    Never a transliteration: «Kafka» may be a name, and would be corrected to another word.
    """
    lookups = MOST_SIMILAR
    for run in runs:
        reading = next(iter(run.of("layout")), None)
        if run.chosen or not reading or not lookups or not _is_unwritten(run):
            continue
        lookups -= 1
        if _resembles(reading.text, evidence):
            run.chosen = reading


def _is_unwritten(run: Run) -> bool:
    """Whether an unknown Latin word is none by its vowels or by signs among its letters."""
    if not run.latin or run.letters < FEWEST_TO_GUESS:
        return False
    vowels = sum(letter in "aeiouAEIOU" for letter in run.text) / run.letters
    inside = run.text.strip(LETTER_SIGNS)
    return vowels < FEW_VOWELS or any(sign in inside for sign in LETTER_SIGNS if sign != "'")


def _resembles(text: str, evidence: Evidence) -> bool:
    words = [word for word in WORD.findall(text) if len(word) >= FEWEST_TO_GUESS]
    edits = 1 if len(text) <= ONE_EDIT else 2
    return any(evidence.similar(stem_word(word), edits, 1) for word in words[:1])


def _is_small(text: str) -> bool:
    """Whether the text is a stop word (of one letter only where Russian has it) or «4-й»'s end."""
    words = WORD.findall(text)
    small = bool(words) and not any(map(stem_word, words))
    if small and len(words[0]) == 1:
        return words[0].lower() in "авикосуя"
    return small or bool(_CASE_OF_NUMBER.fullmatch(text.lower()))


def _rewrite(text: str, runs: list[Run], frozen: list[Span]) -> tuple[str, list[Change]]:
    """Make the changes, each told once for neighbours that were read the same way."""
    edits = [Edit(run.span, run.chosen.text) for run in runs if run.chosen]
    changes: list[Change] = []
    group: list[Run] = []
    for run in [*runs, None]:
        chosen = run.chosen if run else None
        if group and (chosen is None or not _continues(group, run, frozen)):
            changes.append(_tell(text, group))
            group = []
        if run and chosen:
            group.append(run)
    return replace_spans(text, edits), changes


def _continues(group: list[Run], run: Run | None, frozen: list[Span]) -> bool:
    last = group[-1]
    if run is None or run.chosen is None or last.chosen is None:
        return False
    between = Span(last.span.end, run.span.start)
    return last.chosen.kind == run.chosen.kind and is_free(between, frozen)


def _tell(text: str, group: list[Run]) -> Change:
    start, end = group[0].span.start, group[-1].span.end
    edits = [
        Edit(Span(run.span.start - start, run.span.end - start), run.chosen.text)
        for run in group
        if run.chosen
    ]
    said = text[start:end]
    kind: Kind = group[0].chosen.kind if group[0].chosen else "layout"
    return Change(kind, said, replace_spans(said, edits))
