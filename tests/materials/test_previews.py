"""The page of a DOCX shows its preview, and its pictures to those who see it only."""

from __future__ import annotations

import re
from pathlib import Path

import docx as python_docx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, storage
from edu.materials.models import Material, MaterialStatus, Passage
from edu.media import markup, previews
from edu.storage.base import delete_keys_of, list_keys_of, original_key, preview_key
from jobs.materials import process_material
from tests.conftest import sign_in
from tests.media.test_preview import picture
from tests.samples import get_material, make_material


@pytest.fixture
def material_id(app: Flask, people: dict[str, int], tmp_path: Path) -> int:
    """Alice's document with a heading and a picture; in review."""
    document = python_docx.Document()
    document.add_heading("Ряды", 1)
    document.add_paragraph("Ряд сходится, если <b>предел</b> есть.")
    document.add_picture(picture())
    document.save(str(tmp_path / "a.docx"))
    with app.app_context():
        status = MaterialStatus.PROCESSING
        content = (tmp_path / "a.docx").read_bytes()
        made = make_material(people["alice"], status, kind="docx", content=content).id
        process_material(made)
        assert get_material(made).status == MaterialStatus.PENDING
        return made


def publish(app: Flask, material_id: int) -> None:
    with app.app_context():
        get_material(material_id).status = MaterialStatus.ACTIVE.value
        db.session.commit()


def test_the_page_shows_the_preview_with_its_pictures(
    app: Flask, client: FlaskClient, material_id: int
) -> None:
    publish(app, material_id)
    page = client.get(f"/materials/{material_id}?q=ряд").text
    assert '<section id="section-1"><h2>Ряды</h2>' in page
    assert "если &lt;b&gt;предел&lt;/b&gt; есть." in page
    [address] = re.findall('src="(/materials/[^"]*webp)"', page)
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_pictures_of_what_waits_are_not_for_others(client: FlaskClient, material_id: int) -> None:
    address = f"/materials/{material_id}/preview/1.webp"
    assert client.get(address).status_code == 404
    assert sign_in(client, "charlie").get(address).status_code == 404
    assert sign_in(client, "alice").get(address).status_code == 200


@pytest.mark.parametrize("name", ["sections.json", "2.webp", "1.WEBP", "..%2f1.webp", "x"])
def test_other_names_lead_nowhere(
    app: Flask, client: FlaskClient, material_id: int, name: str
) -> None:
    publish(app, material_id)
    assert client.get(f"/materials/{material_id}/preview/{name}").status_code == 404


def test_without_a_preview_the_text_is_shown(
    app: Flask, client: FlaskClient, material_id: int
) -> None:
    publish(app, material_id)
    with app.app_context():
        digest = get_material(material_id).file.sha256
        assert preview_key(digest, "1.webp") in list_keys_of(storage(), digest)
        storage().delete(preview_key(digest, "sections.json"))
    page = client.get(f"/materials/{material_id}").text
    assert "<p>Ряд сходится, если &lt;b&gt;предел&lt;/b&gt; есть.</p>" in page
    with app.app_context():
        delete_keys_of(storage(), digest)
        assert not storage().exists(original_key(digest))
        assert not storage().exists(preview_key(digest, "1.webp"))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<img src="1.webp" alt="x src=" width="3">',
            '<img src="/p/1.webp" alt="x src=" width="3">',
        ),
        (
            '<img alt=" src=" src="1.webp"><img alt=" src=1.webp">',
            '<img alt=" src=" src="/p/1.webp"><img alt=" src=1.webp">',
        ),
        ('<img src="1.webp" src="2.webp">', '<img src="/p/1.webp" src="2.webp">'),
    ],
)
def test_an_address_goes_where_the_name_is(html: str, expected: str) -> None:
    assert markup.is_clean(html)
    assert previews._fill(html, "/p/", "") == expected


# What could not be read ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_readers_are_told_that_no_text_was_recognised(
    app: Flask, client: FlaskClient, people: dict[str, int], kind: str
) -> None:
    with app.app_context():
        material = make_material(people["alice"], kind=kind)
        address = f"/materials/{material.id}"
        assert "Text not recognised" not in client.get(address).text
        material.file.text_ok = False
        db.session.commit()
    assert "Text not recognised" in client.get(address).text


def test_the_queue_tells_moderators_that_no_text_was_recognised(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        make_material(people["alice"], MaterialStatus.PENDING).file.text_ok = False
        db.session.commit()
    assert "Text not recognised" in sign_in(client, "maria").get("/moderation").text


# The outline ----------------------------------------------------------------------------------


def test_the_outline_of_a_pdf_leads_to_its_pages(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        material: Material = make_material(people["alice"], text="a")
        passages = [Passage(number=7, heading="Ряды · <Пределы>", text="b"), *material.passages]
        material.passages = passages
        db.session.commit()
        address = f"/materials/{material.id}"
    page = client.get(address).text
    links = re.findall(rf'href="{address}\?page=7#page=7" data-pdf-go="7">(.*?)</a>', page)
    assert links == ["Ряды", "&lt;Пределы&gt;"]
