"""What a question wishes of materials: types, kinds of file, level, semester, how many."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edu.assistant.cuts import Cuts
from edu.assistant.meaning import Level
from edu.assistant.numbers import NUMBER, read_number
from edu.search.understanding.spans import Span
from edu.search.understanding.when_words import find_times, semesters_of

MOST_ASKED = 20  # materials in one answer

# Types and kinds -------------------------------------------------------------------------------

_ABOUT = (
    r"(?=\s+(?:по|на|про|для|о|об|к|с|из|за|от|и|on|about|for|in|with|and)(?!\w)|\s*[,:.!?]|\s*$)"
)
# In the order of reading; a phrase is taken before the words in it.
_TYPES: Mapping[str, tuple[str, ...]] = {
    "exam": (
        r"(?:экзаменационн[а-я]+\s+)?(?:билет|вариант|вопрос|задани)[а-я]*\s+(?:к|на|для|с)?\s*"
        r"(?:экзамен|зачет|коллоквиум|контрольн)[а-я]*",
        r"экзаменационн[а-я]+(?:\s+(?:билет|вариант|вопрос|задани|работ)[а-я]*)?",
        r"(?:экзамен|зачет|контрольн|коллоквиум)[а-я]*\s+(?:работ[а-я]*\s+)?прошл[а-я]+\s+лет",
        r"билет(?:ы|ов|ам|ами|ах)",
        r"контрольн(?:ые|ых)(?:\s+работ[а-я]*)?",
        r"past\s+(?:exams?|papers?)",
        r"exam\s+(?:questions?|papers?|tickets?|problems?|tasks?)",
    ),
    "problems": (
        r"сборник(?:и|а|ов)?\s+задач",
        r"задачник[а-я]*",
        rf"(?:задач(?:и|ам|ами|ах|ек|ки)?|задани(?:я|й|ям|ями)|упражнени(?:я|й|ям|ями)){_ABOUT}",
        rf"(?:problems?|exercises?|tasks){_ABOUT}",
        r"problem[\s-]+(?:sets?|books?)",
        r"практик(?:а|и|у)(?=\s+по)",
    ),
    "seminar": (
        r"семинар[а-я]*",
        r"практикум[а-я]*",
        r"лаб(?:ораторн[а-я]+(?:\s+работ[а-я]*)?|ы|ам)",
        r"seminars?|workshops?|lab\s+(?:works?|classes)",
    ),
    "textbook": (
        r"учебник[а-я]*|учебн[а-я]+\s+пособи[а-я]+|пособи[а-я]+|методич[а-я]+",
        r"книг(?:а|и|у|е|ой|ами|ах)?|книж(?:ка|ки|ку|ек)",
        r"textbooks?|books?",
    ),
    "lecture": (r"(?:видео)?лекци[а-я]+|лекций|лекционн[а-я]+", r"lectures?(?!\s+notes)"),
    "notes": (
        r"конспект[а-я]*(?!\s+(?:лекци|занят))",
        r"шпаргалк[а-я]*|шпаргалок|шпор(?:ы|а|у)?",
        r"(?:lecture\s+)?notes|summar(?:y|ies)|cheat\s*sheets?",
    ),
}
# Both words of it: a «конспект лекций» is filed as either.
_LECTURE_NOTES = re.compile(r"(?<!\w)конспект[а-я]*\s+(?:лекци|занят)[а-я]*")
_TYPE_PATTERNS = [
    (name, re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})(?![\w-])"))
    for name, patterns in _TYPES.items()
]
# An exam alone is a type where nothing is said of passing one: «экзамен по матану».
_BARE_EXAM = re.compile(
    r"^\W*(?:экзамен|зачет|коллоквиум|exam|exams|экзамены|зачеты)(?=\W+(?:по|on|in)(?!\w)|\W*$)"
)
# One thing, and no materials: «задача Коши», «постановка задачи».
_ONE_PROBLEM = re.compile(
    r"(?:постановк|решени|услови|метод|тип|вид|класс|формулировк|виды)[а-я]*\s+$"
)
_KINDS: Mapping[str, str] = {
    "video": r"видео(?:запис|ролик|урок|лекци)?[а-я]*|видосик?[а-я]*|videos?|video\s+lectures?",
    "pdf": r"(?:в\s+(?:формате\s+)?)?(?:pdf|пдф)(?:-?к[аиу]|-?файл[а-я]*)?",
    "docx": r"(?:в\s+(?:формате\s+)?)?(?:docx?|ворд[а-я]{0,2}|вордовск[а-я]+)",
}
_KIND_PATTERNS = [
    (name, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")) for name, pattern in _KINDS.items()
]
_VIDEO_LECTURE = re.compile(r"(?<!\w)(?:видеолекци[а-я]+|video\s+lectures?)")


def take_types(cuts: Cuts) -> tuple[str, ...]:
    """The types of material that are asked for, in their order."""
    found: list[tuple[int, str]] = []
    for match in cuts.take_all(_LECTURE_NOTES):
        found += [(match.start(), "lecture"), (match.start(), "notes")]
    if cuts.has(_VIDEO_LECTURE):  # the kind is read from the same word, and cuts it
        found.append((0, "lecture"))
    for name, pattern in _TYPE_PATTERNS:
        for match in list(pattern.finditer(cuts.left)):
            if _ONE_PROBLEM.search(cuts.left[: match.start()]):
                continue
            if match.group().startswith("видео"):
                continue
            found.append((match.start(), name))
            cuts.cut(Span(*match.span()))
    return tuple(dict.fromkeys(name for _at, name in sorted(found, key=lambda one: one[0])))


def take_bare_exam(cuts: Cuts) -> bool:
    """Whether the question names an exam as what it looks for."""
    return cuts.take(_BARE_EXAM) is not None


def take_kinds(cuts: Cuts) -> tuple[str, ...]:
    """The kinds of file that are asked for."""
    return tuple(name for name, pattern in _KIND_PATTERNS if list(cuts.take_all(pattern)))


# Level, number, time of study ------------------------------------------------------------------

_MATERIAL = (
    r"(?:материал|объяснени|курс|лекци|семинар|учебник|пособи|книг|книж|конспект|задач|задани"
    r"|упражнени|пример|вариант|язык|материалы|lecture|book|textbook|course|explanation|problem"
    r"|exercise|material|introduction|words|terms|language)"
)
_LEVELS: Mapping[Level, str] = {
    "basic": (
        r"(?:чуть\s+|немного\s+)?(?:попроще|полегче|легче|проще)(?!\w)"
        rf"|(?:сам[а-я]+\s+)?(?:прост|легк|понятн|доступн|базов|начальн)[а-я]+(?=\s+{_MATERIAL})"
        r"|(?:простым|понятным|доступным|человеческим)[а-я]*\s+(?:словам[а-я]*|язык[а-я]*)"
        r"|(?:для|как\s+для)\s+(?:самых\s+)?\W?(?:чайник|начинающ|новичк|тупых|гуманитари|школьник"
        r"|дебил|детей|маленьк)[а-я]*\W?"
        r"|с\s+(?:самого\s+)?(?:нуля|начала|азов|самых\s+азов|основ)|на\s+пальцах"
        r"|(?:базов|начальн)[а-я]+\s+уров[а-я]+"
        r"|(?:something\s+)?(?:easier|simpler)|easy|for\s+(?:absolute\s+)?(?:dummies|beginners)"
        rf"|from\s+scratch|simple(?=\s+{_MATERIAL})|in\s+(?:simple|plain)\s+(?:words|terms|english"
        r"|language)|beginner(?:'s)?(?:\s+level)?|(?:basic|elementary)\s+level"
    ),
    "advanced": (
        r"(?:чуть\s+|немного\s+)?(?:посложнее|потруднее|сложнее|поглубже|глубже|покруче)(?!\w)"
        r"|углубленн[а-я]+(?:\s+(?:уров[а-я]+|изучени[а-я]+))?|углубленно|продвинут[а-я]+"
        r"(?:\s+уров[а-я]+)?|повышенн[а-я]+\s+(?:сложност|трудност|уров)[а-я]*|олимпиадн[а-я]+"
        rf"|(?:сложн|трудн|хардкорн)[а-я]+(?=\s+{_MATERIAL})|со\s+звездочк[а-я]+"
        r"|(?:something\s+)?(?:harder|tougher)|more\s+(?:difficult|advanced|challenging)"
        r"|in[\s-]depth|advanced(?:\s+level)?|hard(?=\s+(?:problem|exercise|task))|challenging"
        r"|olympiad"
    ),
}
_LEVEL_PATTERNS = [
    (level, re.compile(rf"(?<![\w-])(?:{pattern})")) for level, pattern in _LEVELS.items()
]
_COUNTED = (
    r"(?:лекци[йяию]|семинар(?:а|ов)?|задачник(?:а|ов)?|учебник(?:а|ов)?|книг(?:и|у)?|книж(?:ки|ек"
    r"|ку)|пособи[яей]|материал(?:а|ов)?|видео[а-я]*|конспект(?:а|ов)?|шпаргал(?:ки|ок|ку)"
    r"|методич(?:ки|ек|ку)|источник(?:а|ов)?|вариант(?:а|ов)?|билет(?:а|ов)?|задач[иу]?|задани[яей]"
    r"|штук[иу]?|pdf|lectures?|seminars?|textbooks?|books?|materials?|videos?|notes|problem\s+sets?"
    r"|problems|exercises|sources|items|things)(?!\w)"
)
_COUNT = re.compile(
    rf"(?<![\w.,№-])(?:топ|top)[\s-]*(?P<top>\d{{1,2}})(?!\w)"
    rf"|(?<![\w.,№-])(?P<n>{NUMBER})\s+(?:of\s+)?(?:(?:лучш|хорош|сам|кратк|коротк|люб|best|good|short"
    rf"|top|other|друг|разн)[а-я]*\s+){{0,2}}(?={_COUNTED})"
)
_UNCOUNTED = frozenset(("a", "an", "пол", "half", "полтора", "полторы", "полутора"))
_ENGLISH_YEAR = re.compile(
    r"(?<!\w)(?:(?:in|for|of|the|my)\s+)*(?:(?P<word>first|second|third|fourth|fifth|sixth)"
    r"|(?P<digit>[1-6])(?:st|nd|rd|th))[\s-]+year(?:s|\s+students?)?(?!\w)"
    r"|(?<!\w)(?P<who>перво|второ|третье|четверо|пяти)курсни[а-я]+"
)
_YEARS = ("first", "second", "third", "fourth", "fifth", "sixth")
_STUDENTS = ("перво", "второ", "третье", "четверо", "пяти")


def take_level(cuts: Cuts) -> Level:
    """The level that is asked for, "" for none."""
    found: Level = ""
    for level, pattern in _LEVEL_PATTERNS:
        if list(cuts.take_all(pattern)):
            found = found or level
    return found


def take_count(cuts: Cuts) -> int:
    """How many materials are asked for, 0 for no number; what is counted stays."""
    match = cuts.find(_COUNT)
    if match is None or match["n"] in _UNCOUNTED:
        return 0
    number = read_number(match["top"] or match["n"])
    if number != int(number) or not 0 < number <= MOST_ASKED:
        return 0
    cuts.cut(Span(*match.span()))
    return int(number)


def take_study_time(cuts: Cuts) -> tuple[tuple[int, ...], int | None]:
    """Semesters, and the year of study if one was named."""
    semesters: list[int] = []
    courses: list[int] = []
    for when in list(find_times(cuts.left)):
        if when.facet != "year":  # an academic year is a filter of search itself
            (semesters if when.facet == "semester" else courses).extend(when.numbers)
            cuts.cut(when.span)
    for match in cuts.take_all(_ENGLISH_YEAR):
        courses.append(_year_of(match))
    found = semesters_of(tuple(dict.fromkeys(semesters)), tuple(dict.fromkeys(courses)))
    return found or (), courses[0] if courses else None


def _year_of(match: re.Match[str]) -> int:
    if match["digit"]:
        return int(match["digit"])
    names, name = (_STUDENTS, match["who"]) if match["who"] else (_YEARS, match["word"])
    return names.index(name) + 1
