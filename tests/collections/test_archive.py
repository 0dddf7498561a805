"""Collections as one ZIP."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.accounts.models import User
from edu.collections import service
from edu.collections.models import Visibility
from edu.extensions import db, storage
from edu.materials.models import MaterialStatus
from edu.storage.archive import Member, make_archive, safe_name
from edu.storage.base import original_key
from edu.storage.local import LocalStorage
from tests.conftest import sign_in
from tests.samples import make_material

People = dict[str, int]


@pytest.fixture
def key(app: Flask, people: People) -> str:
    """Alice's collection by link: a PDF, her own pending DOCX, a video, and one PDF once more."""
    with app.app_context():
        alice = db.session.get_one(User, people["alice"])
        collection = service.create_collection(alice, "К экзамену", visibility=Visibility.LINK)
        maria = people["maria"]
        for material in (
            make_material(maria, title="Ряды: 1/2", content=b"%PDF-1.7 one"),
            make_material(alice.id, MaterialStatus.PENDING, title="Черновик", kind="docx"),
            make_material(maria, title="../../etc/passwd", kind="video", content=b"film"),
            make_material(maria, title="Ряды: 1/2", content=b"%PDF-1.7 one"),
        ):
            service.add_item(alice, collection, material)
        db.session.commit()
        return collection.key


def unzip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_files_come_in_order_under_safe_and_unique_names(client: FlaskClient, key: str) -> None:
    answer = client.get(f"/collections/{key}/zip")
    assert answer.mimetype == "application/zip"
    assert answer.content_length == len(answer.data)
    name = "%D0%9A%20%D1%8D%D0%BA%D0%B7%D0%B0%D0%BC%D0%B5%D0%BD%D1%83.zip"
    assert answer.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{name}")
    files = unzip(answer.data)
    assert list(files) == ["01 Ряды 1 2.pdf", "02 etc passwd.mp4", "03 Ряды 1 2.pdf"]
    assert files["01 Ряды 1 2.pdf"] == b"%PDF-1.7 one"
    assert files["02 etc passwd.mp4"] == b"film"


def test_the_owner_gets_what_the_owner_may_see(client: FlaskClient, key: str) -> None:
    files = unzip(sign_in(client, "alice").get(f"/collections/{key}/zip").data)
    assert list(files)[1] == "02 Черновик.docx"
    assert len(files) == 4


def test_bytes_that_are_gone_are_left_out(app: Flask, client: FlaskClient, key: str) -> None:
    with app.app_context():
        lost = next(m for m in service.list_archive(None, service.get_collection(None, key)))
        storage().delete(lost.key)
    assert list(unzip(client.get(f"/collections/{key}/zip").data)) == ["02 etc passwd.mp4"]


def test_too_much_is_refused_with_a_sentence(
    client: FlaskClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_ARCHIVE_FILES", 2)
    refused = client.get(f"/collections/{key}/zip")
    assert refused.status_code == 409
    assert "at most 2 files" in refused.text
    monkeypatch.setattr(service, "MAX_ARCHIVE_FILES", 3)
    assert client.get(f"/collections/{key}/zip").status_code == 200
    monkeypatch.setattr(service, "MAX_ARCHIVE_BYTES", 2 * len(b"%PDF-1.7 one") + 4)
    assert client.get(f"/collections/{key}/zip").status_code == 200
    monkeypatch.setattr(service, "MAX_ARCHIVE_BYTES", 2 * len(b"%PDF-1.7 one") + 3)
    refused = client.get(f"/collections/{key}/zip")
    assert refused.status_code == 409
    assert "larger than 2 GB" in refused.text


def test_an_empty_collection_has_no_archive(app: Flask, client: FlaskClient, key: str) -> None:
    with app.app_context():
        alice = service.get_collection(None, key).user
        empty = service.create_collection(alice, "Empty", visibility=Visibility.LINK).key
        db.session.commit()
    assert client.get(f"/collections/{empty}/zip").status_code == 409


def test_the_archive_is_never_in_memory_whole(tmp_path: Path) -> None:
    size, number = 8 * 1024**2, 4
    storage = LocalStorage(tmp_path)
    members = []
    for n in range(number):
        source = tmp_path / "source"
        source.write_bytes(bytes([n]) * size)
        storage.save(source, original_key(f"{n:064}"))
        members.append(Member(f"{n}.pdf", original_key(f"{n:064}"), size))
    tracemalloc.start()
    length, content = make_archive(storage, members)
    sent = sum(len(part) for part in content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent == length > number * size
    assert peak < size / 2


def test_a_broken_off_download_closes_the_file(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    source = tmp_path / "source"
    source.write_bytes(b"x" * 1024**2)
    storage.save(source, "a/file")
    _length, content = make_archive(storage, [Member("a.pdf", "a/file", 1024**2)])
    next(content)
    next(content)
    content.close()  # type: ignore[attr-defined]  # a generator; an open file would warn, and fail


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ряды Фурье", "Ряды Фурье"),
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"),
        ("line\nbreak\ttab\u202eexe.pdf", "line break tab exe.pdf"),
        ("..", "file"),
        (" . ", "file"),
        ("ж" * 300, "ж" * 100),
        ("🎓" * 300, "🎓" * 50),
        ("я" + "a" * 300, "я" + "a" * 198),
    ],
)
def test_names_are_safe_everywhere(title: str, name: str) -> None:
    assert safe_name(title) == name
