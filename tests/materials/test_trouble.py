"""A full disk, a busy database: what still works, and what is told."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.extensions import db, settings
from edu.materials import service
from edu.materials.models import Material
from edu.storage.incoming import HashingFile
from edu.storage.local import LocalStorage
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import get_material, make_category, make_material, send_file

HTMX = {"HX-Request": "true"}
FULL = "The server&#39;s disk is full. Tell the administrator."
SHORT = "This site is short of disk space and takes no files just now."


# A view that cannot be counted ----------------------------------------------------------------


@pytest.mark.parametrize("when", ["count", "commit"])
def test_a_page_is_shown_though_its_view_is_not_counted(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material_id = make_material(people["alice"], title="Ряды").id
    client = sign_in(any_app.test_client(), "charlie")

    def fail(*_arguments: object) -> bool:
        raise OperationalError("UPDATE", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        if when == "count":
            patch.setattr(service, "count_view", fail)
        else:
            patch.setattr(db.session, "commit", fail)
        response = client.get(f"/materials/{material_id}")
    assert response.status_code == 200
    assert "Ряды" in response.text
    assert "<dt>Views</dt><dd>0</dd>" in response.text
    client.get(f"/materials/{material_id}")
    with any_app.app_context():
        assert get_material(material_id).views == 1


# A full disk ----------------------------------------------------------------------------------


@pytest.fixture
def guarded(make_app: MakeApp) -> Flask:
    """The application as a server runs it: what nobody expects is a page with 500."""
    app = make_app()
    app.config.update(WTF_CSRF_ENABLED=False, TESTING=False, PROPAGATE_EXCEPTIONS=False)
    make_people(app)
    return app


@pytest.fixture
def subject_id(guarded: Flask) -> int:
    with guarded.app_context():
        return make_category().id


def raising(number: int) -> Callable[..., Any]:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(number, "no such luck", "/srv/secret/path")

    return fail


def send_by_program(app: Flask, subject_id: int, path: Path) -> TestResponse:
    """Maria's upload through the API."""
    with app.app_context():
        maria = db.session.query(User).filter_by(email="maria@example.org").one()
        head = {"Authorization": f"Bearer {issue_token(maria)}"}
    form = {
        "file": FileStorage(io.BytesIO(path.read_bytes()), path.name),
        "title": "Ряды",
        "type": "lecture",
        "category_id": str(subject_id),
    }
    return app.test_client().post("/api/materials", data=form, headers=head)


def assert_nothing_kept(app: Flask) -> None:
    with app.app_context():
        assert db.session.query(Material).count() == 0
        assert list((settings().data_dir / "incoming").glob("*")) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("where", ["storage", "arriving"])
def test_a_full_disk_is_a_sentence(
    guarded: Flask,
    subject_id: int,
    pdf_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    where: str,
) -> None:
    part, name = (LocalStorage, "save") if where == "storage" else (HashingFile, "write")
    monkeypatch.setattr(part, name, raising(number))
    alice = sign_in(guarded.test_client(), "alice")
    page = send_file(alice, subject_id, pdf_file)
    assert page.status_code == 503
    assert FULL in page.text
    assert "<html" in page.text
    alice.environ_base["HTTP_HX_REQUEST"] = "true"
    fragment = send_file(alice, subject_id, pdf_file)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (503, "#toasts")
    assert FULL in fragment.text
    assert "<html" not in fragment.text
    answer = send_by_program(guarded, subject_id, pdf_file)
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.json
    assert answer.json["code"] == "unavailable"
    assert answer.json["detail"] == "The server's disk is full. Tell the administrator."
    for response in (page, fragment, answer):
        assert "/srv/secret" not in response.text
    assert_nothing_kept(guarded)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENOENT])
def test_other_faults_of_the_system_are_ours(
    guarded: Flask,
    subject_id: int,
    pdf_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    monkeypatch.setattr(LocalStorage, "save", raising(number))
    page = send_file(sign_in(guarded.test_client(), "alice"), subject_id, pdf_file)
    answer = send_by_program(guarded, subject_id, pdf_file)
    assert (page.status_code, answer.status_code) == (500, 500)
    assert answer.content_type == "application/problem+json"
    for response in (page, answer):
        assert "disk" not in response.text
        assert "/srv/secret" not in response.text
    assert_nothing_kept(guarded)


# Room that is kept ----------------------------------------------------------------------------


class Unread(io.BytesIO):
    """A body that nobody should touch."""

    def read(self, *_arguments: Any) -> bytes:
        raise AssertionError("the body was read")

    readinto = readline = read  # type: ignore[assignment]  # all the ways to read it


def send_unread(client: FlaskClient, path: str, length: int, **headers: str) -> TestResponse:
    """Announce an upload of so many bytes."""
    return client.post(
        path,
        content_type="multipart/form-data; boundary=cut",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)},
        headers=headers,
    )


def test_without_room_no_file_is_taken(make_app: MakeApp) -> None:
    app = make_app(min_free_bytes=2**60)
    people = make_people(app)
    alice = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    sign_in(alice, "alice")
    app.config["WTF_CSRF_ENABLED"] = True
    page = send_unread(alice, "/upload", 1000)
    assert page.status_code == 503
    assert SHORT in page.text
    fragment = send_unread(alice, "/upload", 1000, **HTMX)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (503, "#toasts")
    with app.app_context():
        token = issue_token(db.session.get_one(User, people["maria"]))
    head = {"Authorization": f"Bearer {token}"}
    answer = send_unread(app.test_client(), "/api/materials", 1000, **head)
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.json
    assert answer.json["detail"] == SHORT
    # Everything else goes on.
    assert alice.get("/upload").status_code == 200
    assert alice.get("/search").status_code == 200


def test_a_body_counts_against_the_room_before_it_comes(make_app: MakeApp) -> None:
    app = make_app(MIN_FREE_MB="0", MAX_UPLOAD_MB="100")
    app.config["WTF_CSRF_ENABLED"] = False
    make_people(app)
    alice = sign_in(app.test_client(), "alice")
    response = send_unread(alice, "/upload", 2**60)
    assert (response.status_code, SHORT in response.text) == (503, True)
