"""Several windows of one person at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from edu.accounts.models import User
from edu.extensions import db
from edu.library import service
from edu.library.models import CollectionItem, HistoryEntry
from edu.materials.models import Material
from tests.conftest import make_people
from tests.samples import make_material

WINDOWS = 6


def all_at_once(app: Flask, act: Callable[[User, int], None]) -> None:
    """Alice does `act` in several windows, each with a number of its own."""

    def work(number: int) -> None:
        with app.app_context():
            act(db.session.execute(db.select(User).filter_by(name="Alice")).scalar_one(), number)
            db.session.commit()

    with ThreadPoolExecutor(WINDOWS) as pool:
        list(pool.map(work, range(WINDOWS)))


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

    all_at_once(any_app, add)
    with any_app.app_context():
        rows = db.session.query(CollectionItem.material_id, CollectionItem.position)
        found = {row[0]: row[1] for row in rows}
        assert set(found) == set(ids)
        assert sorted(found.values()) == list(range(1, WINDOWS + 1))
        assert [*sorted(found, key=lambda one: found[one])] in (ids, ids[::-1])


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

    all_at_once(any_app, read)
    with any_app.app_context():
        entry = db.session.query(HistoryEntry).one()
        assert 1 <= entry.place <= WINDOWS
