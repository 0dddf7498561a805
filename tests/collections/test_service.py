"""Collections: who may open and change them, their order, their bounds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.collections import service
from edu.collections.models import Collection, CollectionItem, Visibility
from edu.errors import Conflict, Forbidden, InvalidInput, NotFound
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from tests.conftest import make_people
from tests.samples import make_material

People = dict[str, int]


def person(people: People, name: str) -> User:
    return db.session.get_one(User, people[name])


@pytest.fixture
def people(any_app: Flask) -> Iterator[People]:
    """Alice, Maria and Charlie on each database in turn, inside its context."""
    made = make_people(any_app)
    with any_app.app_context():
        yield made


def add_materials(people: People, number: int) -> list[Material]:
    return [make_material(people["maria"], title=f"Material {n}") for n in range(number)]


def add_collection(
    people: People, number: int = 0, visibility: Visibility = Visibility.PRIVATE
) -> tuple[Collection, list[Material]]:
    """Alice's collection of so many materials, committed."""
    alice, materials = person(people, "alice"), add_materials(people, number)
    collection = service.create_collection(alice, "For the exam", visibility=visibility)
    for material in materials:
        assert service.add_item(alice, collection, material)
    db.session.commit()
    return collection, materials


def order_of(people: People, collection: Collection, name: str = "alice") -> list[int]:
    """Ids in the order in which the person sees them, fresh from the database."""
    db.session.commit()
    return [i.material_id for i in service.list_items(person(people, name), collection).items]


# Who may open and change ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visibility", "opens"),
    [(Visibility.PRIVATE, False), (Visibility.LINK, True), (Visibility.PUBLIC, True)],
)
def test_others_open_what_is_not_private_and_change_nothing(
    people: People, visibility: Visibility, opens: bool
) -> None:
    collection, [material] = add_collection(people, 1, visibility)
    alice = person(people, "alice")
    assert service.get_own_collection(alice, collection.key) is collection
    for user in (None, person(people, "charlie"), person(people, "maria")):
        if opens:
            assert service.get_collection(user, collection.key) is collection
        else:
            with pytest.raises(NotFound):
                service.get_collection(user, collection.key)
        if user is None:
            continue
        with pytest.raises(Forbidden if opens else NotFound):
            service.get_own_collection(user, collection.key)
        for refused in (
            lambda user=user: service.change_collection(user, collection, title="Mine"),
            lambda user=user: service.delete_collection(user, collection),
            lambda user=user: service.add_item(user, collection, material),
            lambda user=user: service.remove_item(user, collection, material.id),
            lambda user=user: service.reorder_items(user, collection, [material.id]),
            lambda user=user: service.move_item(user, collection, material.id, 1),
            lambda user=user: service.place_item(user, collection, material.id, 1),
            lambda user=user: service.write_note(user, collection, material.id, "Mine"),
        ):
            with pytest.raises(Forbidden):
                refused()


def test_only_public_ones_with_something_in_them_are_listed(people: People) -> None:
    for visibility in Visibility:
        add_collection(people, 1, visibility)
    shown, [material] = add_collection(people, 1, Visibility.PUBLIC)
    add_collection(people, 0, Visibility.PUBLIC)
    listed = service.list_public_collections(1)
    assert listed.total == 2
    assert listed.items[0].key == shown.key
    material.status = MaterialStatus.ARCHIVED.value
    db.session.commit()
    assert service.list_public_collections(1).total == 1


def test_collections_of_the_blocked_are_closed(people: People) -> None:
    collection, _materials = add_collection(people, 1, Visibility.PUBLIC)
    person(people, "alice").blocked_at = utcnow()
    db.session.commit()
    assert service.list_public_collections(1).total == 0
    with pytest.raises(NotFound):
        service.get_collection(None, collection.key)


@pytest.mark.parametrize("key", ["", "x", "а" * 22, "a" * 33, "a\0b", "../etc", "\ud800"])
def test_odd_keys_name_nothing(people: People, key: str) -> None:
    add_collection(people)
    with pytest.raises(NotFound):
        service.get_collection(person(people, "alice"), key)


def test_keys_are_secrets(people: People) -> None:
    keys = {add_collection(people)[0].key for _ in range(5)}
    assert len(keys) == 5
    assert min(map(len, keys)) >= 20


# Bounds ---------------------------------------------------------------------------------------


def test_texts_are_tidied_and_bounded(people: People) -> None:
    alice = person(people, "alice")
    collection = service.create_collection(alice, "  К   экзамену \n", "Раз\r\nдва\n")
    assert (collection.title, collection.description) == ("К экзамену", "Раз\nдва")
    assert service.create_collection(alice, "т" * 120, "о" * 2000).title == "т" * 120
    for title, description in (("", ""), (" \n", ""), ("т" * 121, ""), ("т", "о" * 2001)):
        with pytest.raises(InvalidInput):
            service.create_collection(alice, title, description)
        with pytest.raises(InvalidInput):
            service.change_collection(alice, collection, title=title, description=description)
    material = add_materials(people, 1)[0]
    service.add_item(alice, collection, material)
    service.write_note(alice, collection, material.id, "н" * 500)
    with pytest.raises(InvalidInput):
        service.write_note(alice, collection, material.id, "н" * 501)


def test_numbers_are_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_COLLECTIONS", 2)
    monkeypatch.setattr(service, "MAX_ITEMS", 2)
    alice, (collection, materials) = person(people, "alice"), add_collection(people, 2)
    with pytest.raises(Conflict):
        service.add_item(alice, collection, make_material(people["maria"], title="Third"))
    assert not service.add_item(alice, collection, materials[0])
    service.create_collection(alice, "Second")
    with pytest.raises(Conflict):
        service.create_collection(alice, "Third")
    assert service.create_collection(person(people, "charlie"), "Another's")


# Order ----------------------------------------------------------------------------------------


def test_items_come_in_the_order_in_which_they_were_added_once(people: People) -> None:
    collection, materials = add_collection(people, 3)
    assert not service.add_item(person(people, "alice"), collection, materials[0])
    assert order_of(people, collection) == [m.id for m in materials]
    assert service.count_items(None, [collection]) == {collection.id: 3}


def test_reordering_takes_places_among_the_named(people: People) -> None:
    collection, materials = add_collection(people, 5)
    a, b, c, d, e = (m.id for m in materials)
    alice = person(people, "alice")
    service.reorder_items(alice, collection, [e, d, c, b, a])
    assert order_of(people, collection) == [e, d, c, b, a]
    # Another window knew of three items only, one of them gone since, and names one twice.
    service.reorder_items(alice, collection, [a, 999_999, c, a, e])
    assert order_of(people, collection) == [a, d, c, b, e]
    service.reorder_items(alice, collection, [])
    assert order_of(people, collection) == [a, d, c, b, e]
    service.remove_item(alice, collection, d)
    assert order_of(people, collection) == [a, c, b, e]
    positions = db.select(CollectionItem.position).order_by(CollectionItem.position)
    assert list(db.session.scalars(positions)) == [1, 2, 3, 4]


def test_moving_steps_over_what_is_hidden(people: People) -> None:
    collection, materials = add_collection(people, 4)
    a, b, c, d = (m.id for m in materials)
    materials[1].status = MaterialStatus.ARCHIVED.value
    db.session.commit()
    alice = person(people, "alice")
    service.move_item(alice, collection, c, -1)
    assert order_of(people, collection) == [c, a, d]
    assert order_of(people, collection, "maria") == [c, b, a, d]
    service.move_item(alice, collection, c, -1)
    service.move_item(alice, collection, d, 1)
    service.move_item(alice, collection, b, 1)
    assert order_of(people, collection, "maria") == [c, b, a, d]
    service.place_item(alice, collection, d, 1)
    service.place_item(alice, collection, c, 500)
    assert order_of(people, collection, "maria") == [d, b, a, c]


def test_what_is_not_published_is_left_out_and_counted_for_the_owner(people: People) -> None:
    collection, materials = add_collection(people, 3, Visibility.PUBLIC)
    own = make_material(people["alice"], MaterialStatus.PENDING, title="Alice's own")
    service.add_item(person(people, "alice"), collection, own)
    materials[0].status = MaterialStatus.REJECTED.value
    db.session.commit()
    seen = {name: set(order_of(people, collection, name)) for name in people}
    published = {materials[1].id, materials[2].id}
    assert seen["charlie"] == published
    assert seen["alice"] == published | {own.id}
    assert seen["maria"] == published | {own.id, materials[0].id}
    assert service.count_hidden(person(people, "alice"), collection) == 1
    assert service.count_items(None, [collection]) == {collection.id: 2}


def test_deleting_keeps_the_materials(people: People) -> None:
    collection, materials = add_collection(people, 2)
    service.delete_collection(person(people, "alice"), collection)
    db.session.commit()
    assert db.session.query(CollectionItem).count() == 0
    assert db.session.get(Material, materials[0].id) is not None
    assert service.list_own_collections(person(people, "alice")) == []
