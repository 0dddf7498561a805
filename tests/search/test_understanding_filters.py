from typing import Any

import pytest

from tests.search.stub_words import meant


def narrowed(text: str, *literal: str) -> dict[str, Any]:
    """Return what is left of the text and the filters that its words became."""
    found = meant(text, literal)
    filters = {name: getattr(found, name) for name in ("type", "kind", "semesters", "year")}
    return {"text": found.text} | {name: value for name, value in filters.items() if value}


@pytest.mark.parametrize(
    ("typed", "text", "material_type"),
    [
        ("лекции по физике", "физике", "lecture"),
        ("физика лекции", "физика", "lecture"),
        ("лекция по рядам Фурье", "рядам Фурье", "lecture"),
        ("лекции", "", "lecture"),
        ("семинары по матстату", "матстату", "seminar"),
        ("задачи по матану", "матан", "problems"),
        ("матан задачи", "матан", "problems"),
        ("ряды Фурье, задачи", "ряды Фурье", "problems"),
        ("задачник по теории вероятностей", "теории вероятностей", "problems"),
        ("учебник по линейной алгебре", "линейной алгебре", "textbook"),
        ("учебное пособие по оптике", "оптике", "textbook"),
        ("экзамен по линалу", "линал", "exam"),
        ("тервер экзамен", "тервер", "exam"),
        ("билеты к экзамену по физике", "физике", "exam"),
        ("экзаменационные билеты по физике", "физике", "exam"),
        ("конспект дискретка", "дискретка", "notes"),
        ("линал шпоры", "линал", "notes"),
        ("нужны лекции по оптике", "оптике", "lecture"),
        ("lectures on probability", "probability", "lecture"),
        ("calculus textbook", "calculus", "textbook"),
        ("ktrwbb gj abpbrt", "физике", "lecture"),
        ("zadachi po fizike", "физике", "problems"),
        ("лекцйии по физике", "физике", "lecture"),
    ],
)
def test_types(typed: str, text: str, material_type: str) -> None:
    assert narrowed(typed) == {"text": text, "type": material_type}


@pytest.mark.parametrize(
    ("typed", "text", "kind"),
    [
        ("видео по физике", "физике", "video"),
        ("матан видео", "матан", "video"),
        ("ряды Фурье видео", "ряды Фурье", "video"),
        ("матан pdf", "матан", "pdf"),
        ("оптика пдф", "оптика", "pdf"),
        ("pdf", "", "pdf"),
        ("ряды Фурье в pdf", "ряды Фурье", "pdf"),
        ("ряды Фурье в формате pdf", "ряды Фурье", "pdf"),
        ("физика docx", "физика", "docx"),
        ("физика в ворде", "физика", "docx"),
        ("видеозаписи по оптике", "оптике", "video"),
    ],
)
def test_kinds(typed: str, text: str, kind: str) -> None:
    assert narrowed(typed) == {"text": text, "kind": kind}


@pytest.mark.parametrize(
    ("typed", "semesters"),
    [
        ("физика 4 семестр", (4,)),
        ("физика 4-й семестр", (4,)),
        ("физика 4й сем", (4,)),
        ("физика IV семестр", (4,)),
        ("физика за второй семестр", (2,)),
        ("сем. 3 физика", (3,)),
        ("3 сем физика", (3,)),
        ("semester 2 физика", (2,)),
        ("2nd semester физика", (2,)),
        ("во втором семестре физика", (2,)),
        ("физика двенадцатого семестра", (12,)),
        ("физика 1-3 семестр", (1, 2, 3)),
        ("физика 1 и 2 семестры", (1, 2)),
        ("2 курс физика", (3, 4)),
        ("физика на первом курсе", (1, 2)),
        ("физика для II курса", (3, 4)),
        ("физика 2-го курса", (3, 4)),
        ("физика 2 курс 4 семестр", (4,)),
        ("физика 2 курс 1 семестр", (3,)),
        ("abpbrf 4 ctvtcnh", (4,)),
    ],
)
def test_semesters_and_courses(typed: str, semesters: tuple[int, ...]) -> None:
    assert narrowed(typed) == {"text": "физика", "semesters": semesters}


@pytest.mark.parametrize(
    ("typed", "year"),
    [
        ("физика за 2024 год", 2024),
        ("физика 2024 год", 2024),
        ("физика 2024 г.", 2024),
        ("в 2024 году физика", 2024),
        ("физика 2023/24", 2023),
        ("физика 2023/2024", 2023),
        ("физика 2023-2024", 2023),
        ("физика 2023–24 учебный год", 2023),
        ("за 2023/24 уч. год физика", 2023),
        ("2024-й год физика", 2024),
    ],
)
def test_years(typed: str, year: int) -> None:
    assert narrowed(typed) == {"text": "физика", "year": year}


@pytest.mark.parametrize(
    "text",
    [
        "задача Коши",
        "решение задач из сборника",
        "метод наименьших квадратов",
        "курс лекций",
        "курс лекций по физике",
        "лекция 3",
        "лекция 3 по физике",
        "постановка задачи",
        "краевые задачи",
        "задачи линейного программирования",
        "сведение матричной игры к задаче линейного программирования",
        "задача о перпендикуляре",
        "лекции Фейнмана",
        "учебник Фихтенгольца",
        "план лекции",
        "экзамен 2016 в2",
        "обработка видео",
        "лекции и семинары по физике",
        "билет 12",
        "2024",
        "лекция 07.02.2024",
        "революция 1917 года",
        "2010-2015",
        "первый закон термодинамики",
        "второй признак сравнения",
        "правило 3 сигм",
        "15 семестр",
        "что такое семестр",
        "курс физики",
        "2 × n и n × 2",
        "normal pdf",
        "structural problems",
        "what problems of heat conduction have been solved so far",
        "in the first year of the war",
        "meaning of the word",
        '"лекции по физике"',
        "-лекции физика",
        "x^2 семестр",
        "C++ 2020",
    ],
)
def test_titles_and_formulas_stay_text(text: str) -> None:
    assert not meant(text).narrows
    assert meant(text).text == text


def test_all_filters_at_once() -> None:
    assert narrowed("видео лекции по физике 4 семестр 2023/24") == {
        "text": "физике",
        "type": "lecture",
        "kind": "video",
        "semesters": (4,),
        "year": 2023,
    }


def test_each_filter_is_taken_back_by_what_was_said() -> None:
    found = meant("лекции по физике 4 семестр")
    assert [(c.kind, c.said, c.meant) for c in found.changes] == [
        ("semester", "4 семестр", "4"),
        ("type", "лекции", "lecture"),
    ]
    assert narrowed("лекции по физике 4 семестр", "4  Семестр") == {
        "text": "физике 4 семестр",
        "type": "lecture",
    }
    assert not meant("лекции по физике 4 семестр", ["лекции", "4 семестр"]).narrows


def test_filter_words_taken_as_typed_may_be_missing() -> None:
    found = meant("матрицы видео", ["видео"])
    (plain,) = found.unfiltered
    assert plain.query.terms == meant("матрицы").wordings[0].query.terms
    assert plain.factor < 1
    assert meant("матрицы видео").unfiltered == meant("матрицы", ["видео"]).unfiltered == ()
    assert meant("видео", ["видео"]).unfiltered == ()


def test_other_filters_stay_when_one_is_taken_as_typed() -> None:
    found = meant("ряды лекции 9 семестр", ["9 семестр"])
    assert (found.type, found.semesters) == ("lecture", None)


def test_a_word_after_a_quotation_may_be_a_filter() -> None:
    assert meant('"матрицы" видео').kind == "video"
