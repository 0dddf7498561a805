import pytest

from edu.search.analysis import stems


@pytest.mark.parametrize(
    "forms",
    [
        "лекции лекцию лекций Лекция",
        "integrals integral Integral",
        "ряды рядов рядами",
        "учёта учета",
    ],
)
def test_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len(set(stems(forms))) == 1


def test_words_with_signs_and_digits_stay_whole() -> None:
    assert stems("C++ c# R2 x2y 2024") == ["c++", "c#", "r2", "x2y", "2024"]


def test_stop_words_keep_their_place() -> None:
    assert stems("что такое ряд и его сумма")[:2] == ["", ""]
    assert stems("ряд и сумма")[1] == ""


def test_letters_apart_from_their_accents_are_the_same_word() -> None:
    assert stems("и\u0306од") == stems("йод")
    assert stems("е\u0308лка") == stems("ёлка") == stems("елка")


def test_soft_hyphens_ligatures_and_latin_look_alikes_fold() -> None:
    assert stems("инте\u00adграл") == stems("интеграл")
    assert stems("ﬁeld") == stems("field")
    assert stems("мaтpицa") == stems("матрица")


def test_languages_of_programs_are_the_same_with_russian_letters() -> None:
    assert stems("С++ с# ф#") == stems("C++ c# f#")


def test_a_word_without_end_is_cut() -> None:
    assert len(stems("ы" * 10_000)[0]) <= 64
