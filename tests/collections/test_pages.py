"""Pages of collections, and who gets them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.collections import service
from edu.collections.models import Visibility
from edu.extensions import db
from edu.materials.models import MaterialStatus
from tests.conftest import sign_in
from tests.samples import make_material

People = dict[str, int]
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Made:
    """A collection of Alice's and the ids of the materials in it."""

    app: Flask
    key: str
    ids: list[int]

    @property
    def address(self) -> str:
        return f"/collections/{self.key}"

    def order(self) -> list[int]:
        with self.app.app_context():
            query = db.text(
                "SELECT material_id FROM collection_items JOIN collections ON id = collection_id "
                "WHERE key = :key ORDER BY position"
            )
            return list(db.session.scalars(query, {"key": self.key}))


def add_collection(
    app: Flask, people: People, number: int = 0, visibility: Visibility = Visibility.PRIVATE
) -> Made:
    with app.app_context():
        alice = db.session.get_one(User, people["alice"])
        materials = [make_material(people["maria"], title=f"Material {n}") for n in range(number)]
        collection = service.create_collection(alice, "For the exam", visibility=visibility)
        for material in materials:
            service.add_item(alice, collection, material)
        db.session.commit()
        return Made(app, collection.key, [material.id for material in materials])


@pytest.fixture
def alice(app: Flask, people: People) -> FlaskClient:
    """Alice's browser."""
    return sign_in(app.test_client(), "alice")


def test_a_collection_is_made_filled_and_shown(
    app: Flask, alice: FlaskClient, people: People
) -> None:
    ids = add_collection(app, people, 2).ids
    form = {"title": "К экзамену", "description": "Повторить", "visibility": "private"}
    made = alice.post("/me/collections", data=form)
    address = made.headers["Location"]
    key = address.rsplit("/", 1)[-1]
    for one in ids:
        added = alice.post(f"/materials/{one}/collections", data={"key": key})
        assert added.headers["Location"] == f"/materials/{one}/collections"
    first = ids[0]
    noted = alice.post(f"{address}/items/{first}/note", data={"note": "Начать <здесь>"})
    assert noted.headers["Location"] == f"{address}#item-{first}"
    page = alice.get(address).text
    assert "Начать &lt;здесь&gt;" in page
    assert page.index("Material 0") < page.index("Material 1")
    alice.post(f"{address}/items/{first}/move", data={"direction": "down"})
    page = alice.get(address).text
    assert page.index("Material 1") < page.index("Material 0")
    alice.post(f"{address}/items/{first}/remove")
    assert "Material 0" not in alice.get(address).text
    listed = alice.get("/me/collections").text
    assert "К экзамену" in listed
    assert "1 material" in listed


def test_the_material_page_offers_own_collections(
    app: Flask, alice: FlaskClient, people: People
) -> None:
    made = add_collection(app, people, 1)
    address, key = f"/materials/{made.ids[0]}/collections", made.key
    panel = alice.get(address, headers=HTMX).text
    assert panel.lstrip().startswith('<section id="keep"')
    assert 'aria-pressed="true"' in panel
    panel = alice.post(address, data={"key": key, "action": "remove"}, headers=HTMX).text
    assert 'aria-pressed="true"' not in panel
    panel = alice.post(address, data={"key": key, "action": "add"}, headers=HTMX).text
    assert 'aria-pressed="true"' in panel
    panel = alice.post(address, data={"title": "Second"}, headers=HTMX).text
    assert panel.count('aria-pressed="true"') == 2
    refused = alice.post(address, data={"title": " "}, headers=HTMX)
    assert refused.status_code == 422
    assert "Give the collection a title." in refused.text
    assert alice.post(address, data={"key": "another's"}).status_code == 404
    with app.app_context():
        hidden = make_material(people["maria"], MaterialStatus.PENDING, title="Hidden").id
    assert alice.post(f"/materials/{hidden}/collections", data={"key": key}).status_code == 404


def test_forms_with_mistakes_come_back(app: Flask, alice: FlaskClient, people: People) -> None:
    made = add_collection(app, people)
    bad: list[dict[str, str]] = [
        {"title": "", "visibility": "link"},
        {"title": "т" * 121, "visibility": "link"},
        {"title": "т", "description": "о" * 2001, "visibility": "link"},
        {"title": "т", "visibility": "nobody"},
        {"title": "т"},
    ]
    for form in bad:
        assert alice.post("/me/collections", data=form).status_code == 422
        edited = alice.post(f"{made.address}/edit", data=form)
        assert edited.status_code == 422
    good = {"title": "Renamed", "visibility": "public"}
    assert alice.post(f"{made.address}/edit", data=good).status_code == 303
    assert 'value="Renamed"' in alice.get(f"{made.address}/edit").text
    assert alice.post(f"{made.address}/delete").status_code == 303
    assert alice.get(made.address).status_code == 404


@pytest.mark.parametrize("visibility", Visibility)
def test_charlie_reads_what_he_may_and_changes_nothing(
    app: Flask, people: People, visibility: Visibility
) -> None:
    made = add_collection(app, people, 1, visibility)
    address = made.address
    stranger, charlie = app.test_client(), sign_in(app.test_client(), "charlie")
    private = visibility == Visibility.PRIVATE
    for client in (stranger, charlie):
        page = client.get(address)
        assert page.status_code == (404 if private else 200)
        assert client.get(f"{address}/zip").status_code == (404 if private else 200)
        listed = client.get("/collections").text
        assert (address in listed) == (visibility == Visibility.PUBLIC)
        assert f"{address}/items" not in page.text
    item = f"{address}/items/{made.ids[0]}"
    for path in (
        *(f"{address}/edit", f"{address}/delete", f"{address}/order"),
        *(f"{item}/move", f"{item}/note", f"{item}/remove"),
    ):
        assert charlie.post(path).status_code == (404 if private else 403), path
        assert stranger.post(path).headers["Location"].startswith("/login")
    assert charlie.get(f"{address}/edit").status_code == (404 if private else 403)
    added = charlie.post(f"/materials/{made.ids[0]}/collections", data={"key": made.key})
    assert added.status_code == (404 if private else 403)
    assert made.order() == made.ids


def test_the_whole_order_is_sent_by_the_drag(
    app: Flask, alice: FlaskClient, people: People
) -> None:
    made = add_collection(app, people, 3)
    a, b, c = made.ids
    address = made.address
    sent = alice.post(f"{address}/order", data={"item": [c, a, b, "x", "9" * 40]})
    assert sent.status_code == 204
    assert made.order() == [c, a, b]
    moved = alice.post(f"{address}/items/{b}/move", data={"direction": "up"}, headers=HTMX)
    assert moved.text.lstrip().startswith('<div id="items"')
    assert made.order() == [c, b, a]
    note = {"note": "x"}
    assert alice.post(f"{address}/items/{2**70}/note", data=note).status_code == 404
    assert alice.post(f"{address}/items/{2**70}/remove").status_code == 303
    assert alice.post(f"{address}/items/{2**70}/move").status_code == 303


def test_a_long_collection_comes_in_pages(
    app: Flask, alice: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.list_items, "__defaults__", (1, 2))
    made = add_collection(app, people, 3)
    address = made.address
    assert "Material 2" not in alice.get(address).text
    assert "Material 2" in alice.get(f"{address}?page=2").text
    remove = f"{address}/items/{made.ids[2]}/remove"
    assert "Material 0" in alice.post(remove, data={"page": "2"}, headers=HTMX).text
