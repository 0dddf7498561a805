"""Subtitles beside the player, on their own page, and sent along with a video."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.accounts.models import User
from edu.captions import service, views
from edu.captions.forms import SentAlong
from edu.extensions import db
from edu.media import captions
from edu.media.captions import Cue
from tests.samples import (
    get_material,
    make_category,
    make_material,
    material_id_of,
    send_file,
    upload_form,
)

SRT = "1\n00:00:00,200 --> 00:00:00,900\nПризнак <i>Коши</i> & <script>Даламбера\n"


@pytest.fixture
def subject(app: Flask) -> int:
    with app.app_context():
        return make_category().id


def part(text: str | bytes, name: str = "lecture.srt") -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode() if isinstance(text, str) else text), name


def give(client: FlaskClient, video: int, text: str | bytes, **more: Any) -> TestResponse:
    return client.post(f"/materials/{video}/captions", data={"file": part(text), **more})


def set_lines(app: Flask, people: dict[str, int], video: int, cues: list[Cue], lang: str) -> None:
    with app.app_context():
        maria = db.session.get_one(User, people["maria"])
        service.set_captions(maria, get_material(video), cues, lang)
        db.session.commit()


def test_a_video_gets_subtitles_and_loses_them(
    client: FlaskClient, alice: FlaskClient, pending_id: int
) -> None:
    page = alice.get(f"/materials/{pending_id}").text
    assert f'href="/materials/{pending_id}/captions"' in page
    assert "<track" not in page
    saved = give(alice, pending_id, SRT)
    assert saved.status_code == 303
    shown = alice.get(saved.headers["Location"]).text
    assert "Saved: Russian." in shown
    assert "1 line" in shown
    address = f"/materials/{pending_id}/captions/ru.vtt"
    page = alice.get(f"/materials/{pending_id}").text
    track = f'<track kind="subtitles" srclang="ru" label="Russian" src="{address}">'
    assert track in page
    said = alice.get(address)
    assert said.content_type == "text/vtt; charset=utf-8"
    assert said.text.endswith("00.900\nПризнак Коши &amp; Даламбера\n")
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in said.headers["Content-Security-Policy"]
    again = alice.get(address, headers={"If-None-Match": said.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(address).status_code == 404, "as the file itself"
    assert alice.post(f"/materials/{pending_id}/captions/ru/remove").status_code == 303
    assert alice.get(address).status_code == 404
    assert "<track" not in alice.get(f"/materials/{pending_id}").text


def test_a_refusal_says_what_is_wrong(
    alice: FlaskClient, pending_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = give(alice, pending_id, b"\x89PNG\0\0")
    assert binary.status_code == 422
    assert "This is not a text file" in binary.text
    assert "Choose a file" in alice.post(f"/materials/{pending_id}/captions", data={}).text
    late = give(alice, pending_id, "59:00 слово")
    assert "ends at 0:02:00" in html.unescape(late.text)
    monkeypatch.setattr(captions, "MAX_BYTES", 10)
    assert "The file is larger than" in give(alice, pending_id, SRT).text


def test_a_transcript_without_times_is_taken_and_told(alice: FlaskClient, pending_id: int) -> None:
    saved = give(alice, pending_id, "Длинная речь. " * 40, language="ru")
    assert "opens the video at its beginning" in alice.get(saved.headers["Location"]).text
    page = alice.get(f"/materials/{pending_id}").text
    assert "<track" not in page, "nobody reads so much below a picture"
    assert f'hx-get="/materials/{pending_id}/transcript"' in page


def test_what_is_no_video_has_no_such_page(
    app: Flask, people: dict[str, int], maria: FlaskClient
) -> None:
    with app.app_context():
        page = make_material(people["alice"]).id
    assert maria.get(f"/materials/{page}/captions").status_code == 404
    assert maria.get(f"/materials/{page}/transcript").status_code == 404
    assert "/captions" not in maria.get(f"/materials/{page}").text


def test_the_transcript_leads_into_the_video(
    app: Flask,
    people: dict[str, int],
    client: FlaskClient,
    active_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 2)
    lines = [Cue(1500, 2000, "Раз <b>\nдва"), Cue(60_000, 61_000, "три"), Cue(90_000, 91_000, "4")]
    set_lines(app, people, active_id, [*lines, Cue(91_000, 92_000, "пять")], "ru")
    set_lines(app, people, active_id, [Cue(0, 1000, "hello")], "en")
    address = f"/materials/{active_id}/transcript?q=ряд"
    page = html.unescape(client.get(address).text)
    links = re.findall(r'<a href="([^"]+)" data-second="(\d+)"><time>([^<]+)</time> (.+)</a>', page)
    assert [link[1:] for link in links] == [
        ("1", "0:01", "<span>Раз <b> два</span>"),
        ("60", "1:00", "<span>три</span>"),
    ]
    assert links[1][0] == f"/materials/{active_id}?q=%D1%80%D1%8F%D0%B4&t=60"
    assert "<h1>" in page
    assert f"/materials/{active_id}/transcript?language=en" in page
    (following,) = re.findall(r'hx-get="([^"]+start=2[^"]*)"', page)
    rest = client.get(following, headers={"HX-Request": "true"}).text
    assert re.findall(r'data-second="(\d+)"', rest) == ["90", "91"]
    assert "<ol" not in rest
    fragment = client.get(address, headers={"HX-Request": "true"}).text
    assert "<h1>" not in fragment
    assert "<ol" in fragment
    assert client.get(f"/materials/{active_id}/transcript?language=xx").status_code == 404
    assert client.get(f"/materials/{active_id}/transcript?start=-9").status_code == 200


def test_subtitles_come_with_a_video(
    app: Flask, maria: FlaskClient, subject: int, mp4_file: Path
) -> None:
    sent = send_file(maria, subject, mp4_file, captions=part(SRT))
    video = material_id_of(sent)
    page = maria.get(f"/materials/{video}").text
    assert f'src="/materials/{video}/captions/ru.vtt"' in page
    with app.app_context():
        assert [(p.number, p.text) for p in get_material(video).passages] == [
            (0, "Признак Коши & Даламбера")
        ]


def test_nobody_waits_for_the_reading_of_subtitles(
    maria: FlaskClient, subject: int, mp4_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_file(maria, subject, mp4_file)
    asked = html.unescape(send_file(maria, subject, mp4_file).text)
    token = re.findall(r'name="token" value="([^"]+)"', asked)[0]
    steps: list[str] = []
    read = SentAlong.read

    def note(part: Any) -> SentAlong:
        steps.append("read")
        return read(part)

    monkeypatch.setattr(SentAlong, "read", note)
    monkeypatch.setattr("edu.materials.views.hold_room", lambda *_: steps.append("lock"))
    form = upload_form(subject, title="Again", token=token, captions=part(SRT))
    assert maria.post("/upload", data=form).status_code == 303
    assert steps == ["read", "lock"]


@pytest.mark.parametrize("kind", ["mp4", "pdf"])
def test_bad_subtitles_do_not_lose_the_upload(
    maria: FlaskClient, subject: int, mp4_file: Path, pdf_file: Path, kind: str
) -> None:
    file, said = (mp4_file, b"\0\0") if kind == "mp4" else (pdf_file, SRT.encode())
    sent = send_file(maria, subject, file, captions=part(said))
    page = maria.get(f"/materials/{material_id_of(sent)}").text
    assert "The file is taken, its subtitles are not: " in page
    assert ("not a text file" if kind == "mp4" else "Only videos have") in page


def test_a_duplicate_asks_for_the_subtitles_again(
    maria: FlaskClient, subject: int, mp4_file: Path
) -> None:
    send_file(maria, subject, mp4_file)
    asked = send_file(maria, subject, mp4_file, captions=part(SRT))
    assert asked.status_code == 422
    assert 'type="file"' in asked.text
    (token,) = re.findall(r'name="token"[^>]*value="([^"]+)"', asked.text)
    form = upload_form(subject, token=token, captions=part(SRT))
    video = material_id_of(maria.post("/upload", data=form))
    assert f'src="/materials/{video}/captions/ru.vtt"' in maria.get(f"/materials/{video}").text


@pytest.mark.usefixtures("people")
def test_import_takes_what_lies_beside(app: Flask, mp4_file: Path, tmp_path: Path) -> None:
    (tmp_path / "lecture.mp4").write_bytes(mp4_file.read_bytes())
    (tmp_path / "lecture.srt").write_text(SRT, encoding="utf-8")
    (tmp_path / "lecture.en.vtt").write_bytes(b"\0")
    (tmp_path / "other.srt").write_text(SRT, encoding="utf-8")
    done = app.test_cli_runner().invoke(args=["materials", "import", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "lecture.mp4: The file is taken, its subtitles are not: lecture.en.vtt" in done.stdout
    assert "1 sent" in done.stdout
    with app.app_context():
        assert [one.language for one in service.list_captions(get_material(1).file)] == ["ru"]
