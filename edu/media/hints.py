"""What the name of a file or a title tells of when a material was studied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

LONGEST = 600  # characters that are looked at
MAX_SEMESTER = 12
FIRST_YEAR = 1990
FIRST_MONTH = 9  # of an academic year

_ORDINALS = (
    *("перв", "втор", "трет", "четверт", "четвёрт", "пят", "шест", "седьм", "восьм"),
    *("девят", "десят", "одиннадцат", "двенадцат"),
)
_NUMBERS = dict(zip(_ORDINALS, (1, 2, 3, 4, 4, *range(5, 13)), strict=True))
# «1-2 семестр» is two of them, and so none.
_SEMESTERS = (
    re.compile(r"(?<![\d.,–—-])(\d{1,2})(?:\s*-?\s*(?:[ыиоа]?[йем]|го))?\s*сем(?:естр\w*|\b)"),
    re.compile(r"\bсеместр\w*\s*[№:]?\s*(\d{1,2})(?![\d.,–—-])"),
    re.compile(r"\bsem(?:ester)?\.?\s*#?(\d{1,2})(?![\d.,–—-])"),
    re.compile(r"(?<![\d.,–—-])(\d{1,2})(?:st|nd|rd|th)\s+semester\b"),
)
_SEMESTER_WORD = re.compile(rf"\b({'|'.join(_ORDINALS)})(?:ый|ой|ий|ого|его|ом|ем)\s+семестр")

_FOUR = r"((?:19|20)\d\d)"
_YEAR = rf"(?<!\d){_FOUR}"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"
_ISO_DATE = re.compile(rf"{_YEAR}[-. ]{_MONTH}[-. ]{_DAY}(?!\d)")
_DATE = re.compile(rf"(?<!\d){_DAY}[-. /]{_MONTH}[-. /]{_FOUR}(?!\d)")
_RANGE = re.compile(rf"{_YEAR}\s*[-–—/]\s*(?:20|19)?(\d\d)(?!\d)")
_AUTUMN, _SPRING = r"(?:осен\w*|autumn|fall)", r"(?:весн\w*|весен\w*|spring)"
_BETWEEN = r"(?:\s+семестр\w*|\s+semester)?[\s,]*"
_SEASONS = tuple(
    (re.compile(pattern), begins_before)
    for season, begins_before in ((_AUTUMN, 0), (_SPRING, 1))
    for pattern in (rf"\b{season}{_BETWEEN}{_YEAR}(?!\d)", rf"{_YEAR}(?:\s*г\w*\.?)?[\s,]+{season}")
)


@dataclass(frozen=True, slots=True)
class Hints:
    """A semester (1-12), and the year in which the academic year begins; None where untold."""

    semester: int | None = None
    year: int | None = None


def read_hints(text: str, today: date) -> Hints:
    """Return what a name tells plainly: «2 семестр», «2023-2024», «осень 2023», «07.02.2024».

    A year alone is no academic year. Two semesters, or years, are none.
    """
    text = text[:LONGEST].lower().replace("_", " ")
    years = {year for year in _years(text) if FIRST_YEAR <= year <= today.year + 1}
    return Hints(_only(set(_semesters(text))), _only(years))


def _only(found: set[int]) -> int | None:
    return found.pop() if len(found) == 1 else None


def _semesters(text: str) -> Iterator[int]:
    for pattern in _SEMESTERS:
        yield from (int(found) for found in pattern.findall(text) if 0 < int(found) <= MAX_SEMESTER)
    yield from (_NUMBERS[found] for found in _SEMESTER_WORD.findall(text))


def _years(text: str) -> Iterator[int]:
    for found in _ISO_DATE.finditer(text):
        yield _begin(int(found[1]), int(found[2]))
    text = _ISO_DATE.sub(" ", text)  # 2008-09-01 is no range of years
    for found in _DATE.finditer(text):
        yield _begin(int(found[2]), int(found[1]))
    for found in _RANGE.finditer(text):
        if (int(found[1]) + 1) % 100 == int(found[2]):
            yield int(found[1])
    for pattern, before in _SEASONS:
        yield from (int(found[1]) - before for found in pattern.finditer(text))


def _begin(year: int, month: int) -> int:
    return year if month >= FIRST_MONTH else year - 1
