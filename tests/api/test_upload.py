"""Uploads by programs: who may, what is taken, what is refused and how."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from edu.accounts.models import Role, User
from edu.api.security import issue_token
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.tree.service import ensure_category
from tests.api.conftest import Program, ProgramOf
from tests.conftest import MakeApp, make_user
from tests.media.samples import page_pdf, write_docx
from tests.samples import confine


@pytest.fixture
def category(app: Flask) -> int:
    with app.app_context():
        made = ensure_category("Физика", slug="fizika")
        db.session.commit()
        return made.id


def pdf(tmp_path: Path, words: str = "Newton") -> bytes:
    text = b"BT /F1 12 Tf 72 720 Td (" + words.encode() + b") Tj ET"
    return page_pdf(tmp_path / "sample.pdf", text).read_bytes()


def send(
    program: Program, content: bytes, category: int, name: str = "laws.pdf", **changes: Any
) -> Any:
    form: dict[str, Any] = {
        "file": FileStorage(io.BytesIO(content), name),
        "title": "Законы Ньютона",
        "type": "lecture",
        "category_id": str(category),
        **changes,
    }
    form = {key: value for key, value in form.items() if value is not None}
    boundary, body = encode_multipart(form)
    return program.post(
        "/materials", data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Material)) or 0


def test_moderator_uploads_and_is_told_where_it_is(
    program: ProgramOf, category: int, tmp_path: Path
) -> None:
    maria = program("maria")
    answer = send(
        maria, pdf(tmp_path), category, tags=["Механика", "1 курс"], description="Семинар"
    )
    assert answer.status_code == 201, answer.text
    material = answer.json
    assert material["status"] == MaterialStatus.PROCESSING
    assert material["tags"] == ["1 курс", "механика"]
    assert material["description"] == "Семинар"
    assert material["category"]["path"] == "fizika"
    assert (material["semester"], material["year"], material["language"]) == (None, None, "")
    assert material["uploader"]["name"] == "Maria"
    assert material["file"]["name"] == "laws.pdf"
    assert answer.headers["Location"].endswith(f"/api/materials/{material['id']}")
    assert maria.get(f"/materials/{material['id']}").json == material


def test_upload_is_processed_and_found(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(queue_immediate=True)
    with app.app_context():
        token = issue_token(make_user("maria", Role.MODERATOR))
        made = ensure_category("Физика", slug="fizika")
        db.session.commit()
        category = made.id
    maria = Program(app.test_client(), token)
    sent = send(maria, pdf(tmp_path, "Newton first law of motion"), category).json
    shown = maria.get(f"/materials/{sent['id']}").json
    assert shown
    assert shown["status"] == "active"
    assert shown["file"]["pages"] == 1
    found = Program(app.test_client()).get("/materials", search="motion").json
    assert found
    assert [item["id"] for item in found["items"]] == [sent["id"]]


def test_an_upload_says_when_it_is_studied(
    program: ProgramOf, category: int, tmp_path: Path
) -> None:
    maria = program("maria")
    said = {"semester": "4", "year": "2024", "language": "en"}
    material = send(maria, pdf(tmp_path), category, **said).json
    assert (material["semester"], material["year"], material["language"]) == (4, 2024, "en")
    for name, value in {"semester": "13", "year": "2099", "language": "de"}.items():
        refused = send(maria, pdf(tmp_path, name), category, **said | {name: value})
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json["errors"]] == [name]


@pytest.mark.parametrize("title", ["2024", "true", "[1]", "null", '{"a": 1}'])
def test_titles_that_look_like_json_stay_text(
    program: ProgramOf, category: int, tmp_path: Path, title: str
) -> None:
    answer = send(program("maria"), pdf(tmp_path), category, title=title, tags=["2024"])
    assert answer.status_code == 201
    assert answer.json["title"] == title
    assert answer.json["tags"] == ["2024"]


@pytest.mark.parametrize(("name", "status"), [("", 401), ("alice", 403)])
def test_only_moderators_upload(
    app: Flask, program: ProgramOf, category: int, tmp_path: Path, name: str, status: int
) -> None:
    answer = send(program(name), pdf(tmp_path), category)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert count(app) == 0


def test_moderators_of_other_subjects_do_not_upload(
    app: Flask, program: ProgramOf, people: dict[str, int], category: int, tmp_path: Path
) -> None:
    with app.app_context():
        chemistry = ensure_category("Химия", slug="khimiya")
        confine(db.session.get_one(User, people["maria"]), chemistry)
        own = chemistry.id
    maria = program("maria")
    assert send(maria, pdf(tmp_path), category).status_code == 403
    assert count(app) == 0
    assert send(maria, pdf(tmp_path), own).status_code == 201


def test_body_of_a_stranger_is_not_read(app: Flask, program: ProgramOf, category: int) -> None:
    big = b"%PDF-1.7" + b"\0" * 3_000_000
    incoming = Path(app.extensions["edu.settings"].data_dir) / "incoming"
    for name, status in (("", 401), ("alice", 403)):
        assert send(program(name), big, category).status_code == status
    assert not incoming.exists()
    # A moderator's is read, and judged.
    assert send(program("maria"), big, category, type="song").status_code == 422


def test_big_json_is_refused_and_counted(make_app: MakeApp) -> None:
    stranger = Program(make_app(LOGIN_LIMIT_ADDRESS="2 per minute").test_client())
    body = {"email": "a" * 2_000_000, "password": "x"}
    answers = [stranger.post("/auth/login", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [413, 413, 429]
    assert {answer.content_type for answer in answers} == {"application/problem+json"}


def test_duplicate_names_what_is_there(
    app: Flask, program: ProgramOf, category: int, tmp_path: Path
) -> None:
    maria, content = program("maria"), pdf(tmp_path)
    first = send(maria, content, category).json
    again = send(maria, content, category, title="То же самое")
    assert again.status_code == 409
    assert again.content_type == "application/problem+json"
    assert (again.json["code"], again.json["material_id"]) == ("duplicate", first["id"])
    assert count(app) == 1
    wanted = send(maria, content, category, title="То же самое", allow_duplicate="true")
    assert wanted.status_code == 201
    assert wanted.json["id"] != first["id"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.pdf", "empty"),
        (b"just some words", "notes.pdf", "unknown_type"),
        (b"%PDF-1.7 whatever", "film.mp4", "wrong_type"),
    ],
)
def test_refused_file_has_a_code(
    app: Flask, program: ProgramOf, category: int, content: bytes, name: str, code: str
) -> None:
    answer = send(program("maria"), content, category, name)
    assert answer.status_code == 422
    assert answer.json["code"] == code
    assert answer.json["errors"][0]["field"] == "file"
    assert count(app) == 0


def test_too_large_file_is_413(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(MAX_UPLOAD_MB=1)
    with app.app_context():
        token = issue_token(make_user("maria", Role.MODERATOR))
        category = ensure_category("Физика", slug="fizika")
        db.session.commit()
        number = category.id
    maria = Program(app.test_client(), token)
    # A little over the limit passes the cap of the body and is refused as a file.
    little = send(maria, b"%PDF-1.7" + b"\0" * (1024 * 1024), number)
    assert (little.status_code, little.json["code"]) == (413, "too_large")
    assert send(maria, b"%PDF-1.7" + b"\0" * (2 * 1024 * 1024), number).status_code == 413


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"file": None}, "file"),
        ({"file": "not a file"}, "file"),
        ({"title": None}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"type": "song"}, "type"),
        ({"type": None}, "type"),
        ({"category_id": "999"}, "category_id"),
        ({"category_id": str(10**30)}, "category_id"),
        ({"category_id": "fizika"}, "category_id"),
        ({"tags": [f"t{n}" for n in range(16)]}, "tags"),
        ({"allow_duplicate": "perhaps"}, "allow_duplicate"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_incomplete_forms_are_refused_by_field(
    app: Flask,
    program: ProgramOf,
    category: int,
    tmp_path: Path,
    changes: dict[str, Any],
    field: str,
) -> None:
    answer = send(program("maria"), pdf(tmp_path), category, **changes)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json["errors"]]
    assert count(app) == 0
    data_dir = Path(app.extensions["edu.settings"].data_dir)
    assert not list((data_dir / "incoming").glob("*"))
    assert not [p for p in (data_dir / "storage").rglob("*") if p.is_file()]


def test_docx_is_taken_too(program: ProgramOf, category: int, tmp_path: Path) -> None:
    content = write_docx(tmp_path / "notes.docx").read_bytes()
    answer = send(program("maria"), content, category, "notes.docx")
    assert answer.status_code == 201
    assert answer.json["file"]["media_type"].endswith("wordprocessingml.document")
