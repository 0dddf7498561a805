"""Drafts: within the time there is and within what was found, in the order of study."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu.assistant.findings import Fit
from edu.assistant.meaning import Meaning
from edu.plans.drafting import lay_out
from edu.plans.packing import MAX_STEPS
from edu.plans.shapes import MOST_WEEKS, PlanDraft, week_days
from edu.plans.sources import Source, Unit
from tests.plans.making import pages_of

TODAY = date(2026, 11, 23)


def meaning(**changes: object) -> Meaning:
    return Meaning(**changes)  # type: ignore[arg-type]  # of the names of its fields


def places_of(draft: PlanDraft, material_id: int) -> list[int]:
    """All pages of the material in the order of the plan."""
    return [
        page
        for step in draft.steps
        if step.material_id == material_id and step.first is not None
        for page in range(step.first, (step.last or step.first) + 1)
    ]


def topics_of(draft: PlanDraft) -> list[str]:
    return [step.topic for step in draft.steps]


# What holds for every plan --------------------------------------------------------------------

HEADINGS = ["Пределы", "Ряды", "Задачи на ряды", "Интегралы", "Производная", "2.1 Ряды Фурье"]


@st.composite
def some_source(draw: st.DrawFn, material_id: int) -> Source:
    kind = draw(st.sampled_from(["page", "section", "second", ""]))
    type_ = draw(st.sampled_from(["lecture", "seminar", "problems", "exam", "textbook"]))
    if kind == "second":
        ends = [300 * n for n in range(1, draw(st.integers(1, 30)) + 1)]
        units = tuple(Unit(end - 300, end - 1, 5) for end in ends)
    elif kind:
        costs = draw(st.lists(st.integers(1, 20), min_size=1, max_size=120))
        units = tuple(Unit(n, n, cost) for n, cost in enumerate(costs, 1))
    else:
        units = (Unit(0, 0, 20),)
    last = units[-1].last
    starts = sorted(draw(st.sets(st.integers(0, last), max_size=8))) if kind else []
    chapters = tuple((start, draw(st.sampled_from(HEADINGS))) for start in starts)
    hits = frozenset(draw(st.sets(st.integers(0, last), max_size=4)))
    fit = draw(st.sampled_from(list(Fit)))
    title = draw(st.sampled_from([*HEADINGS, "Лекция 2", "Лекция 10"]))
    return Source(material_id, title, type_, fit, kind, units, chapters, hits)


@st.composite
def some_sources(draw: st.DrawFn) -> list[Source]:
    return [draw(some_source(number)) for number in range(1, draw(st.integers(0, 6)) + 1)]


@st.composite
def some_meaning(draw: st.DrawFn) -> Meaning:
    days = draw(st.one_of(st.none(), st.integers(-3, 400)))
    return Meaning(
        exam_on=None if days is None else TODAY + timedelta(days=days),
        weeks=draw(st.sampled_from([0, 1, 2, 3, 8, 60])),
        minutes_a_week=draw(st.sampled_from([0, 5, 30, 90, 240, 600, 9000])),
    )


@settings(max_examples=150, deadline=None)
@given(some_sources(), some_meaning())
def test_a_draft_keeps_to_the_time_and_to_what_was_found(
    sources: list[Source], wanted: Meaning
) -> None:
    draft = lay_out(sources, wanted, TODAY)
    assert len(draft.weeks) <= MOST_WEEKS
    assert len(draft.steps) <= MAX_STEPS
    for number, week in enumerate(draft.weeks, 1):
        assert week.number == number
        assert TODAY <= week.first_day <= week.last_day
        if draft.exam_on and draft.exam_on > TODAY:
            assert week.last_day < draft.exam_on
        assert sum(step.minutes for step in week.steps) <= week.budget <= draft.minutes_a_week
        assert all(step.minutes > 0 for step in week.steps)
    _check_places(draft, {source.material_id: source for source in sources})


def _check_places(draft: PlanDraft, sources: dict[int, Source]) -> None:
    taken: dict[int, set[int]] = {}
    for step in [*draft.steps, *draft.left_out]:
        if step.material_id is None:
            continue
        source, seen = sources[step.material_id], taken.setdefault(step.material_id, set())
        if step.first is None:
            assert source.kind == ""
            assert not seen, "the whole material twice"
            seen.add(-1)
            continue
        assert step.kind == source.kind
        inside = [u for u in source.units if step.first <= u.first and u.last <= (step.last or -1)]
        assert (inside[0].first, inside[-1].last) == (step.first, step.last)
        assert step.minutes == sum(unit.minutes for unit in inside)
        assert not seen & {unit.first for unit in inside}, "overlap"
        seen |= {unit.first for unit in inside}


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(1, 10), st.sampled_from([120, 240, 600]))
def test_what_fits_is_all_taken(pages: int, weeks: int, minutes: int) -> None:
    draft = lay_out([pages_of(pages=pages)], Meaning(weeks=weeks, minutes_a_week=minutes), TODAY)
    if pages * 3 <= (minutes - 10) * weeks:
        assert places_of(draft, 1) == list(range(1, pages + 1))
        assert draft.left_out == ()
    else:
        assert draft.left_out


# Weeks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "weeks"),
    [
        (Meaning(), 4),
        (Meaning(weeks=2), 2),
        (Meaning(weeks=99), MOST_WEEKS),
        (Meaning(exam_on=TODAY), 1),
        (Meaning(exam_on=TODAY + timedelta(days=1)), 1),
        (Meaning(exam_on=TODAY + timedelta(days=8)), 2),
        (Meaning(exam_on=TODAY + timedelta(days=21)), 3),
        (Meaning(exam_on=TODAY + timedelta(days=21), weeks=2), 2),
        (Meaning(exam_on=TODAY + timedelta(days=3650)), MOST_WEEKS),
        (Meaning(exam_on=TODAY - timedelta(days=5)), 4),
    ],
)
def test_the_number_of_weeks(wanted: Meaning, weeks: int) -> None:
    assert len(lay_out([pages_of()], wanted, TODAY).weeks) == weeks


def test_the_day_before_the_exam_is_a_week_of_a_day() -> None:
    draft = lay_out([pages_of(pages=200)], Meaning(exam_on=TODAY + timedelta(days=1)), TODAY)
    [week] = draft.weeks
    assert (week.first_day, week.last_day) == (TODAY, TODAY)
    assert week.budget == 120
    assert 90 <= sum(step.minutes for step in week.steps) <= 120
    assert draft.left_out


def test_the_last_week_ends_on_the_eve_of_the_exam() -> None:
    assert week_days(TODAY, TODAY + timedelta(days=9), 2) == (
        TODAY + timedelta(days=7),
        TODAY + timedelta(days=8),
    )


def test_the_last_week_before_an_exam_is_for_questions_and_revision() -> None:
    sources = [pages_of(1, 40), pages_of(2, 5, type="exam", title="Вопросы к экзамену")]
    draft = lay_out(sources, Meaning(exam_on=TODAY + timedelta(days=21)), TODAY)
    assert [week.is_revision for week in draft.weeks] == [False, False, True]
    assert [step.material_id for step in draft.weeks[-1].steps] == [2, None]
    assert all(step.material_id == 1 for week in draft.weeks[:-1] for step in week.steps)


def test_without_an_exam_the_questions_come_last() -> None:
    draft = lay_out([pages_of(2, 5, type="exam"), pages_of(1, 10)], Meaning(), TODAY)
    assert [step.material_id for step in draft.steps] == [1, 2]


# What is taken --------------------------------------------------------------------------------


def test_nothing_is_invented() -> None:
    draft = lay_out([], Meaning(exam_on=TODAY + timedelta(days=30)), TODAY)
    assert draft.weeks == ()
    small = lay_out([pages_of(pages=5)], Meaning(weeks=8), TODAY)
    assert [(step.first, step.last) for step in small.steps] == [(1, 5)]


def test_chapters_give_the_topics_and_long_ones_are_read_in_sittings() -> None:
    chapters = [(2, "Пределы"), (12, "Ряды"), (42, "Интегралы")]
    draft = lay_out([pages_of(pages=50, chapters=chapters)], Meaning(), TODAY)
    assert list(dict.fromkeys(topics_of(draft))) == ["Пределы", "Ряды", "Интегралы"]
    assert max(step.minutes for step in draft.steps) <= 60
    assert places_of(draft, 1) == list(range(1, 51))


def test_short_chapters_share_a_step() -> None:
    chapters = [(1, "Пределы"), (4, "Ряды"), (7, "Интегралы"), (27, "Поля")]
    draft = lay_out([pages_of(pages=30, chapters=chapters)], Meaning(minutes_a_week=600), TODAY)
    assert topics_of(draft)[0] == "Пределы; Ряды"


def test_problems_follow_the_topic_that_they_are_about() -> None:
    theory = pages_of(1, 30, chapters=[(1, "Пределы"), (11, "Числовые ряды"), (21, "Интегралы")])
    problems = pages_of(
        2, 8, type="problems", chapters=[(1, "Задачи: ряды"), (5, "Задачи: пределы")]
    )
    draft = lay_out([problems, theory], Meaning(minutes_a_week=600), TODAY)
    assert topics_of(draft) == [
        *("Пределы", "Задачи: пределы"),
        *("Числовые ряды", "Задачи: ряды"),
        "Интегралы",
    ]


def test_what_a_second_book_says_of_a_topic_comes_after_the_first_and_only_if_there_is_time() -> (
    None
):
    first = pages_of(1, 40, chapters=[(1, "Пределы"), (21, "Ряды")])
    second = pages_of(2, 40, type="textbook", chapters=[(1, "Глава 1. Ряды"), (21, "Поля")])
    short = lay_out([first, second], Meaning(weeks=1, minutes_a_week=200), TODAY)
    assert "Глава 1. Ряды" not in topics_of(short)
    long = lay_out([first, second], Meaning(weeks=4), TODAY)
    assert list(dict.fromkeys(topics_of(long))) == ["Пределы", "Ряды", "Глава 1. Ряды", "Поля"]


def test_lectures_with_numbers_come_in_their_order() -> None:
    sources = [pages_of(n, 10, title=f"Анализ, лекция {n}") for n in (10, 2, 1)]
    draft = lay_out(sources, Meaning(), TODAY)
    assert [step.material_id for step in draft.steps] == [1, 2, 10]


def test_seminars_are_told_apart_by_their_numbers_too() -> None:
    lectures = [pages_of(n, 10, title=f"Анализ, лекция {n}") for n in (1, 2)]
    seminars = [pages_of(n + 2, 2, title=f"Анализ, семинар {n}", type="seminar") for n in (1, 2)]
    draft = lay_out([*lectures, *seminars], Meaning(), TODAY)
    assert [step.material_id for step in draft.steps] == [1, 3, 2, 4]


def test_of_a_long_book_only_the_chapters_with_the_words_are_read() -> None:
    chapters = [(1, "Пределы"), (101, "Ряды"), (121, "Поля")]
    draft = lay_out([pages_of(pages=400, chapters=chapters, hits=[110])], Meaning(), TODAY)
    assert places_of(draft, 1) == list(range(101, 121))
    assert draft.left_out == ()


def test_when_time_is_short_what_fits_best_is_taken_and_the_rest_is_named() -> None:
    near, exact = pages_of(1, 100, fit=Fit.NEAR), pages_of(2, 30)
    draft = lay_out([near, exact], Meaning(weeks=1, minutes_a_week=90), TODAY)
    assert 1 not in {step.material_id for step in draft.steps}
    assert {step.material_id for step in draft.left_out} == {1, 2}
    assert next(s for s in draft.left_out if s.material_id == 1).last == 100


def test_problems_are_not_crowded_out_by_theory() -> None:
    sources = [pages_of(1, 400), pages_of(2, 100, type="problems")]
    draft = lay_out(sources, Meaning(weeks=4), TODAY)
    spent = {n: sum(s.minutes for s in draft.steps if s.material_id == n) for n in (1, 2)}
    assert spent[1] > spent[2] > 300


def test_little_material_is_spread_over_the_weeks() -> None:
    draft = lay_out([pages_of(pages=80)], Meaning(), TODAY)
    minutes = [sum(step.minutes for step in week.steps) for week in draft.weeks]
    assert max(minutes) <= 80


def test_lectures_with_days_come_in_their_order() -> None:
    days = ("07.02.2024", "21.02.2024", "08.05.2024", "13.03.2024", "01.09.2023")
    sources = [pages_of(n, 10, title=f"Лекция {day}") for n, day in enumerate(days, 1)]
    draft = lay_out(sources, Meaning(minutes_a_week=600), TODAY)
    assert [step.material_id for step in draft.steps] == [5, 1, 2, 4, 3]


def test_a_lecture_that_repeats_another_ones_chapter_is_not_read_twice() -> None:
    course = pages_of(1, 60, chapters=[(1, "Пределы"), (21, "Числовые ряды"), (41, "Интегралы")])
    single = pages_of(2, 12, chapters=[(1, "2. Числовые ряды"), (9, "Криволинейные координаты")])
    draft = lay_out([course, single], Meaning(minutes_a_week=600), TODAY)
    assert places_of(draft, 2) == [9, 10, 11, 12]
    assert draft.left_out == ()


def test_with_much_too_little_time_every_part_of_a_course_is_begun() -> None:
    chapters = [(1 + 20 * n, heading) for n, heading in enumerate("АБВГДЕ")]
    course = pages_of(1, 120, chapters=chapters)
    draft = lay_out([course], Meaning(weeks=1, minutes_a_week=150), TODAY)
    assert topics_of(draft) == list("АБВГДЕ")
    assert all((step.first or 0) % 20 == 1 for step in draft.steps), "from its beginning"


def test_a_part_of_a_chapter_names_only_the_headings_that_it_holds() -> None:
    chapters = [(1, "Пределы"), (4, "Ряды"), (8, "Поля")]
    course = pages_of(1, 10, chapters=chapters)
    draft = lay_out([course], Meaning(weeks=1, minutes_a_week=30), TODAY)
    assert topics_of(draft) == ["Пределы; Ряды"]
