"""Edits: who may, what follows, and what happens when two edit at once."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from edu.accounts.models import User
from edu.catalog.models import Category
from edu.errors import Conflict, Forbidden
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import MaterialData
from edu.search.indexing import to_document
from edu.search.service import SearchInput, find_materials
from edu.versions import service
from tests.conftest import make_people
from tests.samples import get_material, make_category, make_material, upload_form

FRAGMENT = {"HX-Request": "true"}
UNPUBLISHED = [
    MaterialStatus.PROCESSING,
    MaterialStatus.FAILED,
    MaterialStatus.PENDING,
    MaterialStatus.REJECTED,
]
PUBLISHED = [MaterialStatus.ACTIVE, MaterialStatus.ARCHIVED]


def form_of(client: FlaskClient, material_id: int) -> dict[str, str]:
    """The fields of the edit page as it comes."""
    page = client.get(f"/materials/{material_id}/edit").text
    edition = re.search(r'name="edition"[^>]*value="(\w+)"', page)
    title = re.search(r'name="title"[^>]*value="([^"]+)"', page)
    category = re.search(r'<option selected value="(\d+)"', page)
    assert edition
    assert title
    assert category
    return {
        "edition": edition[1],
        "title": html.unescape(title[1]),
        "category": category[1],
        "type": "lecture",
        "tags": "",
        "description": "",
    }


def edit(client: FlaskClient, material_id: int, **changes: Any) -> Any:
    form = form_of(client, material_id) | changes
    return client.post(f"/materials/{material_id}/edit", data=form)


# Who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", MaterialStatus)
def test_uploaders_edit_until_it_is_published(
    app: Flask, alice: FlaskClient, own: dict[str, int], status: MaterialStatus
) -> None:
    material_id = own[status]
    link = f'href="/materials/{material_id}/edit"'
    page = alice.get(f"/materials/{material_id}").text
    sent = {**upload_form(0), "category": "1", "title": "Новое"}
    answer = alice.post(f"/materials/{material_id}/edit", data=sent)
    if status in PUBLISHED:
        assert link not in page
        assert alice.get(f"/materials/{material_id}/edit").status_code == 403
        assert answer.status_code == 403
    else:
        assert link in page
        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            f"/materials/{material_id}",
        )
    with app.app_context():
        assert (get_material(material_id).title == "Новое") == (status not in PUBLISHED)


@pytest.mark.parametrize("status", MaterialStatus)
def test_moderators_of_the_subject_edit_all_but_the_deleted(
    app: Flask, maria: FlaskClient, own: dict[str, int], status: MaterialStatus
) -> None:
    if status == MaterialStatus.ARCHIVED:
        sent = {**upload_form(0), "category": "1", "title": "Новое"}
        answer = maria.post(f"/materials/{own[status]}/edit", data=sent)
        assert answer.status_code == 403
        assert "in the trash" in answer.text
        return
    assert edit(maria, own[status], title="Новое").status_code == 303
    with app.app_context():
        assert get_material(own[status]).title == "Новое"


def test_nobody_else_edits(
    app: Flask,
    client: FlaskClient,
    charlie: FlaskClient,
    maria: FlaskClient,
    own: dict[str, int],
    people: dict[str, int],
    subjects: dict[str, int],
) -> None:
    with app.app_context():
        physics = db.session.get_one(Category, subjects["physics"])
        elsewhere = make_material(people["alice"], title="Elsewhere", category=physics).id
        hidden = make_material(
            people["alice"], MaterialStatus.PENDING, title="Hidden", category=physics
        ).id
    for method in (FlaskClient.get, FlaskClient.post):
        address = f"/materials/{own['active']}/edit"
        assert method(client, address).headers["Location"].startswith("/login")
        assert method(charlie, address).status_code == 403
        assert method(charlie, f"/materials/{own['pending']}/edit").status_code == 404
        assert method(maria, f"/materials/{elsewhere}/edit").status_code == 403
        assert method(maria, f"/materials/{hidden}/edit").status_code == 404
        assert method(maria, f"/materials/{2**31}/edit").status_code == 404


def test_what_was_published_stays_the_moderators_while_it_is_offline(
    app: Flask, alice: FlaskClient, own: dict[str, int]
) -> None:
    for name in ("processing", "failed"):
        with app.app_context():
            material = get_material(own[name])
            material.published_at = material.created_at
            db.session.commit()
        assert alice.get(f"/materials/{own[name]}/edit").status_code == 403
        assert alice.get(f"/materials/{own[name]}/replace").status_code == 403


# What -----------------------------------------------------------------------------------------


def test_an_edit_changes_everything_that_is_said(
    app: Flask, alice: FlaskClient, own: dict[str, int], subjects: dict[str, int]
) -> None:
    changes = {
        "title": "  Числовые   ряды ",
        "description": "Второй семестр",
        "tags": "Пределы, ряды",
        "type": "notes",
        "category": str(subjects["physics"]),
    }
    assert edit(alice, own["pending"], **changes).status_code == 303
    with app.app_context():
        material = get_material(own["pending"])
        assert (material.title, material.description) == ("Числовые ряды", "Второй семестр")
        assert [tag.name for tag in material.tags] == ["пределы", "ряды"]
        assert (material.type, material.category_id) == ("notes", subjects["physics"])
        assert material.status == MaterialStatus.PENDING
    again = form_of(alice, own["pending"])
    assert again["category"] == str(subjects["physics"])
    page = alice.get(f"/materials/{own['pending']}/edit").text
    assert 'value="пределы, ряды"' in page
    assert "Второй семестр</textarea>" in page


STUDIED = {"semester": "4", "year": "2024", "language": "en"}


def studied(app: Flask, material_id: int) -> tuple[int | None, int | None, str]:
    with app.app_context():
        material = get_material(material_id)
        return material.semester, material.year, material.language


def test_an_edit_says_when_it_is_studied_and_corrects_the_language(
    app: Flask, alice: FlaskClient, own: dict[str, int]
) -> None:
    assert edit(alice, own["pending"], **STUDIED).status_code == 303
    assert studied(app, own["pending"]) == (4, 2024, "en")
    page = alice.get(f"/materials/{own['pending']}/edit").text
    for choice in ('value="4">4', 'value="2024">2024/25', 'value="en">English'):
        assert f"<option selected {choice}</option>" in page
    alice.set_cookie("lang", "ru")
    assert ">Английский</option>" in alice.get(f"/materials/{own['pending']}/edit").text
    assert edit(alice, own["pending"], semester="", year="", language="ru").status_code == 303
    assert studied(app, own["pending"]) == (None, None, "ru")


def test_a_language_left_to_the_text_is_found_in_it(
    app: Flask, alice: FlaskClient, maria: FlaskClient, own: dict[str, int]
) -> None:
    for name in ("pending", "processing"):
        edit(maria, own[name], language="en")
        assert edit(maria, own[name], title="Ряды Фурье", language="").status_code == 303
    assert studied(app, own["pending"])[2] == "ru"
    # Its text is not there yet: processing tells.
    assert studied(app, own["processing"])[2] == ""


@pytest.mark.parametrize(
    ("field", "value"), [("semester", "13"), ("year", "1"), ("language", "de")]
)
def test_what_is_no_semester_year_or_language_is_refused(
    app: Flask, alice: FlaskClient, own: dict[str, int], field: str, value: str
) -> None:
    answer = edit(alice, own["pending"], **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text


def test_search_learns_when_it_is_studied(
    app: Flask, maria: FlaskClient, own: dict[str, int]
) -> None:
    edit(maria, own["active"], **STUDIED)
    with app.app_context():
        material = get_material(own["active"])
        document = to_document(material)
        assert (document.semester, document.year, document.language) == (4, 2024, "en")
        assert document.revision == material.revision == material.indexed_revision


def test_what_was_sent_back_waits_again(
    app: Flask, alice: FlaskClient, maria: FlaskClient, own: dict[str, int]
) -> None:
    page = alice.get(f"/materials/{own['rejected']}/edit").text
    assert "Скан нечёткий" in page
    assert edit(alice, own["rejected"], title="Чётко").status_code == 303
    with app.app_context():
        assert get_material(own["rejected"]).status == MaterialStatus.PENDING
    queue = maria.get("/moderation").text
    assert "Чётко" in queue
    assert "Declined before: Скан нечёткий" in queue


def test_other_states_stay_as_they_are(app: Flask, maria: FlaskClient, own: dict[str, int]) -> None:
    for status in set(MaterialStatus) - {MaterialStatus.REJECTED, MaterialStatus.ARCHIVED}:
        edit(maria, own[status], title="Новое")
        with app.app_context():
            assert get_material(own[status]).status == status


def test_search_learns_of_an_edit(app: Flask, maria: FlaskClient, own: dict[str, int]) -> None:
    edit(maria, own["active"], title="Интеграл Лебега")
    with app.app_context():
        hits = find_materials(SearchInput(text="лебег")).items
        assert [hit.material.id for hit in hits] == [own["active"]]


def test_what_is_published_is_not_moved_to_others(
    app: Flask, maria: FlaskClient, own: dict[str, int], subjects: dict[str, int]
) -> None:
    assert edit(maria, own["active"], category=str(subjects["part"])).status_code == 303
    answer = edit(maria, own["active"], category=str(subjects["physics"]), title="Моё")
    assert answer.status_code == 403
    assert "You do not moderate the subject that you have chosen." in answer.text
    assert 'value="Моё"' in answer.text
    with app.app_context():
        assert get_material(own["active"]).category_id == subjects["part"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "Give the material a title."),
        ("category", "999", "This subject does not exist any more."),
        ("type", "novel", "Not a valid choice"),
    ],
)
def test_a_refused_field_says_why(
    app: Flask, alice: FlaskClient, own: dict[str, int], field: str, value: str, sentence: str
) -> None:
    answer = edit(alice, own["pending"], **{"description": "Моё", field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Моё</textarea>" in answer.text


# Two at once ----------------------------------------------------------------------------------


def test_of_two_edits_the_second_is_asked_again(
    app: Flask, alice: FlaskClient, maria: FlaskClient, own: dict[str, int]
) -> None:
    first, second = form_of(alice, own["pending"]), form_of(maria, own["pending"])
    address = f"/materials/{own['pending']}/edit"
    assert alice.post(address, data=first | {"title": "Алисы"}).status_code == 303
    answer = maria.post(address, data=second | {"title": "Марии", "tags": "ряды"})
    assert answer.status_code == 409
    assert "Somebody has changed this material since you opened it." in answer.text
    assert 'value="Марии"' in answer.text
    with app.app_context():
        assert get_material(own["pending"]).title == "Алисы"
    # The form that came back knows what it overwrites.
    edition = re.search(r'name="edition"[^>]*value="(\w+)"', answer.text)
    assert edition
    again = second | {"title": "Марии", "edition": edition[1]}
    assert maria.post(address, data=again).status_code == 303
    with app.app_context():
        assert get_material(own["pending"]).title == "Марии"


@pytest.mark.parametrize("change", [{"semester": "2"}, {"year": "2020"}, {"language": "ru"}])
def test_each_of_these_is_an_edit(
    alice: FlaskClient, maria: FlaskClient, own: dict[str, int], change: dict[str, str]
) -> None:
    edit(alice, own["pending"], **STUDIED)
    address = f"/materials/{own['pending']}/edit"
    seen = form_of(maria, own["pending"])
    assert edit(alice, own["pending"], **STUDIED | change).status_code == 303
    assert maria.post(address, data=seen | STUDIED).status_code == 409


def test_a_language_that_was_found_meanwhile_is_no_edit(
    app: Flask, alice: FlaskClient, own: dict[str, int]
) -> None:
    seen = form_of(alice, own["pending"])
    with app.app_context():
        get_material(own["pending"]).language = "ru"
        db.session.commit()
    address = f"/materials/{own['pending']}/edit"
    assert alice.post(address, data=seen | {"title": "Ряды"}).status_code == 303


def test_votes_and_views_are_no_edits(
    app: Flask, charlie: FlaskClient, maria: FlaskClient, own: dict[str, int]
) -> None:
    form = form_of(maria, own["active"])
    charlie.get(f"/materials/{own['active']}")
    charlie.post(f"/materials/{own['active']}/rate", data={"stars": 5})
    answer = maria.post(f"/materials/{own['active']}/edit", data=form | {"title": "Новое"})
    assert answer.status_code == 303


def test_htmx_gets_the_form_again(maria: FlaskClient, own: dict[str, int]) -> None:
    form = form_of(maria, own["pending"]) | {"edition": "older"}
    answer = maria.post(f"/materials/{own['pending']}/edit", data=form, headers=FRAGMENT)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<form id="edit-form"')


def test_an_edit_sees_what_others_have_committed(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"], MaterialStatus.PENDING)
        alice = db.session.get_one(User, people["alice"])
        edition = material.edition
        data = MaterialData("Моё", "", [], "lecture", make_category())
        with Session(db.engine) as other:
            other.get_one(Material, material.id).title = "Чужое"
            other.commit()
        with pytest.raises(Conflict):
            service.edit_material(alice, material, data, edition=edition)
        db.session.rollback()
        # Approved meanwhile: it is not Alice's to edit any more, whatever her page says.
        with Session(db.engine) as other:
            approved = other.get_one(Material, material.id)
            approved.status, approved.published_at = "active", approved.created_at
            other.commit()
        with pytest.raises(Forbidden):
            service.edit_material(alice, material, data)
