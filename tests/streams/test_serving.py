"""The playlists and pieces of a video: who gets them, how, and what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus
from edu.media.streaming import StreamFiles
from edu.streams.models import Stream
from edu.streams.service import FAILURES
from tests.conftest import sign_in
from tests.samples import make_material
from tests.streams.conftest import give_stream, state_of

NAMES = {
    "master.m3u8": "application/vnd.apple.mpegurl",
    "90/index.m3u8": "application/vnd.apple.mpegurl",
    "90/init.mp4": "video/mp4",
    "90/00000.m4s": "video/iso.segment",
    "90/00001.m4s": "video/iso.segment",
}

STRANGE = (
    *("90/00002.m4s", "90/0.m4s", "90/00000.ts", "90/00000.m4s.part", "90/master.m3u8"),
    *("720/index.m3u8", "90/..%2fmaster.m3u8", "90/%2e%2e/master.m3u8", "90x/init.mp4"),
    *("90/000000.m4s", "90/0000٣.m4s", "99999/init.mp4", "index.m3u8", "90/init.mp4/"),
    *("90/00000.m4s%0a", "90/INIT.MP4"),
)


@pytest.fixture
def video_id(
    app: Flask, people: dict[str, int], clip: bytes, cut_clip: StreamFiles, tmp_path: Path
) -> int:
    """A published video of Alice's with its stream."""
    with app.app_context():
        material = make_material(people["alice"], content=clip, kind="video")
        give_stream(material, cut_clip, tmp_path)
        return material.id


def change(app: Flask, material_id: int, **values: object) -> None:
    """Set columns of the material, or of its stream where it has them."""
    with app.app_context():
        material = db.session.get_one(Material, material_id)
        stream = db.session.get_one(Stream, material.file_id)
        for name, value in values.items():
            if name == "stream":
                stream.status = str(value)
            else:
                setattr(stream if name in ("percent", "error") else material, name, value)
        db.session.commit()


def test_each_part_comes_with_its_type(client: FlaskClient, video_id: int) -> None:
    for name, media_type in NAMES.items():
        answer = client.get(f"/materials/{video_id}/stream/{name}")
        assert (answer.status_code, answer.mimetype) == (200, media_type), name
        assert answer.cache_control.private
        assert answer.cache_control.no_cache
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert len(answer.data) == int(answer.headers["Content-Length"]) > 0


def test_a_player_finds_everything_by_the_playlists(client: FlaskClient, video_id: int) -> None:
    def named(address: str) -> list[str]:
        text = client.get(address).text
        found = re.findall(r'^[^#\n].*|(?<=URI=")[^"]+', text, re.MULTILINE)
        return [f"{address.rpartition('/')[0]}/{name}" for name in found]

    (index,) = named(f"/materials/{video_id}/stream/master.m3u8")
    pieces = named(index)
    assert len(pieces) == 3
    video = b"".join(client.get(piece).data for piece in pieces)
    assert video[4:8] == b"ftyp"


def test_parts_of_parts_and_what_is_known_already(client: FlaskClient, video_id: int) -> None:
    address = f"/materials/{video_id}/stream/90/00000.m4s"
    whole = client.get(address)
    part = client.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, whole.data[4:8])
    same = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    other = client.get(f"/materials/{video_id}/stream/90/00001.m4s")
    assert other.headers["ETag"] != whole.headers["ETag"]


def test_no_other_name_leads_anywhere(client: FlaskClient, video_id: int) -> None:
    for name in STRANGE:
        assert client.get(f"/materials/{video_id}/stream/{name}").status_code == 404, name


@pytest.mark.parametrize("status", [MaterialStatus.PENDING, MaterialStatus.REJECTED])
def test_each_byte_is_for_those_who_may_see_the_video(
    app: Flask, video_id: int, status: MaterialStatus
) -> None:
    people = {name: sign_in(app.test_client(), name) for name in ("alice", "maria", "charlie")}
    people["stranger"] = app.test_client()
    change(app, video_id, status=status.value)
    for name in ["", *(f"/{part}" for part in NAMES)]:
        address = f"/materials/{video_id}/stream{name}"
        got = {who: browser.get(address).status_code for who, browser in people.items()}
        assert got == {"alice": 200, "maria": 200, "charlie": 404, "stranger": 404}, name
        # Neither is it told that one has the right bytes, nor given a part of them.
        headers = {"If-None-Match": people["alice"].get(address).headers.get("ETag", "*")}
        for asked in (headers, {"Range": "bytes=0-3"}):
            assert people["charlie"].get(address, headers=asked).status_code == 404


@pytest.mark.parametrize("status", ["waiting", "making", "failed"])
def test_an_unfinished_stream_is_none(
    app: Flask, client: FlaskClient, video_id: int, status: str
) -> None:
    change(app, video_id, stream=status)
    for name in NAMES:
        assert client.get(f"/materials/{video_id}/stream/{name}").status_code == 404
    page = client.get(f"/materials/{video_id}").text
    assert "data-stream=" not in page
    assert 'preload="metadata"' in page


def test_the_page_offers_stream_and_file(client: FlaskClient, video_id: int) -> None:
    page = client.get(f"/materials/{video_id}?t=5").text
    assert f'data-stream="/materials/{video_id}/stream/master.m3u8"' in page
    assert re.search(r'data-player="/static/player-[A-Z0-9]+\.js"', page)
    assert f'src="/materials/{video_id}/file#t=5"' in page
    assert 'data-begin="5"' in page
    assert 'hx-trigger="every' not in page


def test_who_waits_sees_how_far_it_is_until_it_ends(
    app: Flask, client: FlaskClient, video_id: int
) -> None:
    change(app, video_id, stream="making", percent=40)
    for address in (f"/materials/{video_id}", f"/materials/{video_id}/stream"):
        assert "Being optimised for viewing: 40 %" in client.get(address).text
    change(app, video_id, stream="waiting")
    line = client.get(f"/materials/{video_id}/stream").text
    assert "soon" in line
    assert f'hx-get="/materials/{video_id}/stream"' in line
    for end in ("ready", "failed"):
        change(app, video_id, stream=end)
        assert client.get(f"/materials/{video_id}/stream").text.split() == [
            *("<p", 'id="stream"', "hidden></p>")
        ]
    change(app, video_id, stream="ready")
    line = client.get(f"/materials/{video_id}/stream", headers={"HX-Request": "true"}).text
    assert f'hidden data-stream="/materials/{video_id}/stream/master.m3u8"' in line
    assert "hx-get" not in line


def test_of_a_rejected_video_nobody_waits_for_a_stream(app: Flask, video_id: int) -> None:
    """Nothing makes it before the video is shown again: a page that asks would ask for ever."""
    change(app, video_id, stream="waiting", status=MaterialStatus.REJECTED.value)
    page = sign_in(app.test_client(), "alice").get(f"/materials/{video_id}")
    assert page.status_code == 200
    assert 'hx-trigger="every 5s"' not in page.text


def test_who_may_try_again_sees_why_there_is_none(
    app: Flask, video_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("jobs.queue.Job.enqueue", lambda _self, *args: asked.append(args))
    app.config["WTF_CSRF_ENABLED"] = False
    people = {name: sign_in(app.test_client(), name) for name in ("alice", "maria", "charlie")}
    people["stranger"] = app.test_client()
    page, again = f"/materials/{video_id}", f"/materials/{video_id}/stream/retry"
    for error, curable in (("frames", 0), ("limits", 1)):
        change(app, video_id, stream="failed", error=error)
        told = {who: browser.get(page).text for who, browser in people.items()}
        for who, text in told.items():
            knows = who in ("alice", "maria")
            assert (str(FAILURES[error]) in text) == knows, who
            assert text.count(again) == (curable if knows else 0), who
            assert "data-stream" not in text
        assert people["alice"].post(again).status_code == (303 if curable else 409)
    assert len(asked) == 1
    with app.app_context():
        assert state_of(db.session.get_one(Material, video_id).file_id) == ("waiting", 0, "")
    change(app, video_id, stream="failed", error="crashed")
    codes = [people[who].post(again).status_code for who in ("stranger", "charlie", "maria")]
    assert codes == [303, 403, 303]
    assert people["maria"].post(again).status_code == 409


def test_the_api_tells_how_far_it_is(app: Flask, client: FlaskClient, video_id: int) -> None:
    change(app, video_id, stream="making", percent=40)
    found = client.get(f"/api/materials/{video_id}").json
    assert found
    assert found["stream"] == {"status": "making", "percent": 40, "failure": ""}


def test_a_document_has_no_stream(
    app: Flask, client: FlaskClient, people: dict[str, int], pdf_file: Path
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], content=pdf_file.read_bytes()).id
    assert client.get(f"/materials/{material_id}/stream/master.m3u8").status_code == 404
    assert "hx-get" not in client.get(f"/materials/{material_id}/stream").text
