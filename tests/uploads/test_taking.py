"""From an upload that has arrived to a material: the form names it in place of a file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.api.security import issue_token
from edu.extensions import db, storage
from edu.materials.models import Material
from edu.storage.base import original_key
from tests.samples import make_category, make_material, material_id_of, upload_form
from tests.uploads.conftest import Sender, change_row, count_rows, files_of, path_of, sender_in


def post(sender: Sender, subject: int, upload_id: str, **changes: Any) -> TestResponse:
    form = {**upload_form(subject), "upload": upload_id, **changes}
    return sender.client.post("/upload", data=form)


def test_an_upload_becomes_a_material(
    app: Flask, alice: Sender, subject: int, pdf_file: Path
) -> None:
    data = pdf_file.read_bytes()
    upload_id = alice.sent(data, "Ряды.pdf")
    material_id = material_id_of(post(alice, subject, upload_id))
    with app.app_context():
        file = db.session.get_one(Material, material_id).file
        assert (file.name, file.size) == ("Ряды.pdf", len(data))
        assert file.sha256 == hashlib.sha256(data).hexdigest()
        with storage().open(original_key(file.sha256)) as stream:
            assert stream.read() == data
    assert (count_rows(app), files_of(app)) == (0, [])


def test_a_hash_that_was_never_made_is_made_then(
    app: Flask, alice: Sender, subject: int, pdf_file: Path
) -> None:
    upload_id = alice.sent(pdf_file.read_bytes())
    change_row(app, upload_id, sha256="")
    material_id = material_id_of(post(alice, subject, upload_id))
    with app.app_context():
        digest = hashlib.sha256(pdf_file.read_bytes()).hexdigest()
        assert db.session.get_one(Material, material_id).file.sha256 == digest


def test_what_has_not_arrived_whole_waits(app: Flask, alice: Sender, subject: int) -> None:
    upload_id = alice.made(9)
    alice.send(upload_id, 0, b"%PDF-")
    answer = post(alice, subject, upload_id)
    assert answer.status_code == 422
    assert "The file has not arrived whole" in answer.text
    assert alice.look(upload_id).headers["Upload-Offset"] == "5"


def test_nobody_takes_anothers_upload(
    app: Flask, alice: Sender, charlie: Sender, subject: int, pdf_file: Path
) -> None:
    upload_id = alice.sent(pdf_file.read_bytes())
    answer = post(charlie, subject, upload_id)
    assert answer.status_code == 422
    assert "Too much time has passed" in answer.text
    assert alice.look(upload_id).headers["Upload-Offset"] == str(pdf_file.stat().st_size)


def test_a_form_removes_nothing_but_the_persons_own_uploads(
    app: Flask, alice: Sender, charlie: Sender, subject: int, tmp_path: Path, pdf_file: Path
) -> None:
    upload_id = alice.sent(pdf_file.read_bytes())
    beside, outside = tmp_path / "data" / "beside", tmp_path / "outside"
    for path in (beside, outside):
        path.write_text("kept")
    for named in ("../beside", "../edu.db", f"./{upload_id}", str(outside), upload_id):
        assert post(charlie, subject, named).status_code == 422
    assert post(alice, subject, f"./{upload_id}").status_code == 422
    assert beside.exists()
    assert outside.exists()
    assert (tmp_path / "data" / "edu.db").exists()
    assert alice.look(upload_id).headers["Upload-Offset"] == str(pdf_file.stat().st_size)


def test_bytes_that_come_in_place_of_lost_ones_have_a_hash_of_their_own(
    app: Flask, alice: Sender, subject: int, pdf_file: Path
) -> None:
    data = pdf_file.read_bytes()
    upload_id = alice.sent(data)
    path_of(app, upload_id).unlink()
    assert alice.look(upload_id).headers["Upload-Offset"] == "0"
    other = data[:-1] + bytes([data[-1] ^ 1])
    assert alice.send(upload_id, 0, other).status_code == 204
    material_id = material_id_of(post(alice, subject, upload_id))
    with app.app_context():
        file = db.session.get_one(Material, material_id).file
        assert file.sha256 == hashlib.sha256(other).hexdigest()


def test_a_form_with_a_mistake_is_sent_again_without_the_file(
    app: Flask, alice: Sender, subject: int, pdf_file: Path
) -> None:
    upload_id = alice.sent(pdf_file.read_bytes())
    assert post(alice, subject, upload_id, title="").status_code == 422
    material_id_of(post(alice, subject, upload_id))
    assert count_rows(app) == 0


def test_a_refused_file_is_forgotten(app: Flask, alice: Sender, subject: int) -> None:
    upload_id = alice.sent(b"<html>no PDF</html>")
    answer = post(alice, subject, upload_id)
    assert answer.status_code == 422
    assert re.search(r'id="file-errors"[^>]*>[^<]+<', answer.text)
    assert (count_rows(app), files_of(app)) == (0, [])


def test_a_known_file_is_asked_about(
    app: Flask, alice: Sender, subject: int, pdf_file: Path
) -> None:
    material_id_of(post(alice, subject, alice.sent(pdf_file.read_bytes())))
    question = post(alice, subject, alice.sent(pdf_file.read_bytes()))
    assert question.status_code == 422
    token = re.search(r'name="token" value="([^"]+)"', question.text)
    assert token
    assert (count_rows(app), files_of(app)) == (0, [])
    material_id_of(post(alice, subject, "", token=token[1]))


def test_the_person_may_fill_the_quota_to_the_brim(make_app: Any, pdf_file: Path) -> None:
    data = pdf_file.read_bytes() + b" " * (1024 * 1024 - pdf_file.stat().st_size)
    app, alice = sender_in(make_app, UPLOAD_QUOTA_MB="1")
    with app.app_context():
        subject = make_category().id
    material_id_of(post(alice, subject, alice.sent(data)))
    with pdf_file.open("rb") as file:
        form = {**upload_form(subject), "file": file}
        refused = alice.client.post("/upload", data=form)
    assert refused.status_code == 422
    assert "You have room for" in refused.text
    assert (app.extensions["edu.settings"].data_dir / "incoming").exists()


@pytest.mark.parametrize("who", ["alice"])
def test_a_file_is_replaced_by_an_upload(
    app: Flask, who: str, alice: Sender, subject: int, pdf_file: Path
) -> None:
    material_id = material_id_of(post(alice, subject, alice.sent(pdf_file.read_bytes())))
    newer = pdf_file.read_bytes() + b"\n"
    upload_id = alice.sent(newer, "newer.pdf")
    answer = alice.client.post(f"/materials/{material_id}/replace", data={"upload": upload_id})
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.get_one(Material, material_id).file.name == "newer.pdf"
    assert (count_rows(app), path_of(app, upload_id).exists()) == (0, False)


def test_a_script_names_its_upload(app: Flask, people: dict[str, int], pdf_file: Path) -> None:
    with app.app_context():
        subject = make_category().id
        token = issue_token(db.session.get_one(User, people["maria"]))
    script = Sender(app.test_client())
    script.headers["Authorization"] = f"Bearer {token}"
    upload_id = script.sent(pdf_file.read_bytes(), "series.pdf")
    form = {"title": "Ряды", "type": "lecture", "category_id": str(subject)}
    headers = {"Authorization": f"Bearer {token}"}
    nothing = script.client.post("/api/materials", data=form, headers=headers)
    assert nothing.status_code == 422
    form["upload_id"] = upload_id
    answer: Any = script.client.post("/api/materials", data=form, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json["file"]["name"] == "series.pdf"
    assert (count_rows(app), files_of(app)) == (0, [])
    again = script.client.post("/api/materials", data=form, headers=headers)
    assert again.status_code == 422


def test_a_script_replaces_a_file_by_its_upload(
    app: Flask, people: dict[str, int], pdf_file: Path
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"]).id
        token = issue_token(db.session.get_one(User, people["maria"]))
    script = Sender(app.test_client())
    script.headers["Authorization"] = f"Bearer {token}"
    upload_id = script.sent(pdf_file.read_bytes(), "newer.pdf")
    address, headers = (
        f"/api/materials/{material_id}/versions",
        {"Authorization": f"Bearer {token}"},
    )
    nothing = script.client.post(address, data={"upload_id": ""}, headers=headers)
    assert nothing.status_code == 422
    answer: Any = script.client.post(address, data={"upload_id": upload_id}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json["file"]["name"] == "newer.pdf"
    assert (count_rows(app), files_of(app)) == (0, [])
    again: Any = script.client.post(address, data={"upload_id": upload_id}, headers=headers)
    assert (again.status_code, again.json["code"]) == (422, "gone")
