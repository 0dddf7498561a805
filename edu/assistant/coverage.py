"""How much of what was asked for a material holds: by the weight of the words, not their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from sqlalchemy import func, select

from edu.extensions import db, search_index
from edu.materials.models import Material, MaterialStatus, Passage
from edu.search.analysis import stems
from edu.search.base import Wording

# Of the weight of the words. Of a rare word that stands somewhere by chance less than half.
COVERS = 0.62  # one place holds what was asked for
NEAR = 0.4  # it is about something like it
BESIDE = 0.75  # what words in other places of the material count against those in the best one
DOUBTFUL = 0.7  # a wording below this factor was perhaps not meant ...
DOUBTED = 0.85  # ... and counts so much
MENTIONED = 2  # occurrences of all there is to find, from which on a text is about it


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a question in one wording, with their weights; all of them weigh `whole`."""

    weights: Mapping[str, float]
    whole: float
    factor: float


@dataclass(frozen=True, slots=True)
class Cover:
    """The share of the weight that a material holds, and the stems of the question in it."""

    share: float
    held: frozenset[str]


def weigh(wordings: Sequence[Wording]) -> list[Asked]:
    """The words of each wording, the rarer the heavier; an unknown one weighs most.

    Raises IndexUnavailable.
    """
    words = list(dict.fromkeys(stem for each in wordings for stem in each.query.terms))
    counts = dict(zip(words, search_index().count_documents((w,) for w in words), strict=True))
    active = Material.status == MaterialStatus.ACTIVE
    total = max(db.session.scalar(select(func.count()).where(active)) or 0, *counts.values(), 1)
    idf = {word: log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
    found = []
    for wording in wordings:
        own = {stem: idf[stem] for stem in wording.query.terms}
        factor = 1.0 if wording.factor >= DOUBTFUL else DOUBTED
        if own:
            found.append(Asked(own, sum(own.values()) or 1.0, factor))
    return found


def unknown_words(asked: Sequence[Asked]) -> tuple[str, ...]:
    """The stems of the first wording that no material holds."""
    words = list(asked[0].weights) if asked else []
    counts = search_index().count_documents((word,) for word in words)
    return tuple(word for word, count in zip(words, counts, strict=True) if not count)


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
    weigh_all = {at: sum(asked.weights[stem] for stem in held) for at, held in enumerate(places)}
    at = max(weigh_all, key=lambda place: weigh_all[place])
    everywhere = frozenset().union(*places)
    beside = sum(asked.weights[stem] for stem in everywhere - places[at])
    share = (weigh_all[at] + BESIDE * beside) / asked.whole
    if not by_name and _is_mention(everywhere, texts):
        share = min(share, NEAR)
    return Cover(share * asked.factor, frozenset(everywhere))


def _is_mention(held: frozenset[str], texts: Sequence[Counter[str]]) -> bool:
    """Whether a single word is all that was found, and is only said in passing."""
    if len(held) != 1:
        return False
    (stem,) = held
    return sum(text[stem] for text in texts) < MENTIONED
