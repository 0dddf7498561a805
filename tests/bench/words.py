"""A vocabulary as lectures have it: a few words everywhere, most of them hardly anywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from edu.search.analysis import WORD
from tests.search.corpus import read_corpus

VOCABULARY = 120_000  # different words as written, about what 20,000 lectures have
_ONSETS = re.findall(
    r"\w+", "б в г д ж з к л м н п р с т ф х ц ч ш пр ст тр кр гр вл сл пл др св ск"
)
_VOWELS = "ааееииооуыя"
_CODAS = ["", "", "", *"нрлстк"]
_ENDINGS = re.findall(
    r"\w+",
    "ение ения ением ность ности ация ации ный ного ных ная ной ческий ческого ами ах ов ом "
    "ой ый ая ые ет ют ать ить ует",
)


def make_vocabulary(data: Path | None, random: Random) -> list[str]:
    """Return VOCABULARY words, the commonest first: those of the real files, then made ones."""
    words = _real_words(data) if data else []
    known = set(words)
    for word in _made_words(random):
        if len(words) >= VOCABULARY:
            break
        if word not in known:
            known.add(word)
            words.append(word)
    return words[:VOCABULARY]


def make_rare_word(number: int) -> str:
    """Return a word that no library has, another for each number."""
    digits = f"{number:06d}"
    return "жюз" + "".join(_ONSETS[int(digit)] + _VOWELS[int(digit)] for digit in digits) + "дь"


def _real_words(data: Path) -> list[str]:
    counts: Counter[str] = Counter()
    for document in read_corpus(data):
        for passage in document.passages:
            counts.update(WORD.findall(passage.text.lower()))
    return [word for word, _count in counts.most_common() if word.isalpha()]


def _made_words(random: Random) -> Iterator[str]:
    while True:
        syllables = random.choices((1, 2, 3), (2, 5, 3))[0]
        parts = (
            random.choice(_ONSETS) + random.choice(_VOWELS) + random.choice(_CODAS)
            for _ in range(syllables)
        )
        yield "".join(parts) + random.choice(_ENDINGS)
