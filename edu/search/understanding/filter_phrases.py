"""The words for types of material and kinds of file, in the forms in which they are asked for."""

from __future__ import annotations

from typing import Literal, NamedTuple

Facet = Literal["type", "kind"]

_TYPES = {
    "lecture": "лекция лекции лекцию lecture lectures",
    "seminar": "семинар семинары seminar seminars",
    "problems": "задачи задания упражнения задачник problems exercises problem_set problem_sets",
    "textbook": "учебник учебники пособие пособия учебное_пособие textbook textbooks",
    "exam": "экзамен экзамены билеты зачет зачеты коллоквиум экзаменационные_билеты"
    " билеты_к_экзамену вопросы_к_экзамену вопросы_к_зачету exam exams",
    "notes": "конспект конспекты шпаргалка шпаргалки шпора шпоры lecture_notes",
}
_KINDS = {
    "video": "видео видеозапись видеозаписи видеоролик видеоролики видеоурок видеоуроки"
    " video videos",
    "pdf": "pdf пдф pdf_файл pdf_файлы файл_pdf",
    "docx": "docx doc ворд файл_word вордовский_файл",
}


class Phrase(NamedTuple):
    facet: Facet
    value: str


COMPOUNDS = {"видеолекция": ("video", "lecture"), "видеолекции": ("video", "lecture")}


def _phrases() -> dict[tuple[str, ...], Phrase]:
    found: dict[tuple[str, ...], Phrase] = {}
    for value, forms in _TYPES.items():
        found |= {tuple(form.split("_")): Phrase("type", value) for form in forms.split()}
    for value, forms in _KINDS.items():
        found |= {tuple(form.split("_")): Phrase("kind", value) for form in forms.split()}
    return found | {(word,): Phrase("kind", kind) for word, (kind, _) in COMPOUNDS.items()}


PHRASES = _phrases()
# All of them, which are words whatever the library holds; not those of «файл word».
FILTER_WORDS = " ".join(
    [word for words in PHRASES if len(words) == 1 for word in words]
    + ["экзаменационные вопросы экзамену зачету учебное пособие семестр semester курс год учебный"]
    + ["первый второй третий четвертый пятый шестой седьмой восьмой"]
)
