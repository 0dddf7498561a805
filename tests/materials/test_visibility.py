"""Who sees what: the page, the bytes, the picture and the progress of a material."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.materials.models import MaterialStatus
from tests.conftest import sign_in
from tests.samples import make_material

ADDRESSES = ("", "/file", "/thumbnail", "/status")
HIDDEN = [status for status in MaterialStatus if status != MaterialStatus.ACTIVE]


@pytest.fixture
def visitors(app: Flask, people: dict[str, int]) -> dict[str, FlaskClient]:
    """A stranger's browser, and one for each of the three."""
    browsers = {name: sign_in(app.test_client(), name) for name in people}
    return {"stranger": app.test_client(), **browsers}


def codes(client: FlaskClient, material_id: int) -> set[int]:
    return {client.get(f"/materials/{material_id}{part}").status_code for part in ADDRESSES}


@pytest.mark.parametrize("status", HIDDEN)
def test_what_is_not_published_is_its_uploaders_and_the_moderators(
    app: Flask,
    people: dict[str, int],
    visitors: dict[str, FlaskClient],
    status: MaterialStatus,
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], status, title="Not for all").id
    for name in ("stranger", "charlie"):
        assert codes(visitors[name], material_id) == {404}, name
        for part in ("retry", "rate"):
            response = visitors[name].post(f"/materials/{material_id}/{part}", data={"stars": 5})
            expected = 303 if (name, part) == ("stranger", "rate") else 404
            assert response.status_code == expected, (name, part)
    for name in ("alice", "maria"):
        assert codes(visitors[name], material_id) == {200}, name


def test_what_is_published_is_everybodys(
    app: Flask, people: dict[str, int], visitors: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"]).id
    for name, client in visitors.items():
        assert codes(client, material_id) == {200}, name


def test_an_answer_does_not_tell_hidden_from_missing(
    app: Flask, people: dict[str, int], visitors: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.PENDING).id
    for part, client in itertools.product(ADDRESSES, (visitors["stranger"], visitors["charlie"])):
        headers = {"HX-Request": "true"}  # the fragment holds no token that would differ
        hidden = client.get(f"/materials/{material_id}{part}", headers=headers)
        missing = client.get(f"/materials/{material_id + 1}{part}", headers=headers)
        assert hidden.text == missing.text


@pytest.mark.parametrize("number", ["0", "99", "2147483648", "9" * 40])
def test_numbers_without_a_material_are_not_found(any_app: Flask, number: str) -> None:
    client = any_app.test_client()
    assert {client.get(f"/materials/{number}{part}").status_code for part in ADDRESSES} == {404}


def test_hidden_materials_are_on_no_list(
    app: Flask, people: dict[str, int], visitors: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        for status in HIDDEN:
            make_material(people["alice"], status, title=f"Hidden {status}", tags=("тайна",))
    for path in ("/", "/subjects/matan", "/search", "/search?q=hidden"):
        assert "Hidden" not in visitors["charlie"].get(path).text, path


def test_only_failed_materials_are_tried_again(
    app: Flask, people: dict[str, int], visitors: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.PENDING).id
    assert visitors["alice"].post(f"/materials/{material_id}/retry").status_code == 403
