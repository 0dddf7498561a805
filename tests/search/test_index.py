"""What a search finds, in which order, and at which place."""

import random
from datetime import timedelta

import pytest

from edu.search.base import PassageText, SearchFilters, SearchIndex, SearchRequest
from tests.search.rebuilds import rebuild
from tests.search.samples import DAY, ask, document, found


def test_a_word_is_found_in_every_form(index: SearchIndex) -> None:
    index.update([document(1, "Лекция о рядах"), document(2, "An integral")], [])
    assert found(index, "лекций") == found(index, "ряд") == [1]
    assert found(index, "integrals") == [2]


def test_every_part_is_searched(index: SearchIndex) -> None:
    index.update(
        [
            document(1, title="Тензоры"),
            document(2, description="Про тензоры"),
            document(3, tags=["тензор"]),
            document(4, category_names=["Тензорное исчисление", "тензоры"]),
            document(5, "тензор"),
            document(6, passages=[PassageText(1, "Тензоры", "")]),
        ],
        [],
    )
    assert sorted(found(index, "тензор")) == [1, 2, 3, 4, 5, 6]


def test_title_outweighs_heading_and_heading_outweighs_text(index: SearchIndex) -> None:
    rest = "прочие слова о разном " * 20
    index.update(
        [
            document(1, "энтропия " + rest),
            document(2, passages=[PassageText(1, "Энтропия", rest)]),
            document(3, rest, title="Энтропия газа"),
        ],
        [],
    )
    assert found(index, "энтропия") == [3, 2, 1]


def test_an_exact_title_comes_first(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "Ряды Фурье " * 30, title="Ряды Фурье и преобразование Фурье"),
            document(2, "прочее", title="Ряды Фурье"),
        ],
        [],
    )
    assert found(index, "ряды фурье")[0] == 2


def test_filters_hold_alone_and_together(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "ряд", category_ids=[2, 1], rating=4.5, votes=3),
            document(2, "ряд", type="exam", category_ids=[3, 1], created=DAY + timedelta(days=9)),
            document(3, "ряд", kind="docx", category_ids=[4], rating=3.0, votes=1),
        ],
        [],
    )
    assert sorted(found(index, "ряд", category_id=1)) == [1, 2]
    assert found(index, "ряд", type="exam") == [2]
    assert found(index, "ряд", kind="docx") == [3]
    assert found(index, "ряд", rating_gte=4) == found(index, rating_gte=4.5) == [1]
    assert found(index, "ряд", uploaded_after=DAY + timedelta(days=1)) == [2]
    assert sorted(found(index, "ряд", uploaded_before=DAY)) == [1, 3]
    assert found(index, "ряд", category_id=1, rating_gte=4, type="lecture", kind="pdf") == [1]


def test_one_material_is_asked_about_by_name(index: SearchIndex) -> None:
    index.update([document(n, "Ряды Фурье сходятся") for n in (1, 2)], [])
    assert found(index, "ряды", material_id=2) == [2]
    assert found(index, "", material_id=2, type="lecture") == [2]
    assert found(index, "", material_id=2, type="exam") == []
    assert found(index, "ряды", material_id=3) == []
    # Elsewhere a document with most of the words will do; here it has to hold every one.
    assert set(found(index, "ряды Тейлора")) == {1, 2}
    assert found(index, "ряды Тейлора", material_id=2) == []


def test_filters_that_nothing_passes_let_nothing_through(index: SearchIndex) -> None:
    index.update([document(1, "ряд"), document(2, "ряд")], [])
    for filters in ({"category_id": 99}, {"type": "exam"}, {"rating_gte": 5}):
        for text in ("", "ряд", "ряд неизвестное", '"ряд ряд"', "-слово"):
            answer = ask(index, text, **filters)
            assert (answer.hits, answer.total) == ([], 0)


def test_an_empty_text_lists_everything_newest_first(index: SearchIndex) -> None:
    index.update([document(n, created=DAY + timedelta(days=n)) for n in (2, 3, 1)], [])
    answer = ask(index)
    assert [hit.id for hit in answer.hits] == [3, 2, 1]
    assert answer.total == 3
    assert answer.hits[0].places == []


def test_sorting_by_rating_date_and_views(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "ряд", rating=3.0, votes=1, views=5, created=DAY),
            document(2, "ряд", rating=4.75, votes=1, views=9, created=DAY - timedelta(days=1)),
            document(3, "ряд", rating=4.5, votes=9, views=7, created=DAY + timedelta(days=1)),
        ],
        [],
    )
    orders = {"rating": [2, 3, 1], "date": [3, 1, 2], "views": [2, 3, 1]}
    for text in ("", "ряд"):
        for sort, order in orders.items():
            hits = index.search(SearchRequest.of(text, sort=sort)).hits
            assert [hit.id for hit in hits] == order


def test_a_rating_parts_equals_but_never_passes_a_better_match(index: SearchIndex) -> None:
    index.update(
        [
            document(1, "ряд " + "слово " * 50),
            document(2, "ряд " + "слово " * 50, rating=5.0, votes=50),
            document(3, "ряд ряд ряд ряд " + "слово " * 20),
        ],
        [],
    )
    assert found(index, "ряд") == [3, 2, 1]


def test_pages_of_results_neither_overlap_nor_lose(index: SearchIndex) -> None:
    index.update([document(n, "ряд " * (n % 7 + 1)) for n in range(1, 131)], [])
    for text in ("", "ряд"):
        seen: list[int] = []
        for page in range(1, 15):
            answer = index.search(SearchRequest.of(text, page=page, per_page=10))
            assert answer.total == 130
            seen += [hit.id for hit in answer.hits]
        assert sorted(seen) == list(range(1, 131))


def test_the_page_that_treats_the_question_is_the_first_place(index: SearchIndex) -> None:
    pages = ["Введение в анализ", "Ряды бывают разные", "Прочее", "Сумма", "Ряды Фурье и сумма"]
    index.update([document(1, *pages)], [])
    (hit,) = ask(index, "ряд фурье").hits
    assert [place.number for place in hit.places] == [5, 2]
    assert hit.places[0].matched == 2


def test_a_heading_beats_a_mention_and_contents_lose(index: SearchIndex) -> None:
    contents = "\n".join(f"Ряды Фурье, часть {n} ........ {n}" for n in range(2, 9))
    mention = "Об этом позже: ряды Фурье и ряды Фурье помогут нам при решении задач."
    index.update([document(1, contents, mention, "Ряды Фурье\nпусть функция задана")], [])
    (hit,) = ask(index, "ряды Фурье").hits
    assert hit.places[0].number == 3


def test_places_use_the_numbers_that_were_given(index: SearchIndex) -> None:
    passages = [PassageText(7, "", "начало"), PassageText(40, "Тензор", "текст")]
    index.update([document(1, passages=passages)], [])
    assert [place.number for place in ask(index, "тензор").hits[0].places] == [40]


def test_a_match_in_the_title_alone_has_no_place(index: SearchIndex) -> None:
    index.update([document(1, "текст", title="Тензоры")], [])
    assert ask(index, "тензор").hits[0].places == []


def test_all_words_come_before_some_words(index: SearchIndex) -> None:
    index.update([document(1, "ряд " * 50), document(2, "ряд и сумма"), document(3, "иное")], [])
    assert found(index, "сумма ряда") == [2, 1]


def test_an_unknown_word_does_not_empty_the_result(index: SearchIndex) -> None:
    index.update([document(1, "ряд Фурье")], [])
    assert found(index, "ряд Фурье абвгдежз") == [1]


def test_a_phrase_keeps_its_order_and_minus_excludes(index: SearchIndex) -> None:
    index.update(
        [document(1, "ряд Фурье"), document(2, "Фурье: ряд чисел"), document(3, "ряд")], []
    )
    assert found(index, '"ряды Фурье"') == [1]
    assert sorted(found(index, "ряд -Фурье")) == [3]
    assert found(index, "-Фурье") == [3]


def test_a_phrase_does_not_span_parts(index: SearchIndex) -> None:
    index.update([document(1, title="Сумма ряд", tags=["Фурье"])], [])
    assert found(index, '"ряд Фурье"') == []


def test_stop_words_alone_find_nothing(index: SearchIndex) -> None:
    index.update([document(1, "что это такое")], [])
    assert found(index, "что такое") == []


def test_the_answer_names_the_stems_to_highlight(index: SearchIndex) -> None:
    assert ask(index, "что такое ряды").terms == frozenset({"ряд"})


MARKS = [
    "\0",
    '"',
    '"""',
    "«",
    "((",
    "*",
    "?",
    "~",
    "^",
    "\\",
    "-",
    "- -",
    "\ud800",
    "\u202e",
    "🙂🙂",
]
SYNTAX = ["[a TO b]", "text:ряд", "ряд*", "AND OR NOT", "' OR 1=1 --", "е\u0308" * 200, "𝑥𝑦"]
LONG = ["a" * 10_000, "ряд " * 2500, '"' + "ряд " * 3000 + '"']


@pytest.mark.parametrize("text", MARKS + SYNTAX + LONG)
def test_no_text_is_an_error(index: SearchIndex, text: str) -> None:
    index.update([document(1, "ряд Фурье"), document(2, text)], [])
    ask(index, text)
    ask(index, "ряд " + text)


def test_random_texts_are_no_errors(index: SearchIndex) -> None:
    chance = random.Random(7)
    alphabet = "аряд фурье\"«»-()[]{}*?:^~\\/\0\n\t'+#_.,!0123😀é̆ё\ufffe\u200d"
    index.update([document(1, alphabet, "ряд Фурье"), document(2, "ряд")], [])
    for _ in range(400):
        text = "".join(chance.choices(alphabet, k=chance.randrange(60)))
        index.search(SearchRequest.of(text, SearchFilters(), page=chance.randrange(-2, 5)))


def test_updating_twice_is_the_same_as_once(index: SearchIndex) -> None:
    for _ in range(2):
        index.update([document(1, "старое"), document(1, "новое"), document(2, "иное")], [3, 2])
    assert index.ids() == {1, 2}
    assert found(index, "новое") == [1]
    assert found(index, "старое") == []


def test_deleted_documents_are_gone_at_once_and_after_merging(index: SearchIndex) -> None:
    index.update([document(n, "ряд") for n in (1, 2, 3)], [])
    index.update([], [2, 99])
    assert sorted(found(index, "ряд")) == [1, 3]
    index.optimize()
    assert sorted(found(index, "ряд")) == [1, 3]
    index.optimize()
    assert index.ids() == {1, 3}


def test_weights_and_places_survive_merging(index: SearchIndex) -> None:
    for number in range(1, 40):
        title = "Энтропия" if number == 37 else "Прочее"
        index.update([document(number, "иное", "энтропия", title=title)], [number - 5])
    before = ask(index, "энтропия")
    index.optimize()
    after = ask(index, "энтропия")
    assert before.hits[0].id == after.hits[0].id == 37
    assert {hit.id for hit in before.hits} == {hit.id for hit in after.hits} == {*range(35, 40)}
    assert {hit.places[0].number for hit in after.hits} == {2}


def test_the_generation_grows_with_every_change(index: SearchIndex) -> None:
    seen = [index.generation()]
    index.update([document(1)], [])
    seen.append(index.generation())
    rebuild(index, [document(1)])
    seen.append(index.generation())
    index.update([], [1])
    seen.append(index.generation())
    assert seen == sorted(set(seen))
