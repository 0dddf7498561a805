"""Subjects are known by the names that students use everywhere."""

from edu.search.understanding.slang import COMMON_NAMES, add_common_names


def test_a_subject_gets_the_names_that_nobody_has_entered() -> None:
    assert add_common_names([("Матанализ",)])[0] == (
        "Матанализ",
        "математический анализ",
        "матанализ",
        "матан",
    )


def test_the_name_of_the_catalogue_stays_first_and_none_comes_twice() -> None:
    group = add_common_names([("линейная алгебра", "линал", "алгебра матриц")])[0]
    assert group == ("линейная алгебра", "линал", "алгебра матриц")


def test_other_subjects_are_left_alone_and_common_ones_follow() -> None:
    groups = add_common_names([("Ботаника",), ("Теория вероятностей",)])
    assert groups[0] == ("Ботаника",)
    assert len(groups) == 2 + len(COMMON_NAMES) - 1
