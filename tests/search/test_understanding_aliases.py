import pytest

from edu.search.analysis import stems
from edu.search.understanding.understand import understand
from tests.search.stub_words import NAMES, StubWords, meant, wordings


def stem(text: str) -> str:
    return " ".join(filter(None, stems(text)))


@pytest.mark.parametrize(
    ("typed", "also"),
    [
        ("матан", "математический анализ"),
        ("МАТАН", "математический анализ"),
        ("мат анализ", "математический анализ"),
        ("calculus", "математический анализ"),
        ("матан предел", "математический анализ предел"),
        ("линал", "линейная алгебра"),
        ("собственные векторы линал", "собственные векторы линейная алгебра"),
        ("тервер", "теория вероятностей"),
        ("по терверу", "теория вероятностей"),
        ("матстат", "математическая статистика"),
        ("дискретка", "дискретная математика"),
        ("диффуры", "дифференциальные уравнения"),
        ("ду", "дифференциальные уравнения"),
        ("питон", "python"),
        ("двойной интеграл", "кратные интегралы"),
        ("математический анализ", "матанализ"),
        ("математический анализ", "calculus"),
        ("линейная алгебра", "линал"),
        ("vfnfy", "математический анализ"),
        ("матна", "математический анализ"),
        ("matan", "математический анализ"),
    ],
)
def test_names_and_aliases_stand_for_each_other(typed: str, also: str) -> None:
    assert stem(also) in wordings(typed)[1:]
    assert all(0 < wording.factor < 1 for wording in meant(typed).wordings[1:])
    assert "alias" in {change.kind for change in meant(typed).changes}


@pytest.mark.parametrize(
    "text",
    [
        "оценка времени работы",  # «времена» are an alias of another subject
        "матанализатор",
        "питомник",
        "Ньютон",
        "y = f(x)",
        '"матан"',
        "-матан функция",
        "линалгебра",
        "дуга",
        "сила",
        "C++",
    ],
)
def test_what_only_resembles_a_name_stays(text: str) -> None:
    assert "alias" not in {change.kind for change in meant(text).changes}


def test_the_longest_name_is_meant() -> None:
    names = [("Анализ", "обзор"), ("Математический анализ", "матан")]
    words = StubWords(["матан", "обзор", "анализ", "математический анализ", "математический обзор"])
    found = understand("математический анализ", words, names)
    assert [change.meant for change in found.changes] == ["матан"]


def test_an_alias_is_taken_back_by_what_was_said() -> None:
    (change,) = meant("матан").changes
    assert (change.kind, change.said, change.meant) == ("alias", "матан", "Математический анализ")
    assert len(meant("матан", ["Матан"]).wordings) == 1
    assert [c.kind for c in meant("vfnfy", ["матан"]).changes] == ["layout"]


def test_another_name_that_finds_nothing_is_not_tried() -> None:
    words = StubWords(["матан"])
    assert len(understand("матан", words, NAMES).wordings) == 1


def test_wordings_are_few() -> None:
    assert len(meant("матан линал тервер диффуры дискретка матстат").wordings) <= 6
