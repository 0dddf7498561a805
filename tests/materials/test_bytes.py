"""Delivery of files and pictures: ranges, caching, names, headers."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, storage
from edu.materials.models import StoredFile
from edu.storage.base import original_key
from tests.samples import make_material

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def material_id(app: Flask, people: dict[str, int]) -> int:
    """A published video of 10,240 bytes."""
    with app.app_context():
        title = "Лекция «Ряды», часть 1"
        return make_material(people["alice"], title=title, content=CONTENT, kind="video").id


def test_a_file_comes_whole(client: FlaskClient, material_id: int) -> None:
    response = client.get(f"/materials/{material_id}/file")
    assert response.status_code == 200
    assert response.data == CONTENT
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=500-", 500, len(CONTENT) - 1),
        ("bytes=-16", len(CONTENT) - 16, len(CONTENT) - 1),
        ("bytes=10000-99999", 10000, len(CONTENT) - 1),
    ],
)
def test_a_part_of_a_file_comes_alone(
    client: FlaskClient, material_id: int, asked: str, first: int, last: int
) -> None:
    response = client.get(f"/materials/{material_id}/file", headers={"Range": asked})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert response.data == CONTENT[first : last + 1]


def test_a_part_beyond_the_end_is_refused(client: FlaskClient, material_id: int) -> None:
    response = client.get(f"/materials/{material_id}/file", headers={"Range": "bytes=20000-"})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_file_that_the_browser_has_is_not_sent_again(
    client: FlaskClient, material_id: int
) -> None:
    etag = client.get(f"/materials/{material_id}/file").headers["ETag"]
    response = client.get(f"/materials/{material_id}/file", headers={"If-None-Match": etag})
    assert (response.status_code, response.data) == (304, b"")
    stale = {"Range": "bytes=0-9", "If-Range": '"another"'}
    response = client.get(f"/materials/{material_id}/file", headers=stale)
    assert (response.status_code, response.data) == (200, CONTENT)


def test_no_cache_on_the_way_keeps_a_file(client: FlaskClient, material_id: int) -> None:
    for part in ("file", "thumbnail"):
        response = client.get(f"/materials/{material_id}/{part}")
        assert response.cache_control.private
        assert response.cache_control.no_cache


def test_a_cyrillic_name_travels(client: FlaskClient, material_id: int) -> None:
    shown = client.get(f"/materials/{material_id}/file").headers["Content-Disposition"]
    saved = client.get(f"/materials/{material_id}/file?download=1").headers["Content-Disposition"]
    assert shown.startswith("inline")
    assert saved.startswith("attachment")
    name = "%D0%9B%D0%B5%D0%BA%D1%86%D0%B8%D1%8F%20%C2%AB%D0%A0%D1%8F%D0%B4%D1%8B%C2%BB"
    assert f"filename*=UTF-8''{name}%2C%20%D1%87%D0%B0%D1%81%D1%82%D1%8C%201.mp4" in saved


@pytest.mark.parametrize(
    ("kind", "name", "delivered"),
    [
        ("pdf", "lecture.hta", "lecture.hta.pdf"),
        ("pdf", "lecture.PDF", "lecture.PDF"),
        ("pdf", "lecture", "lecture.pdf"),
        ("pdf", "lecture.pdf.exe", "lecture.pdf.exe.pdf"),
        ("docx", "notes.pdf", "notes.pdf.docx"),
        ("video", "talk.html", "talk.html.mp4"),
    ],
)
def test_a_file_is_named_by_what_it_is(
    app: Flask, client: FlaskClient, people: dict[str, int], kind: str, name: str, delivered: str
) -> None:
    with app.app_context():
        material = make_material(people["alice"], kind=kind)
        material.file.name = name
        db.session.commit()
        address = f"/materials/{material.id}/file"
    for query in ("", "?download=1"):
        told = client.get(address + query).headers["Content-Disposition"]
        assert told.endswith(f"filename={delivered}")


@pytest.mark.parametrize(("kind", "how"), [("pdf", "inline"), ("docx", "attachment")])
def test_only_what_browsers_show_is_shown(
    app: Flask, client: FlaskClient, people: dict[str, int], kind: str, how: str
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], kind=kind).id
    response = client.get(f"/materials/{material_id}/file")
    assert response.headers["Content-Disposition"].startswith(how)


def test_strangers_bytes_run_no_scripts(client: FlaskClient, material_id: int) -> None:
    for part in ("file", "thumbnail"):
        response = client.get(f"/materials/{material_id}/{part}")
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_thumbnail_is_a_picture(client: FlaskClient, material_id: int) -> None:
    response = client.get(f"/materials/{material_id}/thumbnail")
    assert response.headers["Content-Type"] == "image/webp"
    assert response.data == b"RIFF picture"


def test_without_a_thumbnail_there_is_none(
    app: Flask, client: FlaskClient, material_id: int
) -> None:
    with app.app_context():
        db.session.query(StoredFile).one().has_thumbnail = False
        db.session.commit()
    assert client.get(f"/materials/{material_id}/thumbnail").status_code == 404


def test_bytes_that_were_lost_are_not_found(
    app: Flask, client: FlaskClient, material_id: int
) -> None:
    with app.app_context():
        storage().delete(original_key(db.session.query(StoredFile).one().sha256))
    assert client.get(f"/materials/{material_id}/file").status_code == 404


def test_a_head_request_opens_no_stream(client: FlaskClient, material_id: int) -> None:
    response = client.head(f"/materials/{material_id}/file")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(len(CONTENT))
