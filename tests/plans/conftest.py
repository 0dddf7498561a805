"""Alice's plan in an application with pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.assistant.meaning import Meaning
from edu.extensions import db, utcnow
from edu.materials.models import Passage
from edu.plans import own, service
from edu.plans.models import Plan
from tests.conftest import sign_in
from tests.plans.making import findings_of
from tests.samples import make_material


@dataclass(frozen=True)
class Made:
    """A plan that began today, of one lecture course, with an exam in four weeks."""

    app: Flask
    id: int
    material_id: int
    today: date

    @property
    def address(self) -> str:
        return f"/plans/{self.id}"

    def steps(self) -> list[dict[str, object]]:
        """Its steps as the database has them."""
        names = ("id", "week", "position", "topic", "note", "minutes", "done_at")
        with self.app.app_context():
            plan = db.session.get_one(Plan, self.id)
            return [{n: getattr(step, n) for n in names} for step in own.list_steps(plan)]

    def begin_earlier(self, days: int) -> None:
        """As if it had been made so many days ago."""
        with self.app.app_context():
            plan = db.session.get_one(Plan, self.id)
            plan.starts_on -= timedelta(days=days)
            db.session.commit()


@pytest.fixture
def plan(app: Flask, people: dict[str, int]) -> Made:
    """Three chapters of an hour in three weeks, and revision in the fourth."""
    with app.app_context():
        headings = ("Пределы", "Ряды, «Фурье»; и \\ прочие", "Интегралы")
        passages = [
            Passage(number=1 + 20 * n, heading=heading, text="…")
            for n, heading in enumerate(headings)
        ]
        material = make_material(people["maria"], title="Лекции", passages=passages)
        material.file.pages = 60
        today = utcnow().date()
        made = service.make_plan(
            db.session.get_one(User, people["alice"]),
            Meaning(exam_on=today + timedelta(days=28)),
            findings_of(material),
            title="Матан, к экзамену",
            question=None,
            today=today,
        )
        db.session.commit()
        return Made(app, made.id, material.id, today)


@pytest.fixture
def alice(app: Flask, people: dict[str, int]) -> FlaskClient:
    """Alice's browser."""
    return sign_in(app.test_client(), "alice")
