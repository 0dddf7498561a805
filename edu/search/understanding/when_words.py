"""Semesters, courses and academic years as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edu.search.understanding.spans import Span, fold_text

MOST_SEMESTERS, MOST_COURSES = 12, 6

_ORDINALS = "перв втор трет четверт пят шест седьм восьм девят десят одиннадцат двенадцат"
_ENGLISH = "first second third fourth fifth sixth seventh eighth ninth tenth"
_ROMANS = "i ii iii iv v vi vii viii ix x xi xii"
_ORDINAL_STEMS, _ORDINAL_WORDS, _ROMAN_NUMBERS = (
    names.split() for names in (_ORDINALS, _ENGLISH, _ROMANS)
)
_ENDING = r"(?:ого|ого|ому|ый|ой|ий|ая|ом|ем|го|му|й|м|я|е|x|st|nd|rd|th)"
_NUMBER = (
    rf"(?:\d{{1,2}}(?:\s?-?\s?{_ENDING})?(?!\w)|(?:{'|'.join(_ORDINAL_STEMS)})[а-я]{{1,4}}(?!\w)"
    rf"|(?:{'|'.join(_ORDINAL_WORDS)})(?!\w)|[ivxіх]{{1,4}}(?!\w))"
)
_NUMBERS = rf"{_NUMBER}(?:\s?(?:,|-|–|—|и|and)\s?{_NUMBER})*"
_BEFORE = r"(?:(?:за|на|в|во|для|по|к|из|с|со|от|the|for|in|of)\s+)*"
_SEMESTER = (
    r"(?:семестр(?:а|у|е|ом|ы|ов|ам|ах)?(?!\w)|сем(?:\.|(?!\w))"
    r"|semesters?(?!\w)|sem(?:\.|(?!\w)))"
)
_COURSE = r"курс(?:а|у|е|ом|ы|ов)?(?!\w)(?!\s+лекций)"
_YEAR_WORD = r"(?:уч(?:ебн[а-я]+|\.)?\s*)?(?:год(?:а|у|е|ом|ы|ов)?(?!\w)|гг?\.|гг?(?!\w))"
_FREE = r"(?<![\w.,/^-])"


Facet = Literal["semester", "course", "year"]

_PATTERNS: dict[Facet, tuple[re.Pattern[str], ...]] = {
    "semester": (
        re.compile(rf"{_FREE}{_BEFORE}(?P<said>(?P<numbers>{_NUMBERS})\s?-?\s?{_SEMESTER})"),
        re.compile(rf"{_FREE}{_BEFORE}(?P<said>{_SEMESTER}\s*№?\s*(?P<numbers>{_NUMBERS}))"),
    ),
    "course": (re.compile(rf"{_FREE}{_BEFORE}(?P<said>(?P<numbers>{_NUMBERS})\s?-?\s?{_COURSE})"),),
    "year": (
        re.compile(
            rf"{_FREE}{_BEFORE}(?P<said>(?P<year>20\d\d)\s?[/–—-]\s?(?P<next>(?:20)?\d\d)(?![\w/-])"
            rf"(?:\s*{_YEAR_WORD})?)"
        ),
        re.compile(rf"{_FREE}{_BEFORE}(?P<said>(?P<year>20\d\d)(?:-?(?:й|го|м))?\s*{_YEAR_WORD})"),
    ),
}


@dataclass(frozen=True, slots=True)
class When:
    """A time of study that a text names: where, with its prepositions and without, and which."""

    facet: Facet
    span: Span
    said: Span
    numbers: tuple[int, ...]


def find_times(text: str) -> Iterator[When]:
    """Yield the semesters, courses and academic years of a text."""
    folded = fold_text(text)
    for facet, patterns in _PATTERNS.items():
        for pattern in patterns:
            for match in pattern.finditer(folded):
                numbers = _read_year(match) if facet == "year" else _read_numbers(match, facet)
                if numbers:
                    yield When(facet, Span(*match.span()), Span(*match.span("said")), numbers)


def _read_year(match: re.Match[str]) -> tuple[int, ...]:
    year, following = int(match["year"]), match.groupdict().get("next")
    whole = following is None or int(following) % 100 == (year + 1) % 100
    return (year,) if whole else ()


def _read_numbers(match: re.Match[str], facet: Facet) -> tuple[int, ...]:
    text = match["numbers"]
    numbers = [_number_of(found) for found in re.findall(_NUMBER, text)]
    most = MOST_SEMESTERS if facet == "semester" else MOST_COURSES
    if not all(0 < number <= most for number in numbers):
        return ()
    if len(numbers) == 2 and re.search(r"\d\s?[-–—]\s?\d", text) and numbers[0] < numbers[1]:
        return tuple(range(numbers[0], numbers[1] + 1))
    return tuple(sorted(set(numbers)))


def _number_of(text: str) -> int:
    digits = re.match(r"\d+", text)
    if digits:
        return int(digits[0])
    roman = text.replace("і", "i").replace("х", "x")
    if roman in _ROMAN_NUMBERS:
        return _ROMAN_NUMBERS.index(roman) + 1
    if text in _ORDINAL_WORDS:
        return _ORDINAL_WORDS.index(text) + 1
    return next((n for n, begin in enumerate(_ORDINAL_STEMS, 1) if text.startswith(begin)), 0)


def semesters_of(semesters: tuple[int, ...], courses: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return which semesters are meant by semesters and courses, each two semesters long."""
    of_courses = tuple(s for course in courses for s in (2 * course - 1, 2 * course))
    if not semesters or not courses:
        return semesters or of_courses or None
    both = tuple(s for s in semesters if s in of_courses)
    if both or len(courses) > 1:
        return both or semesters
    if all(s <= 2 for s in semesters):  # «2 курс 1 семестр»: the first of that course
        return tuple(2 * (courses[0] - 1) + s for s in semesters)
    return semesters
