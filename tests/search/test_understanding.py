import pytest

from edu.search.query import parse_query
from edu.search.understanding.understand import understand
from tests.search.stub_words import NAMES, StubWords, meant


def test_a_query_of_known_words_is_as_it_was_typed() -> None:
    found = meant("Ряды Фурье и признак Даламбера")
    assert found.text == "Ряды Фурье и признак Даламбера"
    assert found.wordings[0].query == parse_query(found.text)
    assert found.wordings[0].factor == 1
    assert not found.changes
    assert not found.narrows


@pytest.mark.parametrize(
    "text", ["vfnfy", "lineinaya algebra", "интегарл", "матан", "лекции по физике 4 семестр"]
)
def test_exact_changes_nothing(text: str) -> None:
    found = meant(text, exact=True)
    assert (found.text, found.changes, found.narrows) == (text, (), False)
    assert [wording.query for wording in found.wordings] == [parse_query(text)]


@pytest.mark.parametrize(
    "text",
    [
        "vfnfy",
        "ktrwbb gj abpbrt 2 ctvtcnh",
        "lineinaya algebra",
        "интегарл",
        "диференциальные уровнения",
        "матан",
        "лекции по физике 4 семестр",
        "матан видео 2 курс",
        "экзамен по физике 2023/24",
        "htitybt C++ pflfx",
        "Рядыфурье",
    ],
)
def test_every_change_is_taken_back_by_what_was_said(text: str) -> None:
    literal: set[str] = set()
    for _ in range(6):
        changes = meant(text, literal).changes
        literal |= {change.said.upper() for change in changes}
    assert meant(text, literal).changes == ()
    assert meant(text, literal).text == text
    assert not meant(text, literal).narrows


@pytest.mark.parametrize(
    "text", ['"vfnfy ghtltk"', "«интегарл»", "функции -интегарл", "-vfnfy ряды"]
)
def test_phrases_and_exclusions_stay_as_typed(text: str) -> None:
    assert meant(text).wordings[0].query == parse_query(text)


def test_phrases_and_exclusions_stay_beside_what_is_understood() -> None:
    query = meant('"ряды Фурье" -Тейлора ghbpyfr').wordings[0].query
    assert query == parse_query('"ряды Фурье" -Тейлора признак')


def test_one_change_after_another() -> None:
    found = meant("ktrwbb gj vfnfye 2 ctvtcnh")
    assert [change.kind for change in found.changes] == ["layout", "semester", "type", "alias"]
    assert (found.text, found.type, found.semesters) == ("матан", "lecture", (2,))


@pytest.mark.parametrize("text", ["", "   ", "!!!", "-", '"', "\0", "[", "'", "--- ...", "-ряды"])
def test_texts_without_words(text: str) -> None:
    assert not meant(text).narrows
    assert meant(text).wordings[0].query.terms == ()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000,
        "vfnfy " * 500,
        "[" * 300,
        "'" * 300,
        "«" * 300,
        "4 семестр " * 60,
        "щ" * 300,
        "shch" * 80,
        "İ" * 100 + " vfnfy",
        "\ud83d\ude00 матан",
    ],
)
def test_any_text_is_understood_with_few_questions(text: str) -> None:
    words = StubWords()
    assert understand(text, words, NAMES, literal=frozenset(["4 семестр", "[", ""])).wordings
    assert words.questions < 40


def test_without_words_of_its_own_a_library_leaves_everything_as_typed() -> None:
    for text in ("vfnfy", "интегарл", "ryady fur'e", "Euler", "матан"):
        assert understand(text, StubWords([])).text == text


def test_an_empty_library_still_knows_its_catalogue() -> None:
    assert understand("vfnfy", StubWords([]), NAMES).text == "матан"


def test_words_known_as_typed_cost_two_questions_at_most() -> None:
    words = StubWords()
    understand("собственные значения и собственные векторы", words)
    assert words.questions <= 2
