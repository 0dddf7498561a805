"""Alice's materials, who may delete them, and what becomes of bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from edu.accounts.models import Role, User
from edu.extensions import db, storage, utcnow
from edu.materials.models import MaterialStatus
from edu.trash import service
from edu.trash.models import TrashEntry, UnusedFile
from edu.tree.service import ensure_category
from jobs.search import update_index
from tests.conftest import make_people, make_user, sign_in
from tests.samples import confine, get_material, make_category, make_material

Sign = Callable[[str], FlaskClient]


@dataclass(frozen=True)
class World:
    """An application with people by name, and Alice's materials in «матан» by their state.

    Maria moderates «матан», Boris another subject, Anna administers.
    """

    app: Flask
    people: dict[str, int]
    own: dict[str, int]

    def person(self, name: str) -> User:
        return db.session.get_one(User, self.people[name])

    def delete(self, state: str, by: str = "alice", reason: str = "") -> int:
        """The material with this state is in the trash, and search knows."""
        material_id = self.own[state]
        service.delete_material(self.person(by), get_material(material_id), reason)
        db.session.commit()
        update_index()
        return material_id


def _fill(app: Flask) -> World:
    people = make_people(app)
    with app.app_context():
        people |= {"anna": make_user("anna", Role.ADMIN).id}
        people |= {"boris": make_user("boris", Role.MODERATOR).id}
        matan, physics = make_category(), ensure_category("Физика", slug="fizika")
        confine(db.session.get_one(User, people["maria"]), matan)
        confine(db.session.get_one(User, people["boris"]), physics)
        own = {
            status.value: make_material(
                people["alice"], status, title=f"It is {status}", text="Старый текст"
            ).id
            for status in MaterialStatus
            if status != MaterialStatus.ARCHIVED
        }
        update_index()
    return World(app, people, own)


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


def grow_old(days: float = 31) -> None:
    """Whatever lies in the trash has lain there for so long."""
    db.session.execute(update(TrashEntry).values(deleted_at=utcnow() - timedelta(days=days)))
    db.session.commit()


def fall_due() -> None:
    """The time of all unused bytes has come."""
    db.session.execute(update(UnusedFile).values(due_at=utcnow() - timedelta(seconds=1)))
    db.session.commit()


def keys() -> set[str]:
    """All that the storage has."""
    return {found.key for found in storage().list_keys()}


def unused() -> dict[str, bool]:
    """Hashes that are noted, and whether they are being removed."""
    return {row.sha256: row.purging for row in db.session.query(UnusedFile)}
