"""What a person meant by what was typed, and what of that to show.

One step after another, each on the text that the last one left: wrong layouts and scripts
(scripts.py), slips (spelling.py), words that are filters (filter_words.py), other names of the
catalogue's things (aliases.py). What the index knows as it was typed stays as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable

from edu.search.base import Wording
from edu.search.query import MAX_CHARACTERS, parse_query
from edu.search.understanding.aliases import use_aliases
from edu.search.understanding.evidence import Evidence, content_stems
from edu.search.understanding.filter_phrases import FILTER_WORDS
from edu.search.understanding.filter_words import Filters, take_filters
from edu.search.understanding.lexicon import Lexicon, make_lexicon
from edu.search.understanding.meaning import Change, ChangeKind, NameGroup, Understood, Words
from edu.search.understanding.scripts import read_scripts
from edu.search.understanding.spans import same_said
from edu.search.understanding.spelling import correct_spelling, doubt_spelling

__all__ = ["Change", "ChangeKind", "NameGroup", "Understood", "Words", "understand"]

DOUBTED_FACTOR = 0.6  # of a score by a spelling that was perhaps meant
MOST_WORDINGS = 6
UNFILTERED_FACTOR = 0.8  # of a score without the filter words that were to be taken as typed
MOST_UNFILTERED = 3  # wordings without them

_FILTER_WORDS = frozenset(FILTER_WORDS.split())
_FILTER_STEMS = frozenset(content_stems(FILTER_WORDS))


def understand(
    text: str,
    words: Words,
    names: Iterable[NameGroup] = (),
    *,
    literal: frozenset[str] = frozenset(),
    exact: bool = False,
) -> Understood:
    """Return what was meant. `literal` holds what is to be taken as typed; `exact` takes all so.

    Each of `literal` is a Change's `said`, or any words of the text; case, ё and the number of
    spaces don't matter. Phrases in quotes and excluded words are always as typed.

    Raises IndexUnavailable.
    """
    text = text[:MAX_CHARACTERS].replace("\0", " ")
    if exact or not text.strip():
        return Understood(text, (Wording(parse_query(text)),))
    kept = frozenset(same_said(said) for said in literal if said.strip())
    lexicon = make_lexicon(names)
    own, cases = lexicon.words | _FILTER_WORDS, frozenset(lexicon.cases)
    evidence = Evidence(words, own, lexicon.stems | cases | _FILTER_STEMS)
    read, changes = read_scripts(text, kept, evidence)
    spelling = correct_spelling(read, kept, evidence)
    filters = take_filters(spelling.text, kept, lexicon)
    changes += spelling.changes + filters.changes
    wordings, more = _reword(filters.text, spelling.others, kept, lexicon, evidence)
    unfiltered = _leave_out(spelling.text, kept, lexicon, evidence)
    return _put_together(filters, wordings, changes + more, unfiltered)


def _reword(
    text: str,
    doubtful: list[str],
    literal: frozenset[str],
    lexicon: Lexicon,
    evidence: Evidence,
) -> tuple[tuple[Wording, ...], list[Change]]:
    """Return the text and what else it may have been put as."""
    doubted = doubt_spelling(text, literal, evidence)
    others = use_aliases(text, literal, lexicon, evidence)
    texts = {text: 1.0} | {other.text: other.factor for other in others}
    for other in [*(take_filters(o, literal, lexicon).text for o in doubtful), *doubted.others]:
        texts.setdefault(other, DOUBTED_FACTOR)
    wordings = [Wording(parse_query(each), factor) for each, factor in texts.items()]
    return tuple(wordings[:MOST_WORDINGS]), [other.change for other in others] + doubted.changes


def _leave_out(
    text: str, literal: frozenset[str], lexicon: Lexicon, evidence: Evidence
) -> tuple[Wording, ...]:
    """Return the text without any filter words, if some of them are to be taken as typed."""
    bare = take_filters(text, frozenset(), lexicon)
    asked = any(same_said(change.said) in literal for change in bare.changes)
    if not asked or not parse_query(bare.text).terms:
        return ()
    wordings, _ = _reword(bare.text, [], literal, lexicon, evidence)
    return tuple(
        Wording(each.query, each.factor * UNFILTERED_FACTOR) for each in wordings[:MOST_UNFILTERED]
    )


def _put_together(
    filters: Filters,
    wordings: tuple[Wording, ...],
    changes: list[Change],
    unfiltered: tuple[Wording, ...],
) -> Understood:
    return Understood(
        filters.text,
        wordings,
        tuple(dict.fromkeys(changes)),
        filters.type,
        filters.kind,
        filters.semesters,
        filters.year,
        unfiltered,
    )
