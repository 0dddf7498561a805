"""Several windows of one person at the same moment."""

from __future__ import annotations

from flask import Flask

from edu.accounts.models import User
from edu.collections import service
from edu.collections.models import CollectionItem
from edu.extensions import db
from edu.materials.models import Material
from tests.conftest import make_people
from tests.keeping import all_at_once
from tests.samples import make_material

WINDOWS = 6


def test_each_of_many_additions_has_a_place_of_its_own(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        ids = [make_material(people["maria"], title=f"No. {n}").id for n in range(WINDOWS)]
        alice = db.session.get_one(User, people["alice"])
        key = service.create_collection(alice, "Shared").key
        db.session.commit()

    def add(alice: User, number: int) -> None:
        collection = service.get_own_collection(alice, key)
        service.add_item(alice, collection, db.session.get_one(Material, ids[number]))
        service.reorder_items(alice, collection, ids[::-1] if number % 2 else ids)

    all_at_once(any_app, add, WINDOWS)
    with any_app.app_context():
        rows = db.session.query(CollectionItem.material_id, CollectionItem.position)
        found = {row[0]: row[1] for row in rows}
        assert set(found) == set(ids)
        assert sorted(found.values()) == list(range(1, WINDOWS + 1))
        assert [*sorted(found, key=lambda one: found[one])] in (ids, ids[::-1])
