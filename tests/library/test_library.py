"""A person's own uploads."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.extensions import db
from edu.library import service
from edu.materials.models import MaterialStatus
from tests.conftest import make_people, sign_in
from tests.samples import make_material


def test_the_own_uploads_are_listed_in_every_state(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        ids = [
            make_material(people["alice"], status, title=f"Own {status}").id
            for status in MaterialStatus
        ]
        make_material(people["charlie"], title="Other")
        page = service.list_uploads(db.session.get_one(User, people["alice"]), 1)
        deleted = ids.pop()  # has the trash for a list
        assert [material.id for material in page.items] == ids[::-1]
        only = MaterialStatus.ARCHIVED
        page = service.list_uploads(db.session.get_one(User, people["alice"]), 1, only)
        assert [material.id for material in page.items] == [deleted]


def test_the_page_needs_a_person(client: FlaskClient) -> None:
    assert client.get("/me/uploads").headers["Location"] == "/login?next=/me/uploads"


def test_the_page_shows_each_state(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    with app.app_context():
        for status in MaterialStatus:
            make_material(people["alice"], status, title=f"Own {status}")
        make_material(people["charlie"], title="Other")
    page = sign_in(client, "alice").get("/me/uploads").text
    for status in set(MaterialStatus) - {MaterialStatus.ARCHIVED}:
        assert f"Own {status}" in page
    assert "Own archived" not in page
    assert "Other" not in page


def test_many_uploads_come_in_pages(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        for n in range(21):
            make_material(people["alice"], title=f"Number {n:02}")
    sign_in(client, "alice")
    assert "Number 00" not in client.get("/me/uploads").text
    assert "Number 00" in client.get("/me/uploads?page=2").text
    assert client.get("/me/uploads?page=x").status_code == 200


def test_uploads_can_be_narrowed_to_a_state(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        for status, number in ((MaterialStatus.FAILED, 2), (MaterialStatus.ACTIVE, 3)):
            for n in range(number):
                make_material(people["alice"], status, title=f"{status} {n}")
        make_material(people["charlie"], MaterialStatus.PENDING, title="Other")
        alice = db.session.get_one(User, people["alice"])
        assert service.count_uploads(alice) == {"failed": 2, "active": 3}
        page = service.list_uploads(alice, 1, MaterialStatus.FAILED)
        assert {material.title for material in page.items} == {"failed 0", "failed 1"}
    client = sign_in(any_app.test_client(), "alice")
    shown = client.get("/me/uploads?status=failed").text
    assert "failed 1" in shown
    assert "active 1" not in shown
    assert 'href="/me/uploads?status=active"' in shown
    assert "Nothing in this state" in client.get("/me/uploads?status=rejected").text
    assert "active 1" in client.get("/me/uploads?status=nonsense").text


def test_an_empty_list_says_so(client: FlaskClient, people: dict[str, int]) -> None:
    response = sign_in(client, "alice").get("/me/uploads")
    assert response.status_code == 200
    assert "/upload" in response.text


def test_the_page_says_why_something_failed_or_came_back(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        make_material(people["alice"], MaterialStatus.FAILED, error="encrypted")
        make_material(people["alice"], MaterialStatus.REJECTED, reject_reason="One.\n\nTwo.")
    page = sign_in(client, "alice").get("/me/uploads").text
    assert "The file is protected by a password." in page
    assert "Reason: One.\n\nTwo." in page
