"""The product on each storage: uploads, reading, who sends the bytes, and troubles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, settings, storage
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.site.delivery import deliver_stream
from edu.site.requests import CSP
from edu.site.startup import StartRefused, check_start
from edu.storage.base import original_key, stream_key, thumbnail_key
from edu.storage.local import LocalStorage
from edu.streams.models import Stream, StreamStatus
from jobs.materials import process_material
from jobs.streams import make_stream
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import (
    PDF_TEXT,
    make_category,
    make_material,
    material_id_of,
    put_bytes,
    send_file,
)
from tests.storage.conftest import documented_cors
from tests.storage.standin import StandIn
from tests.storage.test_s3 import fetch

CONTENT = bytes(range(256)) * 2000
VIDEO: dict[str, Any] = {"content": CONTENT, "kind": "video", "title": "Лекция №1"}


def moderator(app: Flask) -> FlaskClient:
    """Maria's browser, and a subject."""
    make_people(app)
    with app.app_context():
        make_category()
    return sign_in(app.test_client(), "maria")


def test_an_upload_is_read_and_given_back(product: Flask, pdf_file: Path) -> None:
    maria = moderator(product)
    with product.app_context():
        subject = make_category().id
    number = material_id_of(send_file(maria, subject, pdf_file))
    with product.app_context():
        material = db.session.get_one(Material, number)
        assert (material.status, material.error) == (MaterialStatus.ACTIVE, "")
        assert PDF_TEXT in material.passages[0].text
        keys = {original_key(material.file.sha256), thumbnail_key(material.file.sha256)}
        assert {found.key for found in storage().list_keys()} == keys
        for name in ("incoming", "work"):
            assert not list((settings().data_dir / name).glob("*"))
    content, stranger = pdf_file.read_bytes(), product.test_client()
    address = f"/materials/{number}/file"
    assert stranger.get(address).data == content
    part = stranger.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"
    picture = stranger.get(f"/materials/{number}/thumbnail")
    assert (picture.mimetype, picture.data[:4]) == ("image/webp", b"RIFF")
    with stranger.get(address, headers={"Range": f"bytes={len(content)}-"}) as beyond:
        assert beyond.status_code == 416


def test_what_the_browser_has_is_not_read_again(product: Flask) -> None:
    people = make_people(product)
    with product.app_context():
        address = f"/materials/{make_material(people['alice'], **VIDEO).id}/file"
    client = product.test_client()
    etag = client.get(address).headers["ETag"]
    for headers in ({}, {"Range": "bytes=0-9"}):
        again = client.get(address, headers={"If-None-Match": etag, **headers})
        assert (again.status_code, again.data) == (304, b"")
    head = client.head(address)
    assert (head.status_code, head.content_length, head.data) == (200, len(CONTENT), b"")
    fresh = client.get(address, headers={"Range": "bytes=5-9", "If-Range": etag})
    assert (fresh.status_code, fresh.data) == (206, CONTENT[5:10])
    stale = client.get(address, headers={"Range": "bytes=5-9", "If-Range": '"old"'})
    assert (stale.status_code, stale.data) == (200, CONTENT)


def test_lost_bytes_are_not_found(product: Flask) -> None:
    people = make_people(product)
    with product.app_context():
        material = make_material(people["alice"], **VIDEO)
        address = f"/materials/{material.id}/file"
        storage().delete(original_key(material.file.sha256))
    client = product.test_client()
    assert client.get(address).status_code == 404
    assert client.head(address).status_code == 404


# Redirects -------------------------------------------------------------------------------------


@pytest.fixture
def far_app(make_app: MakeApp, standin: StandIn) -> Flask:
    """The application that sends browsers to the bucket."""
    app = make_app(**standin.env(STORAGE="s3", S3_PRESIGN_S="60"))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_a_browser_is_sent_to_the_bucket(far_app: Flask, standin: StandIn) -> None:
    people = make_people(far_app)
    with far_app.app_context():
        number = make_material(people["alice"], **VIDEO).id
    answer = far_app.test_client().get(f"/materials/{number}/file?download=1")
    assert answer.status_code == 302
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Location"].startswith(standin.url)
    status, content, headers = fetch(answer.headers["Location"], Range="bytes=256-511")
    assert (status, content) == (206, CONTENT[256:512])
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%D0%9B" in headers["Content-Disposition"]
    picture = far_app.test_client().get(f"/materials/{number}/thumbnail")
    assert fetch(picture.headers["Location"])[1] == b"RIFF picture"
    head = far_app.test_client().head(f"/materials/{number}/file")
    assert (head.status_code, head.content_length) == (200, len(CONTENT))


def test_the_check_tells_what_the_bucket_keeps_from_pages(far_app: Flask, standin: StandIn) -> None:
    def check() -> str:
        answer = far_app.test_cli_runner().invoke(args=["storage", "check"])
        assert answer.exit_code == 0
        return answer.output.partition("CORS: ")[2]

    people, site = make_people(far_app), far_app.extensions["edu.settings"].site_url
    assert check() == ""  # nothing is there to be asked for
    with far_app.app_context():
        make_material(people["alice"], **VIDEO)
    assert "cannot read" in check()
    standin.cors = documented_cors(site)
    assert check() == "fine\n"
    for name, value in (
        ("AllowedOrigins", ["https://elsewhere.example"]),
        ("AllowedHeaders", ["x-other"]),
        ("ExposeHeaders", ["Content-Length"]),
    ):
        standin.cors = [rule | {name: value} for rule in documented_cors(site)]
        assert f"  {name}" in check()


def test_nobody_is_sent_to_what_they_may_not_see(far_app: Flask) -> None:
    people = make_people(far_app)
    with far_app.app_context():
        pending = make_material(people["alice"], MaterialStatus.PENDING, **VIDEO).id
    charlie = sign_in(far_app.test_client(), "charlie")
    for part in ("file", "thumbnail"):
        answer = charlie.get(f"/materials/{pending}/{part}")
        assert answer.status_code == 404
        assert "Location" not in answer.headers


def test_playlists_come_from_the_site_and_segments_from_the_bucket(far_app: Flask) -> None:
    people = make_people(far_app)
    with far_app.app_context():
        file = make_material(people["alice"], **VIDEO).file
        put_bytes(b"#EXTM3U", stream_key(file.sha256, "720/index.m3u8"))
        put_bytes(b"segment", stream_key(file.sha256, "720/00000.m4s"))
        with far_app.test_request_context():
            playlist = deliver_stream(file, "720/index.m3u8")
            segment = deliver_stream(file, "720/00000.m4s")
        playlist.direct_passthrough = False
        assert (playlist.status_code, playlist.data) == (200, b"#EXTM3U")
        assert segment.status_code == 302
        _status, content, headers = fetch(segment.headers["Location"])
        assert (content, headers["Content-Type"]) == (b"segment", "video/iso.segment")


def test_the_policy_names_the_bucket_only_where_browsers_are_sent_there(
    far_app: Flask, product: Flask, standin: StandIn
) -> None:
    policy = far_app.test_client().get("/").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    near = dict(rule.split(" ", 1) for rule in CSP.split("; "))
    for name in ("img-src", "media-src", "connect-src"):
        assert standin.url in rules.pop(name).split()
        near.pop(name)
    assert rules == near
    assert product.test_client().get("/").headers["Content-Security-Policy"] == CSP


# Front servers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "header", "start"),
    [
        ({"SENDFILE_HEADER": "x-accel-redirect"}, "X-Accel-Redirect", "/_storage/files/"),
        (
            {"SENDFILE_HEADER": "x-accel-redirect", "SENDFILE_PREFIX": "/inner"},
            "X-Accel-Redirect",
            "/inner/files/",
        ),
        ({"SENDFILE_HEADER": "x-sendfile"}, "X-Sendfile", "{data}/storage/files/"),
    ],
)
def test_the_front_server_sends_the_file(
    make_app: MakeApp, env: dict[str, str], header: str, start: str
) -> None:
    app = make_app(**env)
    people = make_people(app)
    with app.app_context():
        material = make_material(people["alice"], **VIDEO)
        pending = make_material(people["alice"], MaterialStatus.PENDING, content=b"%PDF-x").id
        address, sha256 = f"/materials/{material.id}/file", material.file.sha256
        start = start.format(data=settings().data_dir)
        file = storage().file_of(original_key(sha256))
        assert file
    answer = app.test_client().get(address, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers[header] == f"{start}{sha256[:2]}/{sha256[2:4]}/{sha256}"
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert header not in app.test_client().get(f"/materials/{pending}/file").headers
    # Its account reads by its group, which nobody else is in.
    assert file.stat().st_mode & 0o777 == 0o640
    assert {parent.stat().st_mode & 0o777 for parent in file.parents[:4]} == {0o750}


def test_without_a_front_server_nobody_else_reads_the_files(app: Flask) -> None:
    people = make_people(app)
    with app.app_context():
        file = storage().file_of(original_key(make_material(people["alice"]).file.sha256))
        assert file
        assert file.stat().st_mode & 0o077 == 0
        assert isinstance(storage(), LocalStorage)


# Troubles --------------------------------------------------------------------------------------


@pytest.fixture
def s3_app(make_app: MakeApp, standin: StandIn) -> Flask:
    """The application on the bucket, every byte by way of the site."""
    app = make_app(**standin.env(STORAGE="s3"))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_a_storage_that_does_not_answer_is_told_to_people(
    s3_app: Flask, standin: StandIn, pdf_file: Path
) -> None:
    maria = moderator(s3_app)
    with s3_app.app_context():
        subject = make_category().id
        address = f"/materials/{make_material(1, **VIDEO).id}/file"
    standin.failing = 10**6
    for answer in (maria.get(address), send_file(maria, subject, pdf_file)):
        assert answer.status_code == 503
        assert "The storage of files does not answer just now" in answer.text
    with s3_app.app_context():
        assert db.session.query(StoredFile).count() == 1
        assert not list((settings().data_dir / "incoming").iterdir())
    ready = s3_app.test_client().get("/readyz")
    assert (ready.status_code, ready.json and ready.json["storage"]) == (503, "failed")
    standin.failing = 0
    assert s3_app.test_client().get("/readyz").status_code == 200


def test_a_file_waits_for_the_storage_without_losing_an_attempt(
    s3_app: Flask, standin: StandIn, pdf_file: Path
) -> None:
    people = make_people(s3_app)
    with s3_app.app_context():
        content = pdf_file.read_bytes()
        made = make_material(people["maria"], MaterialStatus.PROCESSING, content=content)
        number = made.id
        standin.failing = 10**6
        for _n in range(4):
            process_material(number)
        material = db.session.get_one(Material, number, populate_existing=True)
        assert (material.status, material.attempts) == (MaterialStatus.PROCESSING, 0)
        assert (material.claim, material.heartbeat_at) == ("", None)
        standin.failing = 0
        process_material(number)
        material = db.session.get_one(Material, number, populate_existing=True)
        assert material.status == MaterialStatus.ACTIVE


def test_a_video_waits_for_the_storage_too(s3_app: Flask, standin: StandIn) -> None:
    people = make_people(s3_app)
    with s3_app.app_context():
        file_id = make_material(people["maria"], **VIDEO).file_id
        db.session.add(Stream(file_id=file_id))
        db.session.commit()
        standin.failing = 10**6
        for _n in range(4):
            make_stream(file_id)
        stream = db.session.get_one(Stream, file_id, populate_existing=True)
        assert (stream.status, stream.attempts) == (StreamStatus.WAITING, 0)
        assert (stream.claim, stream.heartbeat_at) == ("", None)


def test_a_key_that_opens_nothing_forbids_the_start(make_app: MakeApp, standin: StandIn) -> None:
    wrong = standin.env(STORAGE="s3") | {"S3_SECRET_ACCESS_KEY": "wrong-secret"}
    with make_app(**wrong).app_context(), pytest.raises(StartRefused, match="S3_BUCKET") as caught:
        check_start()
    assert "wrong-secret" not in str(caught.value)


def test_a_silent_storage_does_not_forbid_the_start(
    s3_app: Flask, standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    standin.failing = 10**6
    with s3_app.app_context():
        check_start()
    assert "does not answer" in caplog.text


def test_presigned_addresses_lie_at_the_origin_of_the_policy(far_app: Flask) -> None:
    with far_app.app_context():
        address = storage().presign("files/x", media_type="a/b", disposition="inline")
        assert address
        parts = urlsplit(address)
        assert storage().origin() == f"{parts.scheme}://{parts.netloc}"
        assert re.search("X-Amz-Expires=60(&|$)", parts.query)
