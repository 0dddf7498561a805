from edu.search.analysis import stems
from edu.search.query import MAX_TERMS, parse_query


def test_question_words_fall_away() -> None:
    assert list(parse_query("где почитать про ряды Фурье?").terms) == stems("ряды Фурье")
    assert list(parse_query("двойной интеграл простыми словами").terms) == stems("двойной интеграл")


def test_a_wrapping_word_alone_is_searched_for() -> None:
    assert list(parse_query("объяснение").terms) == stems("объяснение")


def test_materials_of_mechanics_are_no_wrapping() -> None:
    assert list(parse_query("сопротивление материалов").terms) == stems("сопротивление материалов")


def test_quotes_of_all_kinds_make_phrases() -> None:
    for text in ('"ряд Фурье"', "«ряд Фурье»", "“ряд Фурье”", "„ряд Фурье“"):
        (phrase,) = parse_query(text).phrases
        assert [stem for _, stem in phrase] == stems("ряд Фурье")


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
