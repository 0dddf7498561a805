import pytest

from edu.search.base import Wording
from edu.search.query import parse_query
from edu.search.understanding.edits import find_repairs, slip_cost
from edu.search.understanding.understand import understand
from tests.search.stub_words import NAMES, StubWords, meant


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("интегарл", "интеграл"),
        ("фнукции", "функции"),
        ("вращтаельное движение", "вращательное движение"),
        ("предел функйии", "предел функции"),
        ("диференциальные уравнения", "дифференциальные уравнения"),
        ("дифференцияльные уровнения", "дифференциальные уравнения"),
        ("вероятнасть", "вероятность"),
        ("закон болшьих чисел", "закон больших чисел"),
        ("дисперсяи", "дисперсия"),
        ("ряды фруье", "ряды фурье"),
        ("определитель матрцы", "определитель матрицы"),
        ("Магнитоне поле", "Магнитное поле"),
        ("КОМБИНАТОРКИА", "КОМБИНАТОРИКА"),
        ("признак сходимотси", "признак сходимости"),
        ("собственные значнеиями", "собственные значениями"),
        ("электромагннитная индукция", "электромагнитная индукция"),
        ("колебанийй", "колебаний"),
        ("cтатистека", "статистика"),
        ("алгаритмы", "алгоритмы"),
        ("интреференция", "интерференция"),
        ("econometrcis", "econometrics"),
        ("linear regresion", "linear regression"),
        ("converegnce of series", "convergence of series"),
        ("рядыфурье", "ряды фурье"),
        ("линейнаяалгебра", "линейная алгебра"),
        ("матна", "матан"),
        ("тирвер", "тервер"),
        ("диффурыы", "диффуры"),
        ("дискертка", "дискретка"),
    ],
)
def test_slips_are_corrected(typed: str, text: str) -> None:
    assert meant(typed).text == text
    assert {change.kind for change in meant(typed).changes} <= {"spelling", "alias"}


@pytest.mark.parametrize(
    "text",
    [
        "Ньютон",
        "критерий Стьюдента",
        "теорема Пифагора",
        "Euler",
        "Gibbs",
        "ТФКП",
        "СЛАУ",
        "тфкп",
        "x^2+y^2=1",
        "int main",
        "numpy",
        "2024",
        "4212",
        "ряд",
        "код",
        "оценка времени",
        "-матрцы функция",
        '"предел функйии"',
        "std::sort",
        "квазар",
        "Хаусдорф",
    ],
)
def test_what_is_no_slip_stays(text: str) -> None:
    assert meant(text).text == text
    assert not [change for change in meant(text).changes if change.kind == "spelling"]


NAMESAKES = (
    *("кака", "нетр", "римаа", "прима", "трансформирует", "draft of notes"),
    *("Гильберт", "матрицы, системы"),
)


@pytest.mark.parametrize("typed", ["Kafka", "Нётер", "Рима", "трансформер", "Raft"])
def test_names_and_words_that_the_library_lacks_are_no_slips(typed: str) -> None:
    found = understand(typed, StubWords(NAMESAKES))
    assert (found.text, found.changes, len(found.wordings)) == (typed, (), 1)


def test_a_name_in_another_script_is_read_only_where_it_is_known() -> None:
    assert understand("Hilbert", StubWords(NAMESAKES)).text == "Гильберт"
    assert understand("Hilbert", StubWords(NAMESAKES[:2])).text == "Hilbert"


def test_a_lone_word_is_replaced_only_by_a_common_one() -> None:
    rare = understand("матрцы", StubWords(NAMESAKES))
    assert rare.text == "матрцы"
    assert [wording.query.terms for wording in rare.wordings] == [("матрц",), ("матриц",)]
    assert rare.wordings[1].factor < 1
    common = StubWords(["матрицы", "матрица", "матриц"])
    assert understand("матрцы", common).text == "матрицы"
    assert understand("Матрцы", common).text == "Матрцы"


@pytest.mark.parametrize("begun", ["фурь", "предо", "мател", "дисп", "инте", "колеб"])
def test_a_short_word_still_being_typed_is_left_alone(begun: str) -> None:
    assert meant(f"ряды {begun}").text == f"ряды {begun}"


def test_a_name_is_not_taken_for_the_word_two_letters_away() -> None:
    words = StubWords(["критерий отбора студентов", "студентам о критерии"])
    assert understand("критерий Стьюдента", words).text == "критерий Стьюдента"
    (first, *others) = understand("критерий Стьюдента", words).wordings
    assert "стьюдент" in first.query.terms
    assert all(other.factor < 1 for other in others)


def test_the_candidate_that_goes_with_the_other_words_wins() -> None:
    words = StubWords(["метод Гаусса", "каша и масло", "каша", "каша", "задача Коши", "кошка"])
    assert understand("задача кошши", words).text == "задача коши"


def test_a_rare_word_is_doubted_when_nothing_holds_the_query() -> None:
    texts = ["опечатка стандратных"] + ["стандартных масштабов"] * 30
    found = understand("стандратных масштабов", StubWords(texts))
    assert found.text == "стандратных масштабов"
    (_, other) = found.wordings
    assert other == Wording(parse_query("стандартных масштабов"), other.factor)
    assert other.factor < 1
    assert [(c.kind, c.said, c.meant) for c in found.changes] == [
        ("spelling", "стандратных", "стандартных")
    ]


def test_a_rare_word_that_finds_something_is_not_doubted() -> None:
    texts = ["теорема каши"] + ["теорема Коши"] * 30
    assert len(understand("теорема каши", StubWords(texts)).wordings) == 1


def test_case_of_slang_that_the_stemmer_takes_for_another_word() -> None:
    assert meant("по матану").wordings[0].query.terms == meant("матан").wordings[0].query.terms
    assert not [change for change in meant("матану").changes if change.kind == "spelling"]


def test_many_mistyped_words_cost_few_questions() -> None:
    words = StubWords()
    understand(" ".join(f"матрцы{letter}ъ" for letter in "абвгдежзиклмноп"), words, NAMES)
    assert words.questions < 60


@pytest.mark.parametrize(
    ("typed", "meant_word", "nearer_than"),
    [
        ("интегарл", "интеграл", "интервал"),
        ("програма", "программа", "прогресса"),
        ("вераятность", "вероятность", "верхность"),
        ("мптрица", "матрица", "умтрица"),
        ("матриыца", "матрица", "патриица"),
    ],
)
def test_usual_slips_cost_less(typed: str, meant_word: str, nearer_than: str) -> None:
    assert slip_cost(typed, meant_word) < slip_cost(typed, nearer_than)
    assert slip_cost(typed, typed) == 0


def test_a_slip_in_the_ending_is_seen_in_whole_words() -> None:
    (found,) = find_repairs("излучеине", ["излучен"], 1)
    assert found.word == "излучение"
    assert find_repairs("излучеине", ["матриц"], 2) == []
