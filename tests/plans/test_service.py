"""Plans as their owners keep them: made once, changed, ticked off, spread anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.assistant import retrieval
from edu.assistant.findings import Findings
from edu.assistant.meaning import Meaning
from edu.assistant.models import Conversation, Question
from edu.errors import Conflict, InvalidInput, NotFound
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus, Passage
from edu.plans import own, progress, service, steps
from edu.plans.drafting import describe_plan, draft_plan
from edu.plans.models import Plan, PlanStep
from tests.conftest import make_people
from tests.plans.making import findings_of
from tests.samples import make_category, make_material

People = dict[str, int]
TODAY = date(2026, 11, 23)
EXAM = TODAY + timedelta(days=28)


def person(people: People, name: str = "alice") -> User:
    return db.session.get_one(User, people[name])


@pytest.fixture
def people(any_app: Flask) -> Iterator[People]:
    """Alice, Maria and Charlie on each database in turn, inside its context."""
    made = make_people(any_app)
    with any_app.app_context():
        yield made


def lecture(people: People, pages: int = 60, **changes: object) -> Material:
    """A PDF with a chapter on each twenty pages."""
    headings = ("Пределы", "Ряды", "Интегралы")
    passages = [
        Passage(number=1 + 20 * n, heading=heading, text="…") for n, heading in enumerate(headings)
    ]
    material = make_material(
        people["maria"],
        **{"title": "Лекции", "passages": passages, **changes},  # type: ignore[arg-type]  # keywords of its own
    )
    material.file.pages = pages
    db.session.commit()
    return material


def make(
    people: People, material: Material | None = None, wanted: Meaning | None = None, **more: object
) -> Plan:
    """Alice's plan of one lecture course, until an exam in four weeks."""
    material = material or lecture(people)
    plan = service.make_plan(
        person(people),
        wanted or Meaning(exam_on=EXAM),
        findings_of(material),
        **{"title": "Матан", "question": None, "today": TODAY, **more},  # type: ignore[arg-type]  # keywords of its own
    )
    db.session.commit()
    return plan


def weeks_of(plan: Plan) -> list[list[str]]:
    """Topics by week, fresh from the database."""
    db.session.expire_all()
    found = own.list_steps(plan)
    return [[step.topic for step in week.steps] for week in progress.list_weeks(plan, found)]


def question_of(people: People, status: str = "answered") -> Question:
    conversation = Conversation(user_id=people["alice"], title="Plan")
    question = Question(
        user_id=people["alice"],
        conversation=conversation,
        text="План по матану",
        locale="ru",
        status=status,
        meaning=Meaning(weeks=2).as_json(),
    )
    db.session.add(question)
    db.session.commit()
    return question


# Making ---------------------------------------------------------------------------------------


def test_a_plan_keeps_the_topics_pages_and_minutes_of_its_draft(people: People) -> None:
    material = lecture(people)
    plan = make(people, material)
    kept = [
        (step.week, step.topic, step.material_id, step.kind, step.first, step.last, step.minutes)
        for step in own.list_steps(plan)
    ]
    assert kept == [
        (1, "Пределы", material.id, "page", 1, 20, 60),
        (2, "Ряды", material.id, "page", 21, 40, 60),
        (3, "Интегралы", material.id, "page", 41, 60, 60),
        (4, "Revision of all topics", None, "", None, None, 80),
    ]
    assert (plan.starts_on, plan.exam_on, plan.minutes_a_week) == (TODAY, EXAM, 240)


def test_sections_and_seconds_have_places_too(people: People) -> None:
    sections = [Passage(number=n, heading=f"§ {n}", text="x" * 9000) for n in (1, 2)]
    docx = lecture(people, title="Конспект", kind="docx", passages=sections)
    video = lecture(people, title="Запись", kind="video", passages=[])
    video.file.duration = 1000.5
    draft = draft_plan(Meaning(), findings_of(docx, video), TODAY)
    places = [(step.kind, step.first, step.last, step.minutes) for step in draft.steps]
    assert places == [("section", 1, 2, 30), ("second", 0, 999, 17)]
    text = describe_plan(draft)
    assert f"[{docx.id}, § 1–2]" in text
    assert f"[{video.id}, 0:00]" in text


def test_a_plan_is_of_one_subject_and_of_the_places_that_were_meant(people: People) -> None:
    maths = lecture(people)
    physics = lecture(people, title="Физика", category=make_category("Физика", "fizika"))
    found = findings_of(maths, physics, places={maths.id: [25], physics.id: [5]})
    draft = draft_plan(Meaning(words="ряды"), found, TODAY)
    assert [(s.material_id, s.first, s.last) for s in draft.steps] == [(maths.id, 21, 40)]
    whole = draft_plan(Meaning(), found, TODAY)
    assert {step.material_id for step in whole.steps} == {maths.id}
    assert (whole.steps[0].first, whole.steps[-1].last) == (1, 60)


def test_the_words_of_a_plan_name_places_and_what_is_left_out(people: People) -> None:
    material = lecture(people, title="Лекции [1]")
    text = describe_plan(draft_plan(Meaning(exam_on=EXAM), findings_of(material), TODAY))
    assert text.splitlines()[:4] == [
        "A plan for 4 weeks, up to 4 h a week. The exam: Dec 21, 2026.",
        "",
        "Week 1, Nov 23–29 (1 h):",
        f"— Пределы: «Лекции (1)» [{material.id}, pp. 1–20], 1 h",
    ]
    wanted = Meaning(weeks=1, minutes_a_week=60)
    short = draft_plan(wanted, findings_of(material), TODAY)
    assert f"Left out:\n— «Лекции (1)» [{material.id}], 2 h 12 min" in describe_plan(short)
    plan = make(people, material, wanted)
    assert "Left out" in own.list_steps(plan)[-1].note
    nothing = draft_plan(Meaning(), findings_of(material, covers=False), TODAY)
    assert describe_plan(nothing) == "The library holds nothing that a plan could be made of."


def test_of_a_question_there_is_one_plan(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    question, material = question_of(people), lecture(people)
    found = [findings_of(material)]
    monkeypatch.setattr(retrieval, "retrieve", lambda user, meaning: found.pop(), raising=False)
    alice = person(people)
    plan = service.plan_question(alice, question.id, TODAY)
    db.session.commit()
    assert plan.title == "План по матану"
    assert len(weeks_of(plan)) == 2
    assert service.plan_question(alice, question.id, TODAY) is plan
    again = service.make_plan(
        alice, Meaning(), Findings(), title="Again", question=question, today=TODAY
    )
    assert again is plan
    assert db.session.scalar(db.select(db.func.count(Plan.id))) == 1


def test_only_an_own_answered_question_becomes_a_plan(people: People) -> None:
    waiting = question_of(people, "waiting")
    with pytest.raises(Conflict):
        service.plan_question(person(people), waiting.id, TODAY)
    for name, question_id in (("charlie", waiting.id), ("alice", 10**12)):
        with pytest.raises(NotFound):
            service.plan_question(person(people, name), question_id, TODAY)


def test_nothing_found_is_no_plan(people: People) -> None:
    with pytest.raises(Conflict, match="nothing_to_plan"):
        service.make_plan(
            person(people), Meaning(), Findings(), title="T", question=None, today=TODAY
        )


def test_the_number_of_plans_is_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    material = lecture(people)
    monkeypatch.setattr(service, "MAX_PLANS", 1)
    make(people, material)
    with pytest.raises(Conflict, match="too_many"):
        make(people, material)


def test_plans_and_steps_are_their_owners_only(people: People) -> None:
    plan, other = make(people), make(people)
    step = own.list_steps(other)[0]
    for name in ("charlie", "maria"):
        user = person(people, name)
        assert service.list_plans(user).items == []
        with pytest.raises(NotFound):
            own.get_plan(user, plan.id)
        for refused in (
            lambda user=user: service.delete_plan(user, plan),
            lambda user=user: service.change_plan(user, plan, title="Mine"),
            lambda user=user: service.replan(user, plan, TODAY),
            lambda user=user: steps.add_step(user, plan, "T", 10, 1),
            lambda user=user: steps.tick_step(user, other, step.id, done=True),
        ):
            with pytest.raises(NotFound):
                refused()
    with pytest.raises(NotFound):  # a step of another plan
        steps.tick_step(person(people), plan, step.id, done=True)


# Changing -------------------------------------------------------------------------------------


def test_the_owner_renames_a_plan_and_moves_its_exam(people: People) -> None:
    plan, alice = make(people), person(people)
    service.change_plan(alice, plan, title="  New \n name ", minutes_a_week=120)
    assert (plan.title, plan.minutes_a_week, plan.exam_on) == ("New name", 120, EXAM)
    service.change_plan(alice, plan, has_exam=False)
    assert plan.exam_on is None
    for wrong in (
        {"title": " "},
        {"title": "x" * 201},
        {"minutes_a_week": 5},
        {"exam_on": TODAY - timedelta(days=1)},
        {"exam_on": TODAY + timedelta(days=4000)},
    ):
        with pytest.raises(InvalidInput):
            service.change_plan(alice, plan, **wrong)


def test_a_plan_goes_with_its_steps(people: People) -> None:
    plan = make(people)
    service.delete_plan(person(people), plan)
    db.session.commit()
    assert db.session.scalar(db.select(db.func.count(PlanStep.id))) == 0
    assert service.list_plans(person(people)).items == []


def test_steps_are_changed_added_moved_and_removed(people: People) -> None:
    plan, alice = make(people), person(people)
    first = own.list_steps(plan)[0]
    steps.change_step(alice, plan, first.id, topic="Границы", note="a\nb", minutes=45, week=2)
    assert weeks_of(plan) == [[], ["Ряды", "Границы"], ["Интегралы"], ["Revision of all topics"]]
    assert (first.note, first.minutes, first.position) == ("a\nb", 45, 2)
    steps.move_step(alice, plan, first.id, -1)
    assert weeks_of(plan)[1] == ["Границы", "Ряды"]
    steps.move_step(alice, plan, first.id, -1)
    assert weeks_of(plan)[:2] == [["Границы"], ["Ряды"]]
    steps.move_step(alice, plan, first.id, -1)  # there is no week before
    assert weeks_of(plan)[:2] == [["Границы"], ["Ряды"]]
    steps.move_step(alice, plan, first.id, 1)
    assert weeks_of(plan)[:2] == [[], ["Границы", "Ряды"]]
    added = steps.add_step(alice, plan, "Own", 10, 2)
    assert weeks_of(plan)[1] == ["Границы", "Ряды", "Own"]
    steps.remove_step(alice, plan, first.id)
    assert weeks_of(plan)[1] == ["Ряды", "Own"]
    assert added.position == 2


@pytest.mark.parametrize(
    "wrong", [{"topic": " "}, {"topic": "x" * 301}, {"minutes": 0}, {"week": 5}, {"week": 0}]
)
def test_a_step_within_bounds(people: People, wrong: dict[str, object]) -> None:
    plan, alice = make(people), person(people)
    step = own.list_steps(plan)[0]
    with pytest.raises(InvalidInput):
        steps.change_step(alice, plan, step.id, **wrong)  # type: ignore[arg-type]  # one of its own


def test_the_number_of_steps_is_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make(people)
    monkeypatch.setattr(steps, "MAX_STEPS", 4)
    with pytest.raises(Conflict, match="full"):
        steps.add_step(person(people), plan, "T", 10, 1)


def test_ticking_twice_keeps_the_moment_and_can_be_taken_back(people: People) -> None:
    plan, alice = make(people), person(people)
    first = own.list_steps(plan)[0]
    moment = steps.tick_step(alice, plan, first.id, done=True).done_at
    assert moment is not None
    assert steps.tick_step(alice, plan, first.id, done=True).done_at == moment
    assert steps.tick_step(alice, plan, first.id, done=False).done_at is None


# Progress and spreading anew ------------------------------------------------------------------


def test_progress_counts_minutes_and_what_past_weeks_have_left(people: People) -> None:
    plan = make(people)
    found = own.list_steps(plan)
    steps.tick_step(person(people), plan, found[0].id, done=True)
    on_time = progress.measure(plan, found, TODAY + timedelta(days=13))
    assert (on_time.total, on_time.done, on_time.late, on_time.percent) == (260, 60, 0, 23)
    assert progress.measure(plan, found, TODAY + timedelta(days=14)).late == 60
    assert progress.measure(plan, found, EXAM).late == 200
    assert progress.measure_all([plan], TODAY)[plan.id].done == 60


def test_what_was_missed_is_spread_over_the_weeks_left(people: People) -> None:
    plan, alice = make(people), person(people)
    found = own.list_steps(plan)
    steps.tick_step(alice, plan, found[1].id, done=True)
    done = service.replan(alice, plan, TODAY + timedelta(days=14))
    assert weeks_of(plan) == [
        [],
        ["Ряды"],
        ["Пределы", "Интегралы"],
        ["Revision of all topics"],
    ]
    assert (done.moved, done.left) == (1, [])
    assert service.replan(alice, plan, TODAY + timedelta(days=14)).moved == 0


def test_what_no_longer_fits_is_named_and_stays_in_the_plan(people: People) -> None:
    plan, alice = make(people), person(people)
    service.change_plan(alice, plan, minutes_a_week=120)
    done = service.replan(alice, plan, EXAM - timedelta(days=1))
    assert [step.topic for step in done.left] == ["Интегралы", "Revision of all topics"]
    assert weeks_of(plan)[-1] == ["Пределы", "Ряды", "Интегралы", "Revision of all topics"]
    with pytest.raises(Conflict, match="exam_over"):
        service.replan(alice, plan, EXAM)


def test_without_an_exam_there_is_always_another_week(people: People) -> None:
    plan, alice = make(people, wanted=Meaning(weeks=1)), person(people)
    done = service.replan(alice, plan, TODAY + timedelta(days=400))
    assert done.left == []
    assert {step.week for step in own.list_steps(plan)} == {58}


# Materials ------------------------------------------------------------------------------------


def test_what_is_no_longer_to_be_seen_leaves_its_topic(people: People) -> None:
    material = lecture(people)
    plan = make(people, material)
    alice, found = person(people), own.list_steps(plan)
    assert service.load_materials(alice, found) == {material.id: material}
    material.status = MaterialStatus.ARCHIVED.value
    db.session.commit()
    assert service.load_materials(alice, found) == {}
    db.session.delete(material)
    db.session.commit()
    db.session.expire_all()
    assert [step.material_id for step in own.list_steps(plan)] == [None] * 4
    assert weeks_of(plan)[0] == ["Пределы"]
