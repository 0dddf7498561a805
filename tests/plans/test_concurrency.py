"""Several windows of one person at the same moment."""

from __future__ import annotations

from flask import Flask

from edu.accounts.models import User
from edu.assistant.meaning import Meaning
from edu.assistant.models import Conversation, Question
from edu.extensions import db
from edu.materials.models import Material
from edu.plans import own, service, steps
from edu.plans.models import Plan, PlanStep
from tests.conftest import make_people
from tests.keeping import all_at_once
from tests.plans.making import findings_of
from tests.samples import make_material

WINDOWS = 5


def test_a_question_saved_in_many_windows_is_one_plan_whose_steps_keep_their_places(
    any_app: Flask,
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["maria"])
        material.file.pages = 40
        talk = Conversation(user_id=people["alice"], title="T")
        question = Question(user_id=people["alice"], conversation=talk, text="T", locale="en")
        db.session.add(question)
        db.session.commit()
        question_id, material_id = question.id, material.id

    def save(alice: User, number: int) -> None:
        service.make_plan(
            alice,
            Meaning(),
            findings_of(db.session.get_one(Material, material_id)),
            title="T",
            question=db.session.get_one(Question, question_id),
            today=db.session.get_one(Question, question_id).created_at.date(),
        )

    all_at_once(any_app, save, WINDOWS)
    with any_app.app_context():
        [plan_id] = db.session.scalars(db.select(Plan.id))
        before = db.session.scalar(db.select(db.func.count(PlanStep.id))) or 0
        assert before == 2

    def add(alice: User, number: int) -> None:
        plan = own.get_plan(alice, plan_id)
        added = steps.add_step(alice, plan, f"No. {number}", 10, 1)
        steps.move_step(alice, plan, added.id, -1)

    all_at_once(any_app, add, WINDOWS)
    with any_app.app_context():
        found = own.list_steps(db.session.get_one(Plan, plan_id))
        first = [step.position for step in found if step.week == 1]
        assert first == list(range(1, len(first) + 1))
        assert len(found) == before + WINDOWS
