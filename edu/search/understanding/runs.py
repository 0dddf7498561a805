"""Stretches of a query in one script, and what else each may have been meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from edu.search.understanding.evidence import Evidence, single
from edu.search.understanding.layout import LETTER_SIGNS, russian_readings, to_english
from edu.search.understanding.spans import Span, in_case_of
from edu.search.understanding.translit import russian_spellings

FEWEST_TO_GUESS = 5  # letters of a word of which no reading is known

_SIGNS = re.escape(LETTER_SIGNS)
_RUN = re.compile(
    rf"(?=[^\s]*[A-Za-z])[A-Za-z0-9{_SIGNS}]+(?:\+\+|#)?|(?=\S*[а-яё])[а-яё0-9№+#]+", re.I
)
_LATIN, _CYRILLIC = re.compile(r"[a-z]", re.I), re.compile(r"[а-яё]", re.I)
_ALIKE_LATIN = "aceopxyABCEHKMOPTXY"
_ALIKE_CYRILLIC = "асеорхуАВСЕНКМОРТХУ"
_TO_CYRILLIC = str.maketrans(_ALIKE_LATIN, _ALIKE_CYRILLIC)
_TO_LATIN = str.maketrans(_ALIKE_CYRILLIC, _ALIKE_LATIN)
_INNER_SIGN = re.compile(rf"\w[{_SIGNS}]+\w")
_CODE = re.compile(r"[а-я]№", re.I)  # «С№»: C# in the Russian layout
# A full stop after a word typed in the English layout, where the Russian has ю: a letter only
# after what may stand before it («'ythub.» is «энергию», «ldb;tybt.» ends a sentence).
_LETTER_YU = re.compile(r"(?:[бвгдзлмнпрстфхц]и|[ьуюао])ю$", re.I)

Kind = Literal["layout", "translit"]


@dataclass(slots=True)
class Reading:
    """What a run may have been meant to be. `oddity` is 0 for the likeliest."""

    kind: Kind
    text: str
    oddity: float = 0.0


@dataclass(slots=True)
class Run:
    """A stretch of letters of one script, with the signs that the other layout has letters for."""

    span: Span
    text: str
    readings: list[Reading] = field(default_factory=list)
    chosen: Reading | None = None

    @property
    def letters(self) -> int:
        return sum(map(str.isalpha, self.text))

    @property
    def is_code(self) -> bool:
        return bool(_CODE.fullmatch(self.text))

    def of(self, kind: Kind) -> list[Reading]:
        return [reading for reading in self.readings if reading.kind == kind]

    @property
    def latin(self) -> bool:
        return bool(_LATIN.search(self.text))


def find_runs(text: str) -> Iterator[Run]:
    for match in _RUN.finditer(text):
        run = Run(Span(*match.span()), match.group())
        if run.latin != bool(_CYRILLIC.search(run.text)):  # one script, not both
            yield run


def find_readings(runs: Iterable[Run], evidence: Evidence) -> None:
    """Find the readings of each run and ask the index about all of them at once."""
    asked = []
    for run in runs:
        if not run.readings:
            run.readings = list(_latin_readings(run) if run.latin else _cyrillic_readings(run))
            asked += [reading.text for reading in run.readings]
    evidence.learn(single(asked))


def _latin_readings(run: Run) -> Iterator[Reading]:
    for text in russian_readings(run.text):
        yield Reading("layout", text, _oddity_of_edges(run.text, text))
    if all(letter in _ALIKE_LATIN for letter in run.text):
        yield Reading("layout", run.text.translate(_TO_CYRILLIC))
    yield from _translit_readings(run.text)


def _oddity_of_edges(run: str, text: str) -> float:
    """Return how odd it is that signs at the edges were taken for letters, or were not."""
    signs = sum(sign in LETTER_SIGNS for sign in (text[:1], text[-1:]))
    if run.endswith(".") and not text.endswith("."):
        return signs + float(not _LETTER_YU.search(text))
    return signs - 0.5 * text.endswith(".")


def _translit_readings(text: str) -> Iterator[Reading]:
    word = text.strip(LETTER_SIGNS.replace("'", "")).lstrip("'")
    before, _, after = text.partition(word) if word else ("", "", "")
    for rank, spelling in enumerate(russian_spellings(word)):
        yield Reading("translit", before + in_case_of(word, spelling) + after, rank / 4)


def _cyrillic_readings(run: Run) -> Iterator[Reading]:
    english = to_english(run.text)
    if not _INNER_SIGN.search(english):  # English words have none
        yield Reading("layout", english)
    if not run.is_code and all(
        letter in _ALIKE_CYRILLIC or not letter.isalpha() for letter in run.text
    ):
        yield Reading("layout", run.text.translate(_TO_LATIN))
    for spelling in russian_spellings(english)[:1]:  # «штеупкфд» where all texts are Russian
        if run.letters >= FEWEST_TO_GUESS:
            yield Reading("layout", in_case_of(english, spelling), 1.0)
