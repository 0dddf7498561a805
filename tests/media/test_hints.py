"""What a name tells of a semester and an academic year, and what it does not."""

from __future__ import annotations

from datetime import date

import pytest

from edu.media.hints import Hints, read_hints

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("name", "semester"),
    [
        ("матан_2_семестр", 2),
        ("2-й семестр", 2),
        ("2ой семестр", 2),
        ("программа 2-го семестра", 2),
        ("второй семестр", 2),
        ("Четвёртый семестр", 4),
        ("двенадцатый семестр", 12),
        ("Семестр 4", 4),
        ("3 сем.", 3),
        ("semester_3", 3),
        ("Physics, 2nd semester", 2),
        ("1-2 семестр", None),
        ("1 семестр и 2 семестр", None),
        ("15 семестр", None),
        ("Семинар 5", None),
        ("5 семинар", None),
        ("глава 1.2 семестр", None),
        ("2 курс", None),
    ],
)
def test_semesters(name: str, semester: int | None) -> None:
    assert read_hints(name, TODAY).semester == semester


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("2023-2024", 2023),
        ("лекции 2023/24", 2023),
        ("2023–2024 уч. год", 2023),
        ("осень 2023", 2023),
        ("Осенний семестр 2023", 2023),
        ("2023, осень", 2023),
        ("весна 2024", 2023),
        ("весенний семестр, 2024 г.", 2023),
        ("spring 2024", 2023),
        ("fall 2022", 2022),
        ("Лекция 07.02.2024", 2023),
        ("Лекция 03.09.2024", 2024),
        ("calculus_2024_02_07", 2023),
        ("lab 2023-09-12", 2023),
        ("2008-09-01", 2008),
        ("2019-2021", None),
        ("экзамен 2016", None),
        ("12.12.1812", None),
        ("осень 2033", None),
        ("2021/22 и 2023/24", None),
        ("ГОСТ 7.32-2017", None),
        ("+7 495 2023-20-24", None),
    ],
)
def test_years(name: str, year: int | None) -> None:
    assert read_hints(name, TODAY).year == year


def test_both_and_neither() -> None:
    assert read_hints("Матан, 2 семестр, весна 2024", TODAY) == Hints(2, 2023)
    assert read_hints("", TODAY) == Hints()
    assert read_hints("я" * 100_000 + "2 семестр", TODAY) == Hints()
