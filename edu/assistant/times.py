"""When the exam is, how long there is to learn, and how much time a week."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from math import ceil

from edu.assistant.cuts import Cuts
from edu.assistant.numbers import NUMBER, read_number
from edu.search.understanding.spans import Span

MOST_DAYS = 400  # to an exam: beyond, a number was no date
MOST_WEEKS = 52
MOST_MINUTES = 7 * 16 * 60  # a week

_RUSSIAN_MONTHS = "январ феврал март апрел ма июн июл август сентябр октябр ноябр декабр"
_ENGLISH_MONTHS = (
    "january february march april may june july august september october november december"
)
_MONTHS = (_RUSSIAN_MONTHS.split(), _ENGLISH_MONTHS.split())
_RUSSIAN_MONTH = rf"(?P<ru>{'|'.join(_MONTHS[0])})(?:я|ь|а|й|е|ю|ем|ом|у)?(?!\w)"
_ENGLISH_MONTH = rf"(?P<en>{'|'.join(_MONTHS[1])}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_ENGLISH_MONTH += r"(?!\w)\.?"
_DAYS = (
    ("понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень"),
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
_YEAR = r"(?:\s*,?\s*(?P<year>20\d\d)(?:\s*г(?:од[а-я]*|\.)?)?)?"
_TO = r"(?:(?:уже|будет|состоится|к|на|до|by|on|at|until|before|the|in)\s+)*"
_UNIT = (
    r"(?P<unit>дн(?:я|ей|и)|день|сут(?:ки|ок)|недел(?:я|и|ю|ь|ек|ьк[уи])|месяц(?:а|ев)?"
    r"|days?|weeks?|months?|fortnight)(?!\w)"
)
_UNIT_DAYS = {"н": 7, "w": 7, "м": 30, "m": 30, "f": 14}
_B = r"(?<![\w.,/-])"

_IN = re.compile(
    rf"{_B}(?:уже\s+)?(?:через|спустя|in|within|остал(?:ось|ась|ся|ись)|осталось\s+всего)\s+"
    rf"(?:about\s+|примерно\s+|всего\s+)?(?P<n>{NUMBER})?\s*(?:of\s+)?{_UNIT}(?:\s+(?:left|time))?"
)
_LEFT = re.compile(rf"{_B}(?P<n>{NUMBER})\s*{_UNIT}\s+(?:до|left|until|before|to\s+go)(?!\w)")
_SOON = re.compile(
    rf"{_B}{_TO}(?P<word>послезавтра|завтра(?:шн[а-я]+)?|сегодня|(?:на\s+)?следующей\s+неделе"
    r"|day\s+after\s+tomorrow|tomorrow|today|next\s+week)(?!\w)"
)
_WEEKDAY = re.compile(
    rf"{_B}(?:в|во|к|on|this|next|by)\s+(?P<next>(?:эт|следующ|ближайш)[а-я]+\s+)?"
    rf"(?P<day>{'|'.join((*_DAYS[0], *_DAYS[1]))})(?:а|у|ы|е|и)?(?!\w)"
)
_ISO = re.compile(rf"{_B}{_TO}(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\w-])")
_DOTTED = re.compile(
    rf"{_B}{_TO}(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})(?:[./](?P<year>20\d\d|\d\d))?(?![\w./])"
)
_DAY_MONTH = re.compile(
    rf"{_B}{_TO}(?P<day>\d{{1,2}})(?:\s?-?(?:го|е|му|st|nd|rd|th))?\s+(?:of\s+)?"
    rf"(?:{_RUSSIAN_MONTH}|{_ENGLISH_MONTH}){_YEAR}"
)
_MONTH_DAY = re.compile(rf"{_B}{_TO}{_ENGLISH_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}")
_PART_OF_MONTH = re.compile(
    rf"{_B}(?:в|к|at|by|in)?\s*(?:the\s+)?(?P<part>конц[еу]|начал[еу]|середин[еу]|end|beginning"
    rf"|start|middle|mid|late|early)[\s-]+(?:of\s+)?(?:{_RUSSIAN_MONTH}|{_ENGLISH_MONTH}){_YEAR}"
)
_MONTH = re.compile(rf"{_B}(?:в|к|in|by)\s+(?:{_RUSSIAN_MONTH}|{_ENGLISH_MONTH}){_YEAR}")
_PARTS = {"к": 25, "e": 25, "l": 25, "с": 15, "m": 15, "н": 5, "b": 5, "s": 5}

_WITHIN = re.compile(
    rf"{_B}(?:за|на|в\s+течение|всего|for|over|during)\s+(?:the\s+next\s+)?(?P<n>{NUMBER})?\s*"
    rf"(?:of\s+)?{_UNIT}"
)
_LONG = re.compile(
    rf"{_B}(?P<n>{NUMBER})[\s-]*(?P<unit>недельн|дневн|месячн|day|week|month)[а-я]*"
    r"\s+(?=план|курс|график|plan|study|schedule)"
)

_HOUR = r"(?P<unit>час(?:а|у|ов|ик[а-я]*)?|ч|минут(?:а|ы|у|ок)?|мин|hours?|hrs?|h|minutes?|mins?)"
_HOUR += r"(?!\w)\.?"
_HALF = r"(?P<half>полчас[а-я]*|пол\s+часа|half\s+an?\s+hour)(?!\w)"
_EVERY = (
    r"(?P<per>(?:в|за|на)\s+(?:день|сутки)|ежедневно|каждый\s+(?:день|вечер)|по\s+вечерам"
    r"|по\s+будням|по\s+выходным|в\s+неделю|еженедельно|каждую\s+неделю"
    r"|(?:a|per|each|every)[\s-]*(?:day|week|evening)|/\s*(?:день|day|week|нед[а-я]*)"
    r"|daily|weekly|on\s+week(?:days|ends))(?!\w)"
)
_AMOUNT = rf"(?:по\s+)?(?:{_HALF}|(?P<n>{NUMBER})?\s*{_HOUR}(?:\s+(?P<after>два|три))?)"
_HOURS = re.compile(rf"{_B}{_AMOUNT}\s*,?\s*{_EVERY}")
_EVERY_HOURS = re.compile(rf"{_B}{_EVERY}\s+{_AMOUNT}")
_EACH = re.compile(rf"{_B}по\s+(?:{_HALF}|(?P<n>{NUMBER})?\s*{_HOUR})")

_EXAM = re.compile(
    r"(?<!\w)(?:экзам|экз(?!\w)|зач[ео]т|сесси[яиюе]|коллоквиум|контрольн[а-я]+|к/р"
    r"|пересда|сда(?:ть|ю|м|ва[а-я]+)|защит[аеуы]|дедлайн|exams?(?!\w)|midterm|finals?(?!\w)"
    r"|tests?(?!\w)|quiz|deadline)"
)
_LEARNING = re.compile(
    r"(?<!\w)(?:план[аеу]?(?!\w)|график|расписани|подготов|готовит|готовл|выуч|изуч|разобра|освои"
    r"|успе(?:ть|ю|ем)|пройти|повтори|учить|plan(?!\w)|schedule|prepar|learn|study|studying|revis"
    r"|master|get\s+ready|cram)"
)


def take_exam_day(cuts: Cuts, today: date) -> date | None:
    """The day of the exam, cut out with the words about it; only of what speaks of one."""
    if not (cuts.has(_EXAM) or cuts.has(_LEARNING)):
        return None
    for pattern, read in _READERS:
        for match in pattern.finditer(cuts.left):
            day = read(match, today)
            if day is not None and today <= day <= today + timedelta(MOST_DAYS):
                cuts.cut(Span(*match.span()))
                return day
    return None


def speaks_of_learning(cuts: Cuts) -> bool:
    """Whether somebody plans or prepares."""
    return cuts.has(_LEARNING) or cuts.has(_EXAM)


def take_weeks(cuts: Cuts) -> int:
    """How many weeks there are to learn, 0 where nothing is said of it."""
    if not speaks_of_learning(cuts):
        return 0
    match = cuts.take(_LONG) or cuts.take(_WITHIN)
    if match is None:
        return 0
    return _weeks_of(match)


def _weeks_of(match: re.Match[str]) -> int:
    # A month is four weeks, ten days are two.
    return min(max(ceil(_days_of(match) / 7 - 0.4), 1), MOST_WEEKS)


def take_minutes(cuts: Cuts) -> int:
    """Minutes a week for learning, 0 where nothing is said of them; «по часу» is a day's."""
    match = cuts.take(_HOURS) or cuts.take(_EVERY_HOURS) or cuts.take(_EACH)
    if match is None:
        return 0
    found = match.groupdict()
    minutes = 30.0 if found.get("half") else _minutes_of(found)
    return min(round(minutes * _times_a_week(found.get("per") or "")), MOST_MINUTES)


def _minutes_of(found: dict[str, str | None]) -> float:
    number = read_number(found.get("n") or found.get("after") or "1") or 1.0
    return number if (found["unit"] or "").startswith(("м", "m")) else number * 60


def _times_a_week(per: str) -> int:
    if "недел" in per or "week" in per or "нед" in per:
        return 5 if "weekdays" in per else 2 if "weekends" in per else 1
    if "будням" in per:
        return 5
    return 2 if "выходным" in per else 7


def _days_of(match: re.Match[str]) -> float:
    number = read_number(match["n"]) if match["n"] else 1.0
    return number * _UNIT_DAYS.get(match["unit"][0], 1)


def _relative(match: re.Match[str], today: date) -> date | None:
    days = _days_of(match)
    return today + timedelta(round(days)) if 0 < days <= MOST_DAYS else None


def _soon(match: re.Match[str], today: date) -> date | None:
    word = match["word"]
    if "послезавтра" in word or "after" in word:
        return today + timedelta(2)
    if "недел" in word or "week" in word:
        return today + timedelta(7)
    return today if word in ("сегодня", "today") else today + timedelta(1)


def _weekday(match: re.Match[str], today: date) -> date | None:
    names = _DAYS[0] if match["day"] in _DAYS[0] else _DAYS[1]
    ahead = (names.index(match["day"]) - today.weekday()) % 7 or 7
    return today + timedelta(ahead)


def _absolute(match: re.Match[str], today: date) -> date | None:
    month = int(match["month"]) if "month" in match.groupdict() else _month_of(match)
    year = match.groupdict().get("year")
    return _nearest(int(match["day"]), month, year, today)


def _part_of_month(match: re.Match[str], today: date) -> date | None:
    return _nearest(_PARTS[match["part"][0]], _month_of(match), match["year"], today)


def _month(match: re.Match[str], today: date) -> date | None:
    # Rather too early than too late.
    return _nearest(1, _month_of(match), match["year"], today)


def _month_of(match: re.Match[str]) -> int:
    russian = match.groupdict().get("ru")
    if russian:
        return _MONTHS[0].index(russian) + 1
    return next(n for n, name in enumerate(_MONTHS[1], 1) if name.startswith(match["en"][:3]))


def _nearest(day: int, month: int, year: str | None, today: date) -> date | None:
    """The day; without a year the next one that comes. None where the calendar has no such day."""
    years = _years(year, today)
    if not 1 <= month <= 12:
        return None
    fitting = (each for each in years if 1 <= day <= monthrange(each, month)[1])
    return next((d for each in fitting if (d := date(each, month, day)) >= today), None)


def _years(year: str | None, today: date) -> Iterator[int]:
    if year:
        yield int(year) % 100 + 2000
    else:
        yield from (today.year, today.year + 1)


_Reader = Callable[[re.Match[str], date], date | None]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_ISO, _absolute),
    (_DAY_MONTH, _absolute),
    (_MONTH_DAY, _absolute),
    (_DOTTED, _absolute),
    (_PART_OF_MONTH, _part_of_month),
    (_IN, _relative),
    (_LEFT, _relative),
    (_SOON, _soon),
    (_WEEKDAY, _weekday),
    (_MONTH, _month),
)
