"""The subject tree: keeping it, finding in it, showing it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from edu.catalog import service
from edu.catalog.models import Category, MaterialType
from edu.errors import NotFound
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.tree.service import ensure_category
from tests.samples import make_material


def make_tree() -> tuple[Category, Category, Category]:
    """Mathematics → series → Fourier series, committed."""
    root = ensure_category("Математический анализ", slug="matan", aliases=["Матан", "мат анализ"])
    series = ensure_category("Ряды", root)
    fourier = ensure_category("Ряды Фурье", series)
    db.session.commit()
    return root, series, fourier


def test_a_category_knows_its_way(any_app: Flask) -> None:
    with any_app.app_context():
        _root, _series, fourier = make_tree()
        assert fourier.path == "matan/ryady/ryady-fure"
        assert fourier.full_name == "Математический анализ › Ряды › Ряды Фурье"


def test_each_category_has_its_names_together(any_app: Flask) -> None:
    with any_app.app_context():
        make_tree()
        assert set(service.list_name_groups()) == {
            ("Математический анализ", "матан", "мат анализ"),
            ("Ряды",),
            ("Ряды Фурье",),
        }


def test_a_category_made_while_names_are_read_is_left_for_next_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        make_tree()
        original, queries = db.session.execute, list[object]()

        def execute(*given: Any, **options: Any) -> Any:
            queries.append(given)
            if len(queries) == 2:
                ensure_category("Физика", aliases=["физра"])
            return original(*given, **options)

        with monkeypatch.context() as patch:
            patch.setattr(db.session, "execute", execute)
            assert len(service.list_name_groups()) == 3
        assert ("Физика", "физра") in service.list_name_groups()


@pytest.mark.parametrize("parent", ["root", "below"])
def test_siblings_have_different_slugs(any_app: Flask, parent: str) -> None:
    with any_app.app_context():
        root, _series, _fourier = make_tree()
        twin = Category(name="Twin", slug="matan" if parent == "root" else "ryady")
        twin.parent = None if parent == "root" else root
        db.session.add(twin)
        with pytest.raises(IntegrityError):
            db.session.flush()


def test_a_category_is_found_by_path_and_by_number(any_app: Flask) -> None:
    with any_app.app_context():
        root, series, fourier = make_tree()
        assert service.find_category("matan") is root
        assert service.find_category("/matan/ryady/") is series
        assert service.find_category(f" {fourier.id} ") is fourier
        assert service.get_category(root.id) is root


@pytest.mark.parametrize(
    "reference",
    ["", "/", "ryady", "matan/nothing", "matan//ryady", "999", "9" * 30, "-1", "²"],
)
def test_what_is_no_category_is_not_found(any_app: Flask, reference: str) -> None:
    with any_app.app_context():
        make_tree()
        assert service.find_category(reference) is None


def test_a_missing_number_is_an_error(app: Flask) -> None:
    with app.app_context(), pytest.raises(NotFound):
        service.get_category(7)


def test_a_category_is_found_by_name_and_alias(any_app: Flask) -> None:
    with any_app.app_context():
        root, series, _fourier = make_tree()
        assert service.find_category_by_name("матан") is root
        assert service.find_category_by_name(" МАТ  анализ") is root
        assert service.find_category_by_name("ряды") is series
        assert service.find_category_by_name("физика") is None


def test_below_a_category_lies_everything_under_it(any_app: Flask) -> None:
    with any_app.app_context():
        root, series, fourier = make_tree()
        ensure_category("Физика")
        assert sorted(service.descendant_ids(root)) == [root.id, series.id, fourier.id]
        assert service.descendant_ids(fourier) == [fourier.id]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Теория вероятностей", "teoriya-veroyatnostey"),
        ("C++ & Co.", "c-co"),
        ("Ёжик", "ezhik"),
        ("数学", "subject"),
        ("", "subject"),
        ("щ" * 200, "sch" * 26 + "sc"),
    ],
)
def test_slugs_are_words_for_addresses(name: str, slug: str) -> None:
    assert service.slugify(name) == slug


def test_every_type_has_a_name(app: Flask) -> None:
    with app.test_request_context():
        names = {service.type_label(kind) for kind in MaterialType}
    assert len(names) == len(MaterialType)


# Pages ----------------------------------------------------------------------------------------


@pytest.fixture
def tree(app: Flask, people: dict[str, int]) -> dict[str, int]:
    """The tree with one published material in its deepest part, one pending beside it."""
    with app.app_context():
        root, series, fourier = make_tree()
        make_material(people["alice"], title="Published", category=fourier)
        make_material(people["alice"], MaterialStatus.PENDING, title="Waiting", category=fourier)
        return {"root": root.id, "series": series.id, "fourier": fourier.id}


def test_the_list_of_subjects_counts_what_is_published(
    client: FlaskClient, tree: dict[str, int]
) -> None:
    page = client.get("/subjects").text
    assert (
        '<a href="/subjects/matan">Математический анализ</a><span class="number">1</span>' in page
    )
    assert '<a href="/subjects/matan/ryady">Ряды</a> <span class="muted">1</span>' in page


def test_an_empty_catalogue_says_so(client: FlaskClient) -> None:
    assert "There are no subjects yet" in client.get("/subjects").text


@pytest.mark.parametrize("path", ["matan", "matan/ryady", "matan/ryady/ryady-fure"])
def test_a_subject_shows_what_is_published_in_it_and_below(
    client: FlaskClient, tree: dict[str, int], path: str
) -> None:
    page = client.get(f"/subjects/{path}")
    assert page.status_code == 200
    assert "Published" in page.text
    assert "Waiting" not in page.text


def test_a_subject_shows_its_other_names(client: FlaskClient, tree: dict[str, int]) -> None:
    assert "also called: мат анализ, матан" in client.get("/subjects/matan").text


def test_a_subject_without_materials_invites(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        ensure_category("Физика")
        db.session.commit()
    assert "Nothing here yet" in client.get("/subjects/fizika").text


def test_an_unknown_subject_is_not_found(client: FlaskClient, tree: dict[str, int]) -> None:
    assert client.get("/subjects/fizika").status_code == 404
    assert client.get("/subjects/matan/fizika").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "2", "999999999999"])
def test_pages_that_are_not_there_break_nothing(
    client: FlaskClient, tree: dict[str, int], page: str
) -> None:
    assert client.get(f"/subjects/matan?page={page}").status_code == 200


def test_parts_of_a_subject_are_offered_as_options(
    client: FlaskClient, tree: dict[str, int]
) -> None:
    options = client.get(f"/subjects/options?subject={tree['root']}").text
    for category_id in tree.values():
        assert f'<option value="{category_id}">' in options
    assert "Choose a subject first" in client.get("/subjects/options?subject=").text
