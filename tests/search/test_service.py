"""Database and index: what changes reaches the index, and what must not be found is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from edu.errors import InvalidInput, Unavailable
from edu.extensions import db, search_index, settings, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.search import indexing, ranking, service
from edu.search.base import IndexBusy, IndexDocument, IndexUnavailable
from edu.search.forms import read_input
from edu.search.service import SearchInput
from edu.site import paging
from edu.site.paging import Listing
from edu.tree.service import ensure_category
from jobs.search import update_index
from tests.conftest import make_people
from tests.samples import get_material, make_category, make_material


def found(text: str = "", **filters: Any) -> list[str]:
    """Titles, best first."""
    answer = service.find_materials(SearchInput(text=text, **filters))
    return [hit.material.title for hit in answer.items]


def wrap_update(monkeypatch: pytest.MonkeyPatch, before: Any) -> None:
    """Do something at the moment when the index is about to be written."""
    original = search_index().update

    def watched(upserts: Iterable[IndexDocument], deletes: Iterable[int]) -> None:
        before()
        original(upserts, deletes)

    monkeypatch.setattr(search_index(), "update", watched)


# Following the database -----------------------------------------------------------------------


def test_what_is_published_becomes_findable(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"], title="Ряды Фурье", text="тригонометрический")
        assert indexing.has_pending()
        assert found("тригонометрические") == []
        update_index()
        assert not indexing.has_pending()
        assert get_material(material.id).indexed_revision == material.revision
        hit = service.find_materials(SearchInput(text="тригонометрические")).items[0]
        assert hit.material.id == material.id
        assert [(place.number, place.kind) for place in hit.places] == [(1, "page")]
        assert ("тригонометрический", True) in hit.places[0].pieces


def test_a_change_is_followed(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"], title="Ряды")
        update_index()
        material = get_material(material.id)
        material.title = "Пределы"
        material.touch()
        db.session.commit()
        update_index()
        assert found("ряды") == []
        assert found("пределы") == ["Пределы"]


@pytest.mark.parametrize("status", [s for s in MaterialStatus if s != MaterialStatus.ACTIVE])
def test_what_is_not_published_any_more_vanishes(any_app: Flask, status: MaterialStatus) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"], title="Ряды").id
        update_index()
        get_material(material_id).status = status.value
        db.session.commit()
        # At once, while the index still has it: the database has the last word.
        assert found("ряды") == []
        assert search_index().ids() == {material_id}
        update_index()
        assert search_index().ids() == set()
        assert not indexing.has_pending()


def test_what_was_never_published_never_enters(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        for status in MaterialStatus:
            if status != MaterialStatus.ACTIVE:
                make_material(people["alice"], status)
        assert not indexing.has_pending()
        update_index()
        assert search_index().ids() == set()


def test_a_change_while_the_index_is_written_stays_pending(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"], title="Ряды").id

        def change() -> None:
            with Session(db.engine) as other:
                material = other.get_one(Material, material_id)
                material.title = "Пределы"
                material.touch()
                other.commit()

        with monkeypatch.context() as patch:
            wrap_update(patch, change)
            assert indexing.index_pending()
            db.session.commit()
        assert indexing.has_pending()
        update_index()
        assert found("пределы") == ["Пределы"]


def test_a_rejection_while_the_index_is_written_stays_pending(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"]).id

        def reject() -> None:
            with Session(db.engine) as other:
                other.get_one(Material, material_id).status = MaterialStatus.ARCHIVED.value
                other.commit()

        with monkeypatch.context() as patch:
            wrap_update(patch, reject)
            indexing.index_pending()
            db.session.commit()
        assert indexing.has_pending()
        update_index()
        assert search_index().ids() == set()


def test_a_return_while_it_is_taken_out_stays_pending(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"]).id
        update_index()
        get_material(material_id).status = MaterialStatus.ARCHIVED.value
        db.session.commit()

        def bring_back() -> None:
            with Session(db.engine) as other:
                other.get_one(Material, material_id).status = MaterialStatus.ACTIVE.value
                other.commit()

        with monkeypatch.context() as patch:
            wrap_update(patch, bring_back)
            indexing.index_pending()
            db.session.commit()
        update_index()
        assert search_index().ids() == {material_id}


def test_two_changes_at_the_same_moment_are_two_revisions(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"])
        before = material.revision
        with Session(db.engine) as other:
            other.get_one(Material, material.id).touch()
            other.commit()
        material.touch()
        db.session.commit()
        assert get_material(material.id).revision == before + 2


def test_many_changes_come_in_batches(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "BATCH", 2)
    people = make_people(any_app)
    with any_app.app_context():
        ids = {make_material(people["alice"], title=f"M{n}").id for n in range(5)}
        update_index()
        assert search_index().ids() == ids


def test_a_busy_index_is_left_to_its_writer(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        make_material(people["alice"])

        def busy() -> None:
            raise IndexBusy("another writes")

        with monkeypatch.context() as patch:
            wrap_update(patch, busy)
            update_index()
        assert indexing.has_pending()
        update_index()
        assert not indexing.has_pending()


def test_a_damaged_index_is_built_anew(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        first = make_material(people["alice"], title="First").id
        update_index()
        second = make_material(people["alice"], title="Second").id

        def damaged() -> None:
            raise IndexUnavailable("gone")

        wrap_update(monkeypatch, damaged)
        update_index()
        assert search_index().ids() == {first, second}
        assert not indexing.has_pending()


# Rebuilding and comparing ---------------------------------------------------------------------


def test_rebuilding_takes_the_database_as_it_is(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        kept = make_material(people["alice"], title="Kept").id
        gone = make_material(people["alice"], title="Gone").id
        update_index()
        get_material(gone).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
        assert indexing.rebuild_index() == 1
        db.session.commit()
        assert search_index().ids() == {kept}
        assert not indexing.has_pending()
        assert found("kept") == ["Kept"]


def test_an_empty_library_is_rebuilt_too(any_app: Flask) -> None:
    with any_app.app_context():
        assert indexing.rebuild_index() == 0


def test_comparing_names_what_differs(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        indexed = make_material(people["alice"], title="Indexed").id
        update_index()
        missing = make_material(people["alice"], title="Missing").id
        db.session.execute(update(Material).where(Material.id == indexed).values(status="archived"))
        db.session.commit()
        assert indexing.compare_index() == indexing.IndexDifference([missing], [indexed], [])


def test_the_commands_check_and_rebuild(app: Flask, people: dict[str, int]) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        material_id = make_material(people["alice"]).id
    result = runner.invoke(args=["search", "check"])
    missing = f"missing: {material_id}\nsurplus: none\noutdated: none\n"
    assert (result.exit_code, result.output) == (1, missing)
    result = runner.invoke(args=["search", "rebuild"])
    assert (result.exit_code, result.output) == (0, "1 materials indexed\n")
    result = runner.invoke(args=["search", "check"])
    assert (result.exit_code, result.output) == (0, AGREES)


AGREES = "missing: none\nsurplus: none\noutdated: none\n"


def test_the_command_repairs_what_differs(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        gone, changed, missing = (
            make_material(people["alice"], title=f"M{n}").id for n in range(3)
        )
        update_index()
        search_index().update([], [missing])
        db.session.delete(get_material(gone))
        get_material(changed).touch()
        db.session.commit()
        revision = get_material(changed).revision
    runner = any_app.test_cli_runner()
    result = runner.invoke(args=["search", "check"])
    assert result.exit_code == 1
    assert result.output == f"missing: {missing}\nsurplus: {gone}\noutdated: {changed}\n"
    result = runner.invoke(args=["search", "check", "--fix"])
    assert (result.exit_code, result.output) == (0, AGREES)
    with any_app.app_context():
        assert search_index().revisions()[changed] == revision
        assert not indexing.has_pending()


def test_the_command_makes_a_broken_index_anew(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        make_material(people["alice"])
        (settings().data_dir / "index" / "current").write_text("nonsense")
    runner = app.test_cli_runner()
    result = runner.invoke(args=["search", "check"])
    assert result.exit_code == 1
    assert "run `flask search check --fix`" in result.output
    result = runner.invoke(args=["search", "check", "--fix"])
    assert result.exit_code == 0
    assert result.output.endswith(AGREES)


# Asking ---------------------------------------------------------------------------------------


def test_filters_narrow(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        root = make_category()
        series = ensure_category("Ряды", root)
        physics = ensure_category("Физика")
        now = utcnow()
        rated: dict[str, Any] = {"rating_mean": 4.5, "rating_votes": 2}
        make_material(people["alice"], title="A", category=series, type="lecture", **rated)
        old: dict[str, Any] = {
            "published_at": now - timedelta(days=40),
            "created_at": now - timedelta(days=40),
        }
        make_material(people["alice"], title="B", category=physics, type="exam", **old)
        update_index()
        assert found(category=root) == ["A"]
        assert found(category=physics) == ["B"]
        assert found(type="exam") == ["B"]
        assert found(rating_gte=4.0) == ["A"]
        assert found(uploaded_after=now.date() - timedelta(days=1)) == ["A"]
        assert found(uploaded_before=now.date() - timedelta(days=30)) == ["B"]
        today: dict[str, Any] = {"uploaded_after": now.date(), "uploaded_before": now.date()}
        assert found(**today) == ["A"]


def test_a_missing_index_is_a_sentence(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_request: Any) -> None:
        raise IndexUnavailable("gone")

    monkeypatch.setattr(app.extensions["edu.index"], "search", gone)
    with app.app_context(), pytest.raises(Unavailable):
        service.find_materials(SearchInput(text="ряды"))
    response = app.test_client().get("/search?q=ряды")
    assert response.status_code == 503
    assert "Search does not work just now." in response.text


NONSENSE = {
    "category": "nothing",
    "type": "novel",
    "rating_gte": "nan",
    "uploaded_after": "yesterday",
    "uploaded_before": "2026-02-30",
    "sort": "random",
    "page": "0",
    "per_page": "1000",
}


def test_a_page_leaves_out_what_makes_no_sense(app: Flask) -> None:
    with app.app_context():
        wanted = read_input(MultiDict({**NONSENSE, "q": " ряды "}), strict=False)
        assert wanted == SearchInput(text="ряды")
    assert app.test_client().get("/search", query_string=NONSENSE).status_code == 200


@pytest.mark.parametrize("name", NONSENSE)
def test_a_program_is_told_what_makes_no_sense(app: Flask, name: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as caught:
        read_input(MultiDict({name: NONSENSE[name]}), strict=True)
    assert caught.value.details == {"field": name}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["uploaded_after", "uploaded_before"])
def test_the_ends_of_the_calendar_break_nothing(app: Flask, name: str, day: str) -> None:
    assert app.test_client().get(f"/search?{name}={day}").status_code == 200


@pytest.mark.parametrize("page", ["1.5", "1e2", "500", "inf", "-1"])
def test_odd_pages_break_nothing(app: Flask, page: str) -> None:
    assert app.test_client().get(f"/search?page={page}&q=x").status_code == 200


def read_pages(client: FlaskClient, text: str, sort: str) -> tuple[int, list[list[int]]]:
    """The total, and the ids of each promised page, of the API and the site alike."""
    asked = {"sort": sort, "per_page": 5}
    shown: list[list[int]] = []
    total, promised = 0, 1
    while len(shown) < promised:
        page = asked | {"page": len(shown) + 1}
        answer = client.get("/api/materials", query_string=page | {"search": text}).json
        assert answer is not None
        shown.append([item["id"] for item in answer["items"]])
        total, promised = answer["total"], answer["pages"]
        html = client.get("/search", query_string=page | {"q": text}).text
        assert re.findall(r'<h\d[^>]*><a href="/materials/(\d+)', html) == [*map(str, shown[-1])]
    assert not re.search(rf"[?;]page={promised + 1}\b", html)
    page = asked | {"page": promised + 1, "search": text}
    beyond = client.get("/api/materials", query_string=page).json
    assert beyond is not None
    assert beyond["items"] == []
    return total, shown


@pytest.mark.parametrize("deepest", [12, 99])
def test_every_promised_page_shows_what_no_other_does(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch, deepest: int
) -> None:
    for module in (service, ranking):
        monkeypatch.setattr(module, "DEEPEST", deepest)
    people = make_people(any_app)
    with any_app.app_context():
        for number in range(17):
            make_material(people["alice"], title=f"Ряды {number}", text="сумма " * (number % 7))
        update_index()
    for text in ("ряды", "ряды сумма", ""):
        for sort in service.SORTS:
            total, shown = read_pages(any_app.test_client(), text, sort)
            ids = [number for page in shown for number in page]
            assert min(total, deepest) <= len(ids) == len(set(ids)) <= total
            assert all(shown)


def test_no_page_is_promised_that_is_refused(app: Flask) -> None:
    with app.app_context():
        found = service.find_materials(SearchInput(per_page=1))
        many = replace(found, total=10**6)
        assert (many.pages, replace(many, per_page=100).pages) == (service.MAX_PAGE, 100)
        assert Listing([], 10**6, 1, 1).pages == paging.MAX_PAGE
    client = app.test_client()
    assert client.get(f"/api/materials?page={service.MAX_PAGE}").status_code == 200
    assert client.get(f"/api/materials?page={service.MAX_PAGE + 1}").status_code == 422


def test_results_come_in_pages_with_an_address(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        assert settings().per_page == 20
        for n in range(21):
            make_material(people["alice"], title=f"Ряды {n:02}")
        update_index()
    page = app.test_client().get("/search?q=ряды&type=lecture&page=2").text
    assert "21 materials" in page
    assert page.count('class="row') == 1 or page.count("<article") == 1
    assert "type=lecture" in page
