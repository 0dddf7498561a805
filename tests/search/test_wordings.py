"""Several wordings of one search, and what understanding asks of an index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from edu.extensions import utcnow
from edu.search.base import PassageText, SearchAnswer, SearchIndex, SearchRequest, Wording
from edu.search.query import parse_query
from tests.search.rebuilds import rebuild
from tests.search.samples import ask, document, found


def ask_all(index: SearchIndex, *wordings: str | tuple[str, float], **rest: Any) -> SearchAnswer:
    """Return what these wordings find together; a pair has a factor."""
    pairs = [(each, 1.0) if isinstance(each, str) else each for each in wordings]
    made = tuple(Wording(parse_query(text), factor) for text, factor in pairs)
    return index.search(SearchRequest(made, **rest))


def ids_of(answer: SearchAnswer) -> list[int]:
    """Return the ids of the hits, best first."""
    return [hit.id for hit in answer.hits]


def test_what_any_wording_finds_is_found(index: SearchIndex) -> None:
    index.update(
        [document(1, "матан"), document(2, "математический анализ"), document(3, "анализ крови")],
        [],
    )
    index.update([document(4, "матан"), document(5, "матан")], [])
    answer = ask_all(index, "матан", ("математический анализ", 0.9))
    assert sorted(ids_of(answer)) == [1, 2, 4, 5]
    assert (answer.total, answer.relaxed) == (4, False)
    assert answer.terms == {"мата", "математическ", "анализ"}


def test_a_document_counts_by_its_best_wording(index: SearchIndex) -> None:
    rest = "прочие слова о разном " * 5
    index.update([document(1, "ряд " + rest), document(2, "серия " + rest)], [])
    assert ids_of(ask_all(index, "ряд", ("серия", 0.5))) == [1, 2]
    assert ids_of(ask_all(index, ("ряд", 0.5), "серия")) == [2, 1]


def test_places_follow_the_best_wording(index: SearchIndex) -> None:
    index.update([document(1, "серия", "ряд Фурье"), document(2, "ряд Тейлора", "серия")], [])
    answer = ask_all(index, "серия Лорана", "ряд Фурье", "ряд Тейлора")
    assert {hit.id: hit.places[0].number for hit in answer.hits} == {1: 2, 2: 1}


def test_exclusions_and_phrases_of_the_first_hold_for_all(index: SearchIndex) -> None:
    index.update([document(1, "ряд"), document(2, "серия"), document(3, "серия чисел")], [])
    assert sorted(ids_of(ask_all(index, "ряд -чисел", "серия"))) == [1, 2]
    assert ids_of(ask_all(index, '"серия чисел"', "серия")) == [3]


def test_a_mistyped_word_does_not_push_down_what_was_meant(index: SearchIndex) -> None:
    index.update([document(1, "ряд " * 9), document(2, "ряд и интеграл")], [])
    assert ids_of(ask_all(index, "ряд интегрлы", ("ряд интеграл", 0.9)))[0] == 2


def test_the_exact_title_of_any_wording_comes_first(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "математический анализ " * 40, title="Введение"),
            document(2, "прочее", title="Математический анализ"),
        ],
        [],
    )
    assert ids_of(ask_all(index, "матан", "математический анализ"))[0] == 2


def test_an_exact_heading_comes_before_mentions(index: SearchIndex) -> None:
    mention = "о том что такое ряд и кто такой Фурье " * 8
    treated = PassageText(4, "Ряды Фурье", "Пусть функция задана на отрезке. " * 60)
    index.update([document(1, mention), document(2, passages=[treated])], [])
    assert found(index, "ряды Фурье") == [2, 1]


def test_an_answer_says_when_words_are_missing(index: SearchIndex) -> None:
    rest = [document(n, "прочее") for n in range(3, 20)]
    index.update([document(1, "ряд Фурье"), document(2, "ряд"), *rest], [])
    assert ask(index, "ряд Фурье").relaxed
    assert ask(index, "ряд неизвестное").relaxed
    assert not ask(index, "ряд").relaxed
    assert not ask(index, "").relaxed
    assert not ask(index, '"ряд Фурье"').relaxed


def test_the_newer_of_equals_comes_first_but_passes_no_better_match(index: SearchIndex) -> None:
    rest, old = "слово " * 50, utcnow() - timedelta(days=4000)
    index.update(
        [
            document(1, "ряд " + rest, created=old),
            document(2, "ряд " + rest, created=utcnow()),
            document(3, "ряд ряд ряд " + rest, created=old),
        ],
        [],
    )
    assert found(index, "ряд") == [3, 2, 1]


# What understanding asks ----------------------------------------------------------------------


def test_documents_are_counted_that_hold_all_of_some_stems(index: SearchIndex) -> None:
    index.update([document(1, "ряд Фурье"), document(2, "ряд"), document(3, "ряд")], [])
    index.update([], [3])
    asked = [("ряд",), ("ряд", "фур"), ("нет",), ("ряд", "нет"), ()]
    assert index.count_documents(asked) == [2, 1, 0, 0, 0]


def test_similar_words_come_by_edits_then_by_documents(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "интеграл интервал"),
            document(2, "интеграл"),
            document(3, "интегралл"),
            document(4, "диплом 12345 x86"),
        ],
        [],
    )
    near = index.similar_words("интегрла", 2, 5)
    assert near == [("интегра", 1, 2), ("интегралл", 2, 1), ("интерва", 2, 1)]
    assert index.similar_words("интегрла", 1, 5) == near[:1]
    assert index.similar_words("интегрла", 2, 1) == near[:1]
    assert index.similar_words("дилп", 1, 5) == [("дипл", 1, 1)]
    assert index.similar_words("интеграл", 0, 5) == []
    assert index.similar_words("12346", 1, 5) == []
    assert index.similar_words("", 2, 5) == []


def test_words_of_deleted_documents_are_not_similar(index: SearchIndex) -> None:
    index.update([document(1, "интеграл"), document(2, "ряд")], [])
    index.update([], [1])
    assert index.similar_words("интегрл", 2, 5) == []


# Keeping up ------------------------------------------------------------------------------------


def test_revisions_are_told_back(index: SearchIndex) -> None:
    index.update([document(1, revision=4), document(2)], [])
    assert index.revisions() == {1: 4, 2: 0}
    index.update([document(1, revision=5)], [2])
    assert index.revisions() == {1: 5}


def test_a_rebuild_is_seen_when_it_is_finished(index: SearchIndex) -> None:
    index.update([document(1, "ряд")], [])
    with index.rebuilding() as making:
        assert making.revisions() == {}
        making.add([document(2, "ряд", revision=2), document(3, "ряд")])
        assert making.revisions() == {2: 2, 3: 0}
        assert found(index, "ряд") == [1]
        making.add([document(2, "ряд", revision=7)], [3])
        making.finish()
    assert index.revisions() == {2: 7}
    assert found(index, "ряд") == [2]


def test_an_unfinished_rebuild_goes_on(index: SearchIndex) -> None:
    index.update([document(1, "ряд")], [])
    with index.rebuilding() as making:
        making.add([document(2, "ряд", revision=2)])
    assert found(index, "ряд") == [1]
    with index.rebuilding() as making:
        assert making.revisions() == {2: 2}
        making.add([document(3, "ряд", revision=1)])
        making.finish()
    assert sorted(found(index, "ряд")) == [2, 3]
    with index.rebuilding() as making:
        assert making.revisions() == {}


def test_an_index_of_nothing_answers(index: SearchIndex) -> None:
    rebuild(index, [])
    assert (index.ids(), found(index, "ряд"), found(index)) == (set(), [], [])
    assert index.count_documents([("ряд",)]) == [0]
    assert index.similar_words("ряд", 1, 5) == []
