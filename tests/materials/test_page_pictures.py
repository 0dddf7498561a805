"""Pictures of a PDF's pages: drawn once, when asked for, within bounds."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from PIL import Image

from edu.extensions import db, settings, storage
from edu.materials import views
from edu.materials.models import Material, MaterialStatus
from edu.media import pages
from edu.media.errors import SandboxError
from edu.media.sandbox import Sandbox
from edu.storage.base import delete_keys_of, list_keys_of, page_picture_key, undrawn_key
from tests.conftest import sign_in
from tests.media import samples
from tests.samples import make_material


@pytest.fixture
def material_id(app: Flask, people: dict[str, int], tmp_path: Path) -> int:
    """Alice's PDF of one wide page, which says that it has two; in review."""
    path = samples.page_pdf(tmp_path / "a.pdf", b"0 0 100 100 re f", "0 0 842 595")
    with app.app_context():
        content, status = path.read_bytes(), MaterialStatus.PENDING
        material = make_material(people["alice"], status, content=content)
        material.file.pages = 2
        db.session.commit()
        return material.id


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the pages as they are drawn."""
    numbers: list[int] = []
    usual = pages._draw

    def count(*arguments: Any) -> None:
        numbers.append(arguments[-1])
        usual(*arguments)

    monkeypatch.setattr(pages, "_draw", count)
    return numbers


def test_a_page_is_drawn_once_for_those_who_see_it(
    app: Flask, client: FlaskClient, material_id: int, drawn: list[int]
) -> None:
    address = f"/materials/{material_id}/pages/1/picture"
    assert client.get(address).status_code == 404
    assert drawn == []
    alice = sign_in(client, "alice")
    response = alice.get(address)
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    with Image.open(io.BytesIO(response.data)) as image:
        assert image.size == pytest.approx((480, 340), abs=1)
    assert alice.get(address).data == response.data
    assert drawn == [1]
    with app.app_context():
        assert list((settings().data_dir / "work").iterdir()) == []


def test_pages_that_cannot_be_drawn_are_not_there(client: FlaskClient, material_id: int) -> None:
    alice = sign_in(client, "alice")
    for number in ("0", "2", "3", "-1", "x"):
        assert alice.get(f"/materials/{material_id}/pages/{number}/picture").status_code == 404


def test_a_page_that_cannot_be_drawn_is_tried_once(
    app: Flask, client: FlaskClient, material_id: int, drawn: list[int]
) -> None:
    alice, address = sign_in(client, "alice"), f"/materials/{material_id}/pages/2/picture"
    assert [alice.get(address).status_code for _ in range(3)] == [404] * 3
    assert drawn == [2]
    with app.app_context():
        digest = db.session.get_one(Material, material_id).file.sha256
        assert undrawn_key(digest, 2) in list_keys_of(storage(), digest)
        assert list((settings().data_dir / "work").iterdir()) == []
        with pytest.raises(pages.CannotDraw):  # the view is not the only one to know
            pages.draw_page(None, storage(), settings().data_dir / "work", digest, 2)  # type: ignore[arg-type]  # the sandbox is not asked
        delete_keys_of(storage(), digest)
        assert not pages.is_hopeless(storage(), digest, 2)


def test_a_fault_of_the_machine_is_not_remembered(
    client: FlaskClient, material_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_limits: Any) -> None:
        raise SandboxError("no process")

    alice, address = sign_in(client, "alice"), f"/materials/{material_id}/pages/1/picture"
    monkeypatch.setattr(Sandbox, "run", fail)
    assert alice.get(address).status_code == 404
    monkeypatch.undo()
    assert alice.get(address).status_code == 200


def test_strangers_see_only_what_has_been_drawn(
    app: Flask, client: FlaskClient, material_id: int, drawn: list[int]
) -> None:
    with app.app_context():
        db.session.get_one(Material, material_id).status = MaterialStatus.ACTIVE
        db.session.commit()
    address = f"/materials/{material_id}/pages/1/picture"
    response = client.get(address)
    assert response.headers["Location"] == f"/materials/{material_id}/thumbnail"
    assert drawn == []
    sign_in(app.test_client(), "alice").get(address)
    assert (client.get(address).status_code, drawn) == (200, [1])


def test_other_kinds_have_no_pages(app: Flask, client: FlaskClient, people: dict[str, int]) -> None:
    with app.app_context():
        material = make_material(people["alice"], kind="video")
        material.file.pages = 1
        db.session.commit()
        address = f"/materials/{material.id}/pages/1/picture"
    assert client.get(address).status_code == 404


def test_who_asks_for_too_many_gets_the_first_page(
    client: FlaskClient, material_id: int, monkeypatch: pytest.MonkeyPatch, drawn: list[int]
) -> None:
    monkeypatch.setattr(views, "DRAWN", parse("1 per minute"))
    alice = sign_in(client, "alice")
    assert alice.get(f"/materials/{material_id}/pages/1/picture").status_code == 200
    response = alice.get(f"/materials/{material_id}/pages/2/picture")
    assert response.headers["Location"] == f"/materials/{material_id}/thumbnail"
    # What has been drawn is not counted.
    assert alice.get(f"/materials/{material_id}/pages/1/picture").status_code == 200
    assert drawn == [1]


def test_two_that_ask_at_once_get_one_drawing(
    app: Flask, material_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, begun = [], threading.Event()

    def draw(_sandbox: Any, store: Any, work: Path, sha256: str, number: int) -> None:
        drawn.append(number)
        begun.wait(0.3)
        (work / "picture").write_bytes(b"picture")
        store.save(work / "picture", page_picture_key(sha256, number))

    monkeypatch.setattr(pages, "_draw", draw)
    monkeypatch.setattr(pages, "_PLACES", threading.BoundedSemaphore(2))
    with app.app_context():
        store, digest = storage(), "ab" * 32
    with ThreadPoolExecutor(2) as threads:
        one, other = (
            threads.submit(pages.draw_page, None, store, tmp_path / "work", digest, 1)  # type: ignore[arg-type]  # the sandbox is not asked
            for _ in range(2)
        )
        one.result()
        other.result()
    assert drawn == [1]
    assert list((tmp_path / "work").iterdir()) == []
    delete_keys_of(store, digest)
    assert not pages.is_drawn(store, digest, 1)


def test_others_are_sent_away_while_all_places_are_taken(
    app: Flask, client: FlaskClient, material_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(pages, "_PLACES", threading.BoundedSemaphore(1))
    with pages._PLACES:
        response = sign_in(client, "alice").get(f"/materials/{material_id}/pages/1/picture")
    assert response.headers["Location"] == f"/materials/{material_id}/thumbnail"
