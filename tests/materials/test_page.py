"""The material page: views, the place it opens at, retry, tags."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.extensions import db, storage, utcnow
from edu.materials import service
from edu.materials.models import Material, MaterialStatus, View
from edu.storage.base import original_key
from tests.conftest import make_people, sign_in
from tests.samples import get_material, make_category, make_material, put_bytes


def views_of(app: Flask, material_id: int) -> int:
    with app.app_context():
        return get_material(material_id).views


@pytest.fixture
def material_id(app: Flask, people: dict[str, int]) -> int:
    """Alice's published material."""
    with app.app_context():
        return make_material(people["alice"], tags=("ряды",)).id


# Views ----------------------------------------------------------------------------------------


def test_an_opening_counts_once_a_day(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"]).id
    address = f"/materials/{material_id}"
    browser, other = any_app.test_client(), any_app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = "Another browser"
    for client in (browser, browser, other):
        assert client.get(address).status_code == 200
    assert views_of(any_app, material_id) == 2
    # One person in two browsers is one person.
    for client in (sign_in(browser, "charlie"), sign_in(other, "charlie")):
        client.get(address)
    assert views_of(any_app, material_id) == 3
    tomorrow = utcnow() + timedelta(days=1)
    monkeypatch.setattr(service, "utcnow", lambda: tomorrow)
    browser.get(address)
    assert views_of(any_app, material_id) == 4


def test_the_page_shows_the_view_that_it_is(client: FlaskClient, material_id: int) -> None:
    assert "<dt>Views</dt><dd>1</dd>" in client.get(f"/materials/{material_id}").text


def test_what_is_not_published_counts_no_views(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.PENDING).id
    sign_in(app.test_client(), "maria").get(f"/materials/{material_id}")
    assert views_of(app, material_id) == 0


def test_a_stranger_gets_no_cookie_and_is_kept_as_a_hash(
    app: Flask, client: FlaskClient, material_id: int
) -> None:
    response = client.get(f"/materials/{material_id}", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert "visitor" not in str(response.headers.getlist("Set-Cookie"))
    with app.app_context():
        viewer = db.session.query(View).one().viewer
        assert re.fullmatch("[0-9a-f]{40}", viewer)


# The page -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", 1),
        ("?page=7", 7),
        ("?section=3", 3),
        ("?page=0", 1),
        ("?page=-2", 1),
        ("?page=x", 1),
        ("?page=²", 1),
        ("?page=99999999999", 1),
    ],
)
def test_the_viewer_opens_at_the_place(
    client: FlaskClient, material_id: int, query: str, place: int
) -> None:
    assert f'data-page="{place}"' in client.get(f"/materials/{material_id}{query}").text


def test_what_people_write_is_only_text(app: Flask, people: dict[str, int]) -> None:
    bad = "<script>alert(1)</script>"
    with app.app_context():
        material_id = make_material(
            people["alice"], title=bad, description=bad, kind="docx", text=f"{bad}\na | {bad}"
        ).id
    for path in (f"/materials/{material_id}?q={bad}", "/", f"/search?q={bad}", "/subjects/matan"):
        assert bad not in app.test_client().get(path).text, path


def test_a_docx_is_shown_as_text_with_tables(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        tables = ("признак | условие\nКоши | есть", "ряд | сумма\nгармонический | нет")
        text = "\n\n".join(["Перед таблицей", *tables, "P(A | B) = 1"])
        material_id = make_material(people["alice"], kind="docx", text=text).id
    page = re.sub(r">\s+<", "><", client.get(f"/materials/{material_id}").text)
    assert "<p>Перед таблицей</p>" in page
    assert "<table><tbody><tr><td>признак</td><td>условие</td></tr>" in page
    assert "<table><tbody><tr><td>ряд</td><td>сумма</td></tr>" in page
    assert "<p>P(A | B) = 1</p>" in page


def test_a_video_page_names_its_poster(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], kind="video").id
    page = client.get(f"/materials/{material_id}").text
    assert f'poster="/materials/{material_id}/thumbnail"' in page


@pytest.mark.parametrize("status", list(MaterialStatus))
def test_every_state_has_a_page(app: Flask, people: dict[str, int], status: MaterialStatus) -> None:
    with app.app_context():
        material_id = make_material(
            people["alice"], status, reject_reason="Слишком коротко", error="limits"
        ).id
    client = sign_in(app.test_client(), "alice")
    page = client.get(f"/materials/{material_id}").text
    assert ("Слишком коротко" in page) == (status == MaterialStatus.REJECTED)
    assert ("/retry" in page) == (status == MaterialStatus.FAILED)
    assert ("/file" in page) == (status not in {MaterialStatus.PROCESSING, MaterialStatus.FAILED})


def test_the_rating_says_who_can_rate(
    client: FlaskClient, material_id: int, people: dict[str, int]
) -> None:
    address = f"/materials/{material_id}"
    stranger = client.get(f"{address}?page=2&q=a").text
    assert f'href="/login?next={address}?page%3D2%26q%3Da"' in stranger
    assert f'href="/login?next={address}"' in client.get(address).text
    assert "It is your own material: others rate it." in sign_in(client, "alice").get(address).text


# Retry ----------------------------------------------------------------------------------------


def test_a_failed_material_is_tried_again(
    app: Flask, people: dict[str, int], pdf_file: Path
) -> None:
    with app.app_context():
        content = pdf_file.read_bytes()
        material = make_material(
            people["alice"], MaterialStatus.FAILED, content=content, error="crashed", attempts=3
        )
        material_id = material.id
    response = sign_in(app.test_client(), "alice").post(f"/materials/{material_id}/retry")
    assert response.headers["Location"] == f"/materials/{material_id}"
    with app.app_context():
        material = get_material(material_id)
        assert (material.status, material.error) == (MaterialStatus.PENDING, "")
        assert material.attempts == 1


def test_strangers_try_nothing_again(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.FAILED, error="crashed").id
    assert app.test_client().post(f"/materials/{material_id}/retry").status_code == 404


# Tags -----------------------------------------------------------------------------------------


@pytest.fixture
def tagged(app: Flask, people: dict[str, int]) -> None:
    """A library with a few tags."""
    with app.app_context():
        tags = ("ряды", "ряды фурье", "интеграл", "100% тест", "a_b")
        make_material(people["alice"], tags=tags)
        make_material(people["charlie"], status=MaterialStatus.PENDING, tags=("рядом", "рябь"))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ря", ["ряды", "ряды фурье"]),
        ("#РЯДЫ  Ф", ["ряды фурье"]),
        ("интеграл, ря", ["интеграл, ряды", "интеграл, ряды фурье"]),
        ("интеграл,", []),
        ("", []),
        ("%", []),
        ("100%", ["100% тест"]),
        ("a_", ["a_b"]),
        ("aab", []),
        ("_", []),
    ],
)
def test_the_tag_being_typed_is_completed(
    client: FlaskClient, tagged: None, typed: str, offered: list[str]
) -> None:
    sign_in(client, "alice")
    for name in ("q", "tags"):
        answer = client.get("/materials/tags", query_string={name: typed}).text
        assert re.findall(r'<option value="([^"]+)">', answer) == offered


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ряды   Фурье ", "ряды фурье"),
        ("#матан", "матан"),
        ("# матан", "матан"),
        ("##", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_tag_has_one_spelling(typed: str, kept: str) -> None:
    assert service.normalise_tag(typed) == kept


def test_tags_are_made_once(any_app: Flask) -> None:
    with any_app.app_context():
        first = service.ensure_tags(["ряды", "пределы"])
        again = service.ensure_tags(["пределы", "ряды"])
        assert [tag.name for tag in again] == ["пределы", "ряды"]
        assert {tag.id for tag in first} == {tag.id for tag in again}


# Lists and deletion ---------------------------------------------------------------------------


def test_lists_are_in_order_and_in_pages(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        now = utcnow()
        ids = [
            make_material(
                people["alice"], title=f"M{n}", published_at=now - timedelta(minutes=n)
            ).id
            for n in range(5)
        ]
        category = make_category()
        assert [m.id for m in service.list_newest(3)] == ids[:3]
        page = service.paginate(select(Material).order_by(Material.id), 2, 2)
        assert [m.id for m in page.items] == ids[2:4]
        assert (page.total, page.pages, page.page) == (5, 3, 2)
        assert service.list_in_category(category, 99).items == []
        assert service.count_by_category() == {category.id: 5}


def test_the_same_bytes_are_stored_once(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        for _ in range(2):
            put_bytes(b"same", original_key("0" * 64))
        with storage().open(original_key("0" * 64)) as stream:
            assert stream.read() == b"same"
        storage().delete(original_key("0" * 64))
        storage().delete(original_key("0" * 64))
        assert not storage().exists(original_key("0" * 64))


def test_a_key_cannot_leave_the_storage(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValueError, match="leaves the storage"):
        storage().exists("../../edu.db")


def test_tags_of_what_is_not_published_are_their_uploaders_alone(
    client: FlaskClient, tagged: None
) -> None:
    assert client.get("/materials/tags?q=ря").status_code == 303
    sign_in(client, "charlie")
    assert "рябь" in client.get("/materials/tags?q=ря").text
