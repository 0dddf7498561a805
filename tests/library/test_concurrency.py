"""Several windows of one person at the same moment."""

from __future__ import annotations

from flask import Flask

from edu.accounts.models import User
from edu.extensions import db
from edu.library import service
from edu.library.models import HistoryEntry
from edu.materials.models import Material
from tests.conftest import make_people
from tests.keeping import all_at_once
from tests.samples import make_material

WINDOWS = 6


def test_two_windows_of_one_material_keep_one_entry(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["maria"])
        material.file.pages = WINDOWS
        db.session.commit()
        material_id = material.id

    def read(alice: User, number: int) -> None:
        material = db.session.get_one(Material, material_id)
        service.record_opening(alice, material)
        service.save_place(alice, material, number + 1)

    all_at_once(any_app, read, WINDOWS)
    with any_app.app_context():
        entry = db.session.query(HistoryEntry).one()
        assert 1 <= entry.place <= WINDOWS
