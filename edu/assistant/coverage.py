"""How much of what was asked for a material holds: by the weight of the words, not their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from rapidfuzz.distance import OSA
from sqlalchemy import func, select

from edu.extensions import db, search_index
from edu.materials.models import Material, MaterialStatus, Passage
from edu.search.analysis import normal_form, stem_word, stems
from edu.search.understanding.meaning import Change, Understood

# Of the weight of the words. Of a rare word that stands somewhere by chance less than half.
COVERS = 0.6  # one place holds what was asked for
NEAR = 0.35  # it is about something like it
BESIDE = 0.5  # what words in other places of the material count against those in the best one
DOUBTFUL = 0.7  # a wording below this factor was perhaps not meant ...
DOUBTED = 0.85  # ... and counts so much
SLIP = 2.2  # of the share of letters that are slips, how much less a word is trusted
MENTIONED = 2  # occurrences of all there is to find, from which on a text is about it


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a question in one wording, with their weights; all of them weigh `whole`.

    `trust` says of words that were put for mistyped ones how far these were meant.
    """

    weights: Mapping[str, float]
    whole: float
    factor: float
    trust: Mapping[str, float]

    def weight_of(self, held: Iterable[str]) -> float:
        """What these words of it weigh together."""
        return sum(self.weights[stem] * self.trust.get(stem, 1.0) for stem in held)


@dataclass(frozen=True, slots=True)
class Cover:
    """The share of the weight that a material holds, and the stems of the question in it."""

    share: float
    held: frozenset[str]


def weigh(understood: Understood) -> list[Asked]:
    """The words of each wording, the rarer the heavier; an unknown one weighs most.

    Raises IndexUnavailable.
    """
    mended = {s: (m, t) for change in understood.changes for s, m, t in _mended(change)}
    words = dict.fromkeys(stem for each in understood.wordings for stem in each.query.terms)
    words |= dict.fromkeys(typed for typed, _trust in mended.values())
    idf = _weigh_words(list(words))
    found = []
    for wording in understood.wordings:
        own = {stem: idf[stem] for stem in wording.query.terms}
        # A mistyped word is as heavy as it was typed, which is what nobody knows.
        own |= {stem: max(own[stem], idf[mended[stem][0]]) for stem in own.keys() & mended.keys()}
        factor = 1.0 if wording.factor >= DOUBTFUL else DOUBTED
        if own:
            trust = {stem: mended[stem][1] for stem in own.keys() & mended.keys()}
            found.append(Asked(own, sum(own.values()) or 1.0, factor, trust))
    return found


def _weigh_words(words: list[str]) -> dict[str, float]:
    counts = dict(zip(words, search_index().count_documents((w,) for w in words), strict=True))
    active = Material.status == MaterialStatus.ACTIVE
    total = max(db.session.scalar(select(func.count()).where(active)) or 0, *counts.values(), 1)
    held = {word: max(n, 1) for word, n in counts.items()}  # an unknown one is as rare as can be
    return {word: log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in held.items()}


def _mended(change: Change) -> Iterator[tuple[str, str, float]]:
    """(stem that was put, stem as typed, trust) of a slip: in a long word it matters less."""
    if change.kind == "spelling":
        typed = normal_form(change.said)
        slips = OSA.distance(typed, normal_form(change.meant))
        trust = max(1 - SLIP * slips / len(typed), 0.0)
        for stem in stems(change.meant):
            if stem:
                yield stem, stem_word(change.said), trust


def name_stems(material: Material) -> frozenset[str]:
    """What a material is called and filed under."""
    trail = material.category.trail
    names = [material.title, *(tag.name for tag in material.tags)]
    names += [each.name for each in trail]
    names += [alias.alias for each in trail for alias in each.aliases]
    return frozenset(stem for name in names for stem in stems(name) if stem)


def measure(asked: Sequence[Asked], material: Material, passages: Iterable[Passage]) -> Cover:
    """What the material holds by its names and by these passages, its best ones."""
    named = name_stems(material)
    described = frozenset(stems(material.description))
    texts = [Counter(stems(f"{each.heading}\n{each.text}")) for each in passages]
    headings = frozenset(stem for each in passages for stem in stems(each.heading))
    best = Cover(0.0, frozenset())
    for one in asked:
        cover = _measure(one, named | described | headings, texts)
        if cover.share > best.share:
            best = cover
    return best


def _measure(asked: Asked, named: frozenset[str], texts: Sequence[Counter[str]]) -> Cover:
    wanted = asked.weights.keys()
    by_name = wanted & named
    places = [by_name | (wanted & text.keys()) for text in texts] or [by_name]
    best = max(places, key=asked.weight_of)
    everywhere = frozenset().union(*places)
    share = asked.weight_of(best) + BESIDE * asked.weight_of(everywhere - best)
    share /= asked.whole
    if not by_name and _is_mention(everywhere, texts):
        share = min(share, NEAR)
    return Cover(share * asked.factor, frozenset(everywhere))


def _is_mention(held: frozenset[str], texts: Sequence[Counter[str]]) -> bool:
    """Whether a single word is all that was found, and is only said in passing."""
    if len(held) != 1:
        return False
    (stem,) = held
    return sum(text[stem] for text in texts) < MENTIONED
