"""The subject tree on its page."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.catalog.service import list_tree, walk
from edu.extensions import db, search_index
from edu.search.base import SearchRequest
from edu.tree.service import ensure_category
from jobs.search import update_index
from tests.samples import make_material


@pytest.fixture
def ids(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """Maths with two parts, physics; one material in a part, in the index."""
    with app.app_context():
        maths = ensure_category("Maths", aliases=["calc"])
        made = {"maths": maths, "physics": ensure_category("Physics")}
        made |= {name: ensure_category(name.title(), maths) for name in ("series", "limits")}
        db.session.commit()
        make_material(people["alice"], title="Notes", category=made["series"])
        update_index()
        return {name: category.id for name, category in made.items()}


def paths(app: Flask) -> list[str]:
    with app.app_context():
        return [category.path for category in walk(list_tree())]


def finds(app: Flask, text: str) -> int:
    with app.app_context():
        return search_index().search(SearchRequest.of(text)).total


def test_the_tree_is_shown_with_other_names_and_numbers(
    admin: FlaskClient, ids: dict[str, int]
) -> None:
    page = admin.get("/admin/subjects").text
    assert page.index("Maths") < page.index("Series") < page.index("Physics")
    assert ">calc<" in page


def test_a_subject_is_added(admin: FlaskClient, app: Flask, ids: dict[str, int]) -> None:
    form = {"name": "Integrals", "parent": str(ids["maths"]), "aliases": "int, area"}
    assert admin.post("/admin/subjects", data=form).status_code == 303
    assert "maths/integrals" in paths(app)
    again = admin.post("/admin/subjects", data=form)
    assert again.status_code == 422
    assert "There is already one with this name here." in again.text
    assert admin.post("/admin/subjects", data={"name": ""}).status_code == 422
    assert admin.post("/admin/subjects", data={"name": "x", "parent": "999"}).status_code == 422


def test_new_words_reach_search(admin: FlaskClient, app: Flask, ids: dict[str, int]) -> None:
    assert finds(app, "calculus") == 0
    form = {"name": "Calculus", "aliases": "calc, integral", "parent": "", "slug": "maths"}
    assert admin.post(f"/admin/subjects/{ids['maths']}", data=form).status_code == 303
    assert (finds(app, "calculus"), finds(app, "integral"), finds(app, "maths")) == (1, 1, 0)


def test_an_address_changes_on_purpose_only(
    admin: FlaskClient, app: Flask, ids: dict[str, int]
) -> None:
    form = {"name": "Sums", "parent": str(ids["maths"])}
    admin.post(f"/admin/subjects/{ids['series']}", data=form)
    assert "maths/series" in paths(app)
    admin.post(f"/admin/subjects/{ids['series']}", data=form | {"slug": "sums"})
    assert "maths/sums" in paths(app)
    refused = admin.post(f"/admin/subjects/{ids['series']}", data=form | {"slug": "Sums!"})
    assert refused.status_code == 422
    assert "small Latin letters" in refused.text


def test_a_subject_moves_by_the_list_of_places(
    admin: FlaskClient, app: Flask, ids: dict[str, int]
) -> None:
    page = admin.get(f"/admin/subjects/{ids['maths']}").text
    offered = re.findall(r'<option value="(\d+)"', page.partition('name="aliases"')[0])
    assert offered == [str(ids["physics"])]  # not itself, nothing below it
    form = {"name": "Maths", "parent": str(ids["physics"]), "slug": "maths"}
    admin.post(f"/admin/subjects/{ids['maths']}", data=form)
    assert paths(app)[:2] == ["physics", "physics/maths"]


def test_buttons_move_up_and_down(admin: FlaskClient, app: Flask, ids: dict[str, int]) -> None:
    form = {"category": ids["limits"], "step": "-1"}
    assert admin.post("/admin/subjects/place", data=form).status_code == 303
    assert paths(app) == ["maths", "maths/limits", "maths/series", "physics"]


def test_a_drag_is_answered_with_the_tree(
    admin: FlaskClient, app: Flask, ids: dict[str, int]
) -> None:
    drag = {"category": ids["limits"], "parent": ids["physics"], "position": "0"}
    answer = admin.post("/admin/subjects/place", data=drag, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="tree"')
    assert paths(app) == ["maths", "maths/series", "physics", "physics/limits"]


def test_a_drag_that_cannot_be_says_why(
    admin: FlaskClient, app: Flask, ids: dict[str, int]
) -> None:
    drag = {"category": ids["maths"], "parent": ids["series"], "position": "0"}
    answer = admin.post("/admin/subjects/place", data=drag, headers={"HX-Request": "true"})
    assert "A subject cannot lie inside itself." in answer.text
    assert "maths/series" in paths(app)


def test_only_what_is_empty_is_deleted(admin: FlaskClient, app: Flask, ids: dict[str, int]) -> None:
    assert "1 material" in admin.get(f"/admin/subjects/{ids['series']}").text
    page = admin.post(f"/admin/subjects/{ids['series']}/delete", follow_redirects=True).text
    assert "It is not empty: 1 material." in page
    admin.post(f"/admin/subjects/{ids['physics']}/delete")
    assert "physics" not in paths(app)


def test_a_merge_moves_materials_and_search_knows(
    admin: FlaskClient, app: Flask, ids: dict[str, int]
) -> None:
    form = {"target": str(ids["physics"])}
    assert admin.post(f"/admin/subjects/{ids['maths']}/merge", data=form).status_code == 303
    assert paths(app) == ["physics", "physics/series", "physics/limits"]
    assert finds(app, "physics") == 1
    assert finds(app, "maths") == 1  # by its old name, which is another name now
    refused = admin.post(f"/admin/subjects/{ids['physics']}/merge", data=form)
    assert refused.status_code == 303
