"""Alice's published lecture in «матан», who reports it, and who decides.

Maria moderates «матан», Boris another subject, Anna administers; Charlie and Dora report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.accounts.models import Role, User
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.notifications.models import Notification
from edu.reports import service
from edu.reports.models import Report
from edu.tree.service import ensure_category
from jobs.search import update_index
from tests.conftest import make_people, make_user, sign_in
from tests.samples import confine, get_material, make_category, make_material

Sign = Callable[[str], FlaskClient]


@dataclass(frozen=True)
class World:
    """An application with people by name, and ids of materials."""

    app: Flask
    people: dict[str, int]
    lecture: int  # published, 20 pages
    hidden: int  # waits for review

    def person(self, name: str) -> User:
        return db.session.get_one(User, self.people[name])

    def material(self) -> Material:
        return get_material(self.lecture)

    def report(self, name: str, reason: str = "file", note: str = "") -> Report:
        """Committed."""
        made = service.report_material(self.person(name), self.material(), reason, note)
        db.session.commit()
        return made


def told(world: World, name: str) -> list[tuple[str, str]]:
    """Kinds and notes of what a person was told, the oldest first."""
    query = select(Notification).where(Notification.user_id == world.people[name])
    return [(n.kind, n.note) for n in db.session.scalars(query.order_by(Notification.id))]


def states() -> list[tuple[str, str]]:
    """State and answer of each report, the oldest first."""
    return [
        (one.state, one.answer)
        for one in db.session.scalars(
            select(Report).order_by(Report.id).execution_options(populate_existing=True)
        )
    ]


def _fill(app: Flask) -> World:
    people = make_people(app)
    with app.app_context():
        people |= {"anna": make_user("anna", Role.ADMIN).id, "dora": make_user("dora").id}
        people |= {"boris": make_user("boris", Role.MODERATOR).id}
        confine(db.session.get_one(User, people["maria"]), make_category())
        confine(db.session.get_one(User, people["boris"]), ensure_category("Физика", slug="fizika"))
        lecture = make_material(people["alice"], title="Числовые ряды")
        lecture.file.pages = 20
        hidden = make_material(people["alice"], MaterialStatus.PENDING, title="Черновик")
        update_index()
        db.session.commit()
        return World(app, people, lecture.id, hidden.id)


@pytest.fixture
def world(app: Flask) -> World:
    return _fill(app)


@pytest.fixture
def any_world(any_app: Flask) -> World:
    """On each database in turn."""
    return _fill(any_app)


@pytest.fixture
def sign(world: World) -> Sign:
    """Browsers of people, signed in."""
    return lambda name: sign_in(world.app.test_client(), name)
