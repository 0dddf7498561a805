"""The tus protocol, request by request."""

from __future__ import annotations

import hashlib
import shutil
from base64 import b64encode
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, utcnow
from edu.uploads import service
from edu.uploads.models import Upload
from tests.conftest import MakeApp
from tests.uploads.conftest import (
    PIECE_TYPE,
    Sender,
    change_row,
    count_rows,
    files_of,
    path_of,
    sender_in,
)

DATA = bytes(range(256)) * 8


def test_options_tell_what_the_server_can(client: FlaskClient) -> None:
    answer = client.options("/files/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,checksum,expiration"
    assert answer.headers["Tus-Max-Size"] == str(500 * 1024 * 1024)
    assert {"sha1", "sha256"} <= set(answer.headers["Tus-Checksum-Algorithm"].split(","))


def test_a_file_arrives_in_pieces(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(len(DATA), "Лекция 1.pdf")
    assert alice.look(upload_id).headers["Upload-Offset"] == "0"
    first = alice.send(upload_id, 0, DATA[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    seen = alice.look(upload_id)
    assert seen.status_code == 200
    assert (seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == ("1000", "2048")
    assert seen.headers["Cache-Control"] == "no-store"
    assert alice.send(upload_id, 1000, DATA[1000:]).headers["Upload-Offset"] == "2048"
    assert path_of(app, upload_id).read_bytes() == DATA
    with app.app_context():
        upload = db.session.get_one(Upload, upload_id)
        assert upload.name == "Лекция 1.pdf"
        assert upload.sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("offset", ["1", "999999", "-1", "x", ""])
def test_a_piece_that_begins_elsewhere_is_refused(app: Flask, alice: Sender, offset: str) -> None:
    upload_id = alice.made(9)
    answer = alice.send(upload_id, 0, b"123", Upload_Offset=offset)
    assert answer.status_code == (409 if offset.isdigit() else 400)
    assert path_of(app, upload_id).read_bytes() == b""


def test_a_piece_of_another_type_is_refused(alice: Sender) -> None:
    upload_id = alice.made(9)
    assert alice.send(upload_id, 0, b"123", Content_Type="text/plain").status_code == 415


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_refused(alice: Sender, version: str) -> None:
    upload_id = alice.made(9)
    alice.headers = {"Tus-Resumable": version}
    for answer in (alice.create(9), alice.look(upload_id), alice.send(upload_id, 0, b"1")):
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("size", ["", "-3", "1e9", "٣", "9" * 30])
def test_a_length_that_is_no_number_is_refused(app: Flask, alice: Sender, size: str) -> None:
    assert alice.create(size).status_code == 400
    assert count_rows(app) == 0


@pytest.mark.parametrize("told", ["filename ?", "filename /w==", "x" * 5000])
def test_metadata_that_cannot_be_read_is_refused(alice: Sender, told: str) -> None:
    assert alice.create(9, Upload_Metadata=told).status_code == 400


def test_a_name_loses_folders_and_control_characters(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9, "..\\..\\etc/\u202efdp.\x00notes.pdf")
    with app.app_context():
        assert db.session.get_one(Upload, upload_id).name == "fdp.notes.pdf"


def test_more_than_was_announced_is_refused(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(4)
    assert alice.send(upload_id, 0, b"12345").status_code == 413
    assert path_of(app, upload_id).read_bytes() == b""
    assert alice.send(upload_id, 0, b"1234").status_code == 204
    assert alice.send(upload_id, 4, b"5").status_code == 413
    assert alice.send(upload_id, 4, b"").status_code == 204


def test_a_large_body_is_counted_piece_by_piece(
    app: Flask, alice: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PIECE_BYTES", 500)
    counted: list[int] = []
    append = service.append_piece

    def note(*arguments: object) -> int:
        counted.append(append(*arguments))  # type: ignore[arg-type]  # passed on as they came
        return counted[-1]

    monkeypatch.setattr(service, "append_piece", note)
    upload_id = alice.sent(DATA)
    assert counted == [500, 1000, 1500, 2000, 2048]
    assert path_of(app, upload_id).read_bytes() == DATA


# Checksums ------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_checksum_is_compared(app: Flask, alice: Sender, algorithm: str) -> None:
    upload_id = alice.made(len(DATA))
    good = b64encode(hashlib.new(algorithm, DATA[:9]).digest()).decode()
    damaged = alice.send(upload_id, 0, DATA[1:10], Upload_Checksum=f"{algorithm} {good}")
    assert damaged.status_code == 460
    assert alice.look(upload_id).headers["Upload-Offset"] == "0"
    assert path_of(app, upload_id).read_bytes() == b""
    whole = alice.send(upload_id, 0, DATA[:9], Upload_Checksum=f"{algorithm} {good}")
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (204, "9")


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1 !", "sha1", ""])
def test_a_checksum_that_cannot_be_read_is_refused(alice: Sender, checksum: str) -> None:
    upload_id = alice.made(9)
    answer = alice.send(upload_id, 0, b"123", Upload_Checksum=checksum)
    assert answer.status_code == (460 if checksum == "sha1" else 400)
    assert alice.look(upload_id).headers["Upload-Offset"] == "0"


def test_a_piece_with_a_checksum_is_bounded(alice: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PIECE_BYTES", 100)
    upload_id = alice.made(len(DATA))
    digest = b64encode(hashlib.sha256(DATA).digest()).decode()
    assert alice.send(upload_id, 0, DATA, Upload_Checksum=f"sha256 {digest}").status_code == 413


# Ends -----------------------------------------------------------------------------------------


def test_a_cancelled_upload_leaves_nothing(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    alice.send(upload_id, 0, b"123")
    assert alice.remove(upload_id).status_code == 204
    assert (count_rows(app), files_of(app)) == (0, [])
    for answer in (alice.look(upload_id), alice.send(upload_id, 3, b"4"), alice.remove(upload_id)):
        assert answer.status_code == 404
    assert files_of(app) == []


def test_post_stands_in_for_other_methods(alice: Sender) -> None:
    upload_id = alice.made(9)
    headers = {**alice.headers, "Upload-Offset": "0", "Content-Type": PIECE_TYPE}
    headers["X-HTTP-Method-Override"] = "PATCH"
    assert alice.client.post(f"/files/{upload_id}", data=b"123", headers=headers).status_code == 204
    headers["X-HTTP-Method-Override"] = "DELETE"
    assert alice.client.post(f"/files/{upload_id}", headers=headers).status_code == 204
    assert alice.look(upload_id).status_code == 404


def test_an_upload_is_kept_for_a_day_after_the_last_piece(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    change_row(app, upload_id, touched_at=utcnow() - timedelta(hours=23))
    answer = alice.send(upload_id, 0, b"123")
    expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
    assert timedelta(hours=23, minutes=59) < expires - utcnow() <= timedelta(days=1)
    change_row(app, upload_id, touched_at=utcnow() - timedelta(hours=25))
    for late in (alice.look(upload_id), alice.send(upload_id, 3, b"456"), alice.remove(upload_id)):
        assert late.status_code == 410


def test_too_large_a_file_is_refused_in_the_persons_language(make_app: MakeApp) -> None:
    app, alice = sender_in(make_app, MAX_UPLOAD_MB="1", DEFAULT_LOCALE="en")
    answer = alice.create(1024 * 1024 + 1)
    assert answer.status_code == 413
    assert "The file is larger than" in answer.json["detail"]  # type: ignore[index]  # it is JSON
    assert alice.create(1024 * 1024).status_code == 201
    assert count_rows(app) == 1


def test_a_short_disk_takes_no_file(make_app: MakeApp) -> None:
    app, alice = sender_in(make_app, MIN_FREE_MB="1000000")
    assert alice.create(9).status_code == 413
    assert count_rows(app) == 0


def test_a_disk_that_runs_short_asks_to_come_back(
    alice: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = alice.made(9)
    nothing = type("Usage", (), {"free": 0})
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: nothing)
    assert alice.send(upload_id, 0, b"123").status_code == 503
