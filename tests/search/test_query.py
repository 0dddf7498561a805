import pytest

from edu.search.analysis import stems
from edu.search.query import MAX_TERMS, parse_query


def test_question_words_fall_away() -> None:
    assert list(parse_query("где почитать про ряды Фурье?").terms) == stems("ряды Фурье")
    assert list(parse_query("двойной интеграл простыми словами").terms) == stems("двойной интеграл")


@pytest.mark.parametrize(
    "text",
    [
        "где скачать ряды Фурье",
        "подскажите что-нибудь про ряды Фурье",
        "помогите разобраться в рядах Фурье",
        "расскажите про ряды Фурье",
        "ряды Фурье для чайников",
        "ряды Фурье с нуля",
        "где можно найти ряды Фурье",
        "есть ли ряды Фурье?",
        "ищу ряды Фурье, пожалуйста",
        "ряды Фурье понятным языком",
    ],
)
def test_ways_to_ask_say_nothing_of_the_subject(text: str) -> None:
    assert list(parse_query(text).terms) == stems("ряды Фурье")


@pytest.mark.parametrize("text", ["объяснение", "скачать", "с нуля", "для начинающих"])
def test_wrapping_alone_is_what_is_asked_for(text: str) -> None:
    assert parse_query(text).terms == tuple(stem for stem in stems(text) if stem)


def test_a_wrapping_word_alone_is_searched_for() -> None:
    assert list(parse_query("объяснение").terms) == stems("объяснение")


def test_materials_of_mechanics_are_no_wrapping() -> None:
    assert list(parse_query("сопротивление материалов").terms) == stems("сопротивление материалов")


def test_quotes_of_all_kinds_make_phrases() -> None:
    for text in ('"ряд Фурье"', "«ряд Фурье»", "“ряд Фурье”", "„ряд Фурье“"):
        (phrase,) = parse_query(text).phrases
        assert [stem for _, stem in phrase] == stems("ряд Фурье")


def test_a_quoted_word_is_a_phrase() -> None:
    (phrase,) = parse_query('"матрица" видео').phrases
    assert [stem for _, stem in phrase] == stems("матрица")
    assert parse_query('"" ряд "и" "!"').phrases == ()


def test_minus_excludes_and_a_dash_does_not() -> None:
    query = parse_query("ряд -Фурье x - y Бермана-Карпинского x^-1")
    assert query.excluded == frozenset(stems("Фурье"))
    assert set(stems("Карпинского")) <= set(query.terms)


def test_blank_and_only_excluding_texts_ask_for_nothing() -> None:
    assert parse_query("  ").asks_nothing
    assert parse_query(" -Фурье").asks_nothing
    assert not parse_query("!!!").asks_nothing


def test_queries_are_bounded() -> None:
    assert len(parse_query(" ".join(f"w{n}" for n in range(1000))).terms) <= MAX_TERMS
