"""From a file in a form to a material that waits for review."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from edu.accounts.models import User
from edu.extensions import db, settings, storage
from edu.materials import forms
from edu.materials.models import Material, MaterialStatus
from edu.materials.service import clean_file_name
from edu.search.service import SearchInput, find_materials
from edu.storage.base import original_key, thumbnail_key
from edu.tree.service import ensure_category
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import (
    PDF_TEXT,
    confine,
    get_material,
    make_category,
    material_id_of,
    send_file,
    upload_form,
    write_small_pdf,
)


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


@pytest.fixture
def charlie(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "charlie")


@pytest.fixture
def maria(app: Flask, people: dict[str, int]) -> FlaskClient:
    return sign_in(app.test_client(), "maria")


def leftovers(app: Flask) -> list[str]:
    """What lies in the folder through which uploads arrive."""
    with app.app_context():
        return [path.name for path in (settings().data_dir / "incoming").glob("*")]


def count_materials(app: Flask) -> int:
    with app.app_context():
        return db.session.query(Material).count()


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


# States ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pdf", "docx", "mp4"])
def test_a_students_file_is_read_and_waits_for_review(
    app: Flask, alice: FlaskClient, subject: int, kind: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(f"{kind}_file")
    material_id = material_id_of(send_file(alice, subject, path))
    with app.app_context():
        material = get_material(material_id)
        assert material.status == MaterialStatus.PENDING
        assert (material.step, material.percent, material.error) == ("", 100, "")
        assert (material.claim, material.heartbeat_at) == ("", None)
        assert material.file.name == path.name
        assert material.file.size == path.stat().st_size
        assert [tag.name for tag in material.tags] == ["пределы", "ряды"]
        assert storage().exists(original_key(material.file.sha256))
        assert storage().exists(thumbnail_key(material.file.sha256))
        if kind == "pdf":
            assert material.file.pages == 1
            assert PDF_TEXT in material.passages[0].text
        elif kind == "docx":
            assert "признак" in " ".join(p.text for p in material.passages)
        else:
            assert material.file.duration == pytest.approx(1, abs=0.3)
            assert (material.file.width, material.file.height) == (160, 90)
    assert alice.get(f"/materials/{material_id}").status_code == 200
    assert leftovers(app) == []


def test_a_moderators_file_is_published_at_once_and_found(
    app: Flask, maria: FlaskClient, subject: int, pdf_file: Path
) -> None:
    material_id = material_id_of(send_file(maria, subject, pdf_file))
    with app.app_context():
        material = get_material(material_id)
        assert material.status == MaterialStatus.ACTIVE
        assert material.published_at is not None
        hits = find_materials(SearchInput(text="monotone sequence")).items
        assert [hit.material.id for hit in hits] == [material_id]
        assert [place.number for place in hits[0].places] == [1]


def test_a_moderators_file_elsewhere_waits_for_review(
    app: Flask,
    maria: FlaskClient,
    people: dict[str, int],
    subject: int,
    pdf_file: Path,
    tmp_path: Path,
) -> None:
    with app.app_context():
        own = ensure_category("Физика", slug="fizika")
        part = ensure_category("Оптика", own, slug="optika").id
        confine(db.session.get_one(User, people["maria"]), own)
    assert "elsewhere a moderator looks at them first" in maria.get("/upload").text
    elsewhere = material_id_of(send_file(maria, subject, pdf_file))
    other_file = write_small_pdf(tmp_path / "optics.pdf", "Optics")
    at_home = material_id_of(send_file(maria, part, other_file))
    with app.app_context():
        assert get_material(elsewhere).status == MaterialStatus.PENDING
        assert get_material(at_home).status == MaterialStatus.ACTIVE


def test_a_material_waits_until_a_worker_takes_it(make_app: MakeApp, pdf_file: Path) -> None:
    app = make_app(queue_immediate=False)
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    with app.app_context():
        subject = make_category().id
    client = sign_in(app.test_client(), "alice")
    material_id = material_id_of(send_file(client, subject, pdf_file))
    page = client.get(f"/materials/{material_id}").text
    assert f'hx-get="/materials/{material_id}/status" hx-trigger="every 1s"' in page
    assert "Waiting for a free worker" in client.get(f"/materials/{material_id}/status").text
    assert app.extensions["edu.queue"].check() == 1


def test_the_status_stops_asking_when_it_is_over(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path
) -> None:
    material_id = material_id_of(send_file(alice, subject, pdf_file))
    answer = alice.get(f"/materials/{material_id}/status", headers={"HX-Request": "true"}).text
    assert "waiting for a moderator" in answer
    assert "every 1s" not in answer
    assert "<html" not in answer


def test_htmx_is_sent_on_by_a_header(alice: FlaskClient, subject: int, pdf_file: Path) -> None:
    with pdf_file.open("rb") as stream:
        response = alice.post(
            "/upload",
            data=upload_form(subject, file=(stream, "a.pdf")),
            headers={"HX-Request": "true"},
        )
    assert response.status_code == 204
    assert re.fullmatch(r"/materials/\d+", response.headers["HX-Redirect"])


# Who may upload -------------------------------------------------------------------------------


def test_strangers_are_asked_to_sign_in(
    app: Flask, client: FlaskClient, subject: int, pdf_file: Path
) -> None:
    assert client.get("/upload").headers["Location"] == "/login?next=/upload"
    response = send_file(client, subject, pdf_file)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login")
    assert count_materials(app) == 0
    assert leftovers(app) == []


def test_unconfirmed_people_wait(
    app: Flask, alice: FlaskClient, people: dict[str, int], subject: int, pdf_file: Path
) -> None:
    with app.app_context():
        db.session.get_one(User, people["alice"]).confirmed_at = None
        db.session.commit()
    assert alice.get("/upload").status_code == 403
    assert send_file(alice, subject, pdf_file).status_code == 403
    assert count_materials(app) == 0
    assert leftovers(app) == []


def test_a_blocked_person_sends_nothing(
    app: Flask, alice: FlaskClient, people: dict[str, int], subject: int, pdf_file: Path
) -> None:
    with app.app_context():
        user = db.session.get_one(User, people["alice"])
        user.blocked_at = user.created_at
        db.session.commit()
    assert send_file(alice, subject, pdf_file).headers["Location"].startswith("/login")


# What is refused ------------------------------------------------------------------------------


def refused(client: FlaskClient, subject: int, content: bytes, name: str, **changes: object) -> str:
    """The sentence beside the file field."""
    form = upload_form(subject, file=(io.BytesIO(content), name), **changes)
    response = client.post("/upload", data=form)
    assert response.status_code == 422, response.text
    found = re.search(r'id="file-errors"[^>]*>([^<]*)<', response.text)
    assert found, response.text
    return found[1]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.pdf", "The file is empty"),
        (b"just words", "notes.pdf", "not a PDF, DOCX or MP4 file"),
        (b"MZ\x90\x00" + b"\0" * 100, "virus.pdf", "not a PDF, DOCX or MP4 file"),
        (b"<html><script>alert(1)</script>", "page.docx", "not a PDF, DOCX or MP4 file"),
    ],
)
def test_what_is_no_material_is_refused_with_a_sentence(
    app: Flask, alice: FlaskClient, subject: int, content: bytes, name: str, sentence: str
) -> None:
    assert sentence in refused(alice, subject, content, name)
    assert count_materials(app) == 0
    assert leftovers(app) == []


@pytest.mark.parametrize("name", ["lecture.mp4", "lecture.docx", "lecture.txt"])
def test_a_renamed_file_is_refused_by_its_content(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path, name: str
) -> None:
    sentence = refused(alice, subject, pdf_file.read_bytes(), name)
    assert "inside is a PDF file" in sentence
    assert count_materials(app) == 0


def test_a_form_without_a_file_is_refused(app: Flask, alice: FlaskClient, subject: int) -> None:
    assert alice.post("/upload", data=upload_form(subject)).status_code == 422
    form = upload_form(subject, file=(io.BytesIO(b""), ""))
    response = alice.post("/upload", data=form)
    assert response.status_code == 422
    assert "Choose a file." in response.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "  ", "Give the material a title."),
        ("title", "x" * 201, "The title may have at most 200 characters."),
        ("description", "x" * 5001, "The description may have at most 5000 characters."),
        ("type", "novel", "Not a valid choice"),
        ("type", "", "Choose the type of the material."),
        ("category", "", "Choose a subject."),
        ("category", "999", "This subject does not exist any more."),
        ("category", "9" * 40, "This subject does not exist any more."),
        ("tags", ",".join(f"t{n}" for n in range(16)), "At most 15 tags, please."),
        ("tags", "x" * 41, "A tag may have at most 40 characters."),
    ],
)
def test_a_refused_field_says_why_and_costs_nothing(
    app: Flask,
    alice: FlaskClient,
    subject: int,
    pdf_file: Path,
    field: str,
    value: str,
    sentence: str,
) -> None:
    response = send_file(alice, subject, pdf_file, **{field: value})
    assert response.status_code == 422
    assert sentence in response.text
    # What was typed into the other fields is still there.
    assert field == "description" or "Лекция" in response.text
    assert count_materials(app) == 0
    assert leftovers(app) == []


def test_a_damaged_file_fails_later_with_a_sentence(
    app: Flask, alice: FlaskClient, subject: int, tmp_path: Path
) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"nonsense " * 500)
    material_id = material_id_of(send_file(alice, subject, path))
    with app.app_context():
        material = get_material(material_id)
        assert (material.status, material.error) == (MaterialStatus.FAILED, "broken")
    page = alice.get(f"/materials/{material_id}").text
    assert "The file is damaged and cannot be read." in page
    assert "/retry" not in page  # another try would find the same
    assert alice.post(f"/materials/{material_id}/retry").status_code == 403


# Size -----------------------------------------------------------------------------------------


@pytest.fixture
def small_app(make_app: MakeApp) -> Flask:
    """A library that takes one megabyte."""
    app = make_app(MAX_UPLOAD_MB="1")
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    return app


def small_subject(app: Flask) -> int:
    with app.app_context():
        return make_category().id


def big_form(subject: int, size: int) -> dict[str, Any]:
    """Arguments of a post; encoded here, for the test client would leave its own file open."""
    content = b"%PDF-1.7\n" + b"x" * size
    file = FileStorage(io.BytesIO(content), "big.pdf", content_type="application/pdf")
    boundary, body = encode_multipart(upload_form(subject, file=file))
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def test_a_file_a_little_too_large_gets_a_sentence(small_app: Flask) -> None:
    client = sign_in(small_app.test_client(), "alice")
    response = client.post("/upload", **big_form(small_subject(small_app), 1024 * 1024 + 1))
    assert response.status_code == 422
    assert "larger than 1 MB" in response.text
    assert leftovers(small_app) == []


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_body_far_too_large_is_not_even_read(small_app: Flask, headers: dict[str, str]) -> None:
    client = sign_in(small_app.test_client(), "alice")
    form = big_form(small_subject(small_app), 3 * 1024 * 1024)
    response = client.post("/upload", headers=headers, **form)
    assert response.status_code == 413
    assert ("<html" in response.text) == (not headers)
    assert "larger than this site accepts" in response.text
    assert leftovers(small_app) == []


def test_strangers_cannot_fill_the_disk(app: Flask, client: FlaskClient, subject: int) -> None:
    assert client.post("/upload", **big_form(subject, 2 * 1024 * 1024)).status_code == 413
    assert leftovers(app) == []


@pytest.mark.parametrize("path", ["/login", "/materials/1/rate", "/language"])
def test_other_forms_take_no_big_bodies(alice: FlaskClient, path: str) -> None:
    assert alice.post(path, **big_form(1, 2 * 1024 * 1024)).status_code == 413


def test_a_file_sent_to_another_form_leaves_nothing(app: Flask, alice: FlaskClient) -> None:
    alice.post("/language", data={"lang": "ru", "file": (io.BytesIO(b"x" * 1000), "x.pdf")})
    assert leftovers(app) == []


def test_a_transfer_that_breaks_off_leaves_nothing(
    app: Flask, alice: FlaskClient, subject: int
) -> None:
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF-1.7 the rest never came"
    )
    response = alice.post(
        "/upload",
        input_stream=io.BytesIO(body),
        content_length=len(body) + 1000,
        content_type="multipart/form-data; boundary=edge",
    )
    assert response.status_code in {400, 422}
    assert count_materials(app) == 0
    assert leftovers(app) == []


# The same bytes again -------------------------------------------------------------------------


def test_the_same_file_again_is_asked_about(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path
) -> None:
    first = material_id_of(send_file(alice, subject, pdf_file, title="The first"))
    response = send_file(alice, subject, pdf_file, title="The second")
    assert response.status_code == 422
    assert "This file is already in the library" in response.text
    assert f'href="/materials/{first}"' in response.text
    assert "The first" in response.text
    assert count_materials(app) == 1
    # The bytes are kept on the server; the answer names them.
    form = upload_form(subject, title="The second", token=token_of(response.text))
    second = material_id_of(alice.post("/upload", data=form))
    assert second != first
    with app.app_context():
        material = get_material(second)
        assert (material.title, material.status) == ("The second", MaterialStatus.PENDING)
        assert material.file.name == pdf_file.name
        assert PDF_TEXT in material.passages[0].text
    assert leftovers(app) == []


def test_what_nobody_may_see_yet_is_not_told(
    alice: FlaskClient, charlie: FlaskClient, subject: int, pdf_file: Path
) -> None:
    first = material_id_of(send_file(alice, subject, pdf_file, title="A secret title"))
    response = send_file(charlie, subject, pdf_file, title="Mine")
    assert response.status_code == 422
    assert "Somebody has uploaded it" in response.text
    assert "A secret title" not in response.text
    assert f"/materials/{first}" not in response.text


def test_a_failed_file_may_be_sent_again(alice: FlaskClient, subject: int, tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"nonsense " * 500)
    material_id_of(send_file(alice, subject, path))
    material_id_of(send_file(alice, subject, path))


@pytest.fixture
def token(alice: FlaskClient, subject: int, pdf_file: Path) -> str:
    """Alice's token for a file that she has sent twice."""
    send_file(alice, subject, pdf_file)
    return token_of(send_file(alice, subject, pdf_file).text)


def test_another_persons_token_is_worth_nothing(
    app: Flask, charlie: FlaskClient, subject: int, token: str
) -> None:
    response = charlie.post("/upload", data=upload_form(subject, token=token))
    assert response.status_code == 422
    assert "Choose the file once more." in response.text
    assert count_materials(app) == 1


@pytest.mark.parametrize("change", ["cut", "empty", "other"])
def test_a_token_that_was_changed_is_worth_nothing(
    app: Flask, alice: FlaskClient, subject: int, token: str, change: str
) -> None:
    changed = {"cut": token[:-3], "empty": " ", "other": "e30.abc.def"}[change]
    assert alice.post("/upload", data=upload_form(subject, token=changed)).status_code == 422
    assert count_materials(app) == 1


def test_a_token_grows_old(
    app: Flask, alice: FlaskClient, subject: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "TOKEN_AGE_S", -1)
    assert alice.post("/upload", data=upload_form(subject, token=token)).status_code == 422
    assert count_materials(app) == 1


def test_a_new_file_beside_a_token_is_the_one_that_counts(
    app: Flask, alice: FlaskClient, subject: int, token: str, tmp_path: Path
) -> None:
    # The person has chosen another file on the page that asked about the first.
    other = write_small_pdf(tmp_path / "other.pdf", "Something else altogether")
    material_id = material_id_of(send_file(alice, subject, other, token=token))
    with app.app_context():
        assert get_material(material_id).file.name == "other.pdf"


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/лекция.pdf", "лекция.pdf"),
        ("лек\u202eция.pdf", "лекция.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("<b>.pdf", "<b>.pdf"),
    ],
)
def test_a_file_name_is_made_safe(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path, sent: str, kept: str
) -> None:
    material_id = material_id_of(send_file(alice, subject, pdf_file, name=sent))
    with app.app_context():
        assert get_material(material_id).file.name == kept
    assert "<b>" not in alice.get(f"/materials/{material_id}").text


def test_a_name_keeps_no_path_and_no_control_characters() -> None:
    assert clean_file_name("C:\\Users\\alice\\ряды.pdf") == "ряды.pdf"
    assert clean_file_name('a".mp4\r\nSet-Cookie: x=1\0') == 'a".mp4Set-Cookie: x=1'
    assert clean_file_name("\u200f \n") == "file"


def test_a_nul_is_refused_before_it_reaches_the_database(any_app: Flask, pdf_file: Path) -> None:
    make_people(any_app)
    with any_app.app_context():
        subject = make_category().id
    client = sign_in(any_app.test_client(), "alice")
    assert send_file(client, subject, pdf_file, title="a\0b").status_code == 400
    assert client.get("/materials/tags?q=a%00").status_code == 400
    assert client.get("/subjects/a%00b").status_code == 400
    login = {"email": "a\0b@example.org", "password": "whatever"}
    assert any_app.test_client().post("/login", data=login).status_code == 400
