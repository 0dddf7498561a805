"""A video with chapters is found by them, and its page starts the player there."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.materials.models import Passage
from edu.search.service import SearchInput, find_materials
from tests.conftest import sign_in
from tests.media.samples import write_chapters
from tests.samples import make_material, material_id_of, send_file

CHAPTERS = [(0, "Введение"), (95, "Признак Коши"), (3700, "Степенные <ряды>")]


@pytest.fixture
def video_id(app: Flask, people: dict[str, int]) -> int:
    """A published video of Alice with chapters."""
    with app.app_context():
        parts = [Passage(number=at, heading=title, text=title) for at, title in CHAPTERS]
        return make_material(people["alice"], kind="video", passages=parts).id


def test_a_chapter_is_found_and_opens_at_its_second(
    app: Flask, people: dict[str, int], subject: int, tmp_path: Path
) -> None:
    maria = sign_in(app.test_client(), "maria")
    video = write_chapters(tmp_path / "a.mp4", [(0, "Введение"), (4, "Признак Коши для рядов")])
    material_id = material_id_of(send_file(maria, subject, video, title="Лекция"))
    with app.app_context():
        (hit,) = find_materials(SearchInput("признаки коши")).items
        (place,) = hit.places
        assert (hit.material.id, place.kind, place.number) == (material_id, "second", 4)
    page = html.unescape(app.test_client().get("/search?q=признак+коши").text)
    (link,) = re.findall(rf'class="place" href="(/materials/{material_id}\?t=4[^"]*)"', page)
    assert ">0:04<" in page
    opened = app.test_client().get(link).text
    assert f'src="/materials/{material_id}/file#t=4"' in opened
    assert re.search(r"data-mark-terms='\[[^\]]*\\u043a\\u043e\\u0448", opened)


def test_chapters_are_links_with_times(client: FlaskClient, video_id: int) -> None:
    page = client.get(f"/materials/{video_id}?q=ряды&t=95").text
    links = re.findall(
        r'<a href="([^"]+)" data-second="(\d+)"><time>([^<]+)</time> (.*?)</a>', page
    )
    assert [(second, time) for _href, second, time, _title in links] == [
        ("0", "0:00"),
        ("95", "1:35"),
        ("3700", "1:01:40"),
    ]
    assert links[2][3] == "<span>Степенные &lt;ряды&gt;</span>"
    assert html.unescape(links[1][0]).startswith(f"/materials/{video_id}?t=95&q=")


def test_without_chapters_there_is_no_list(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        video_id = make_material(people["alice"], kind="video").id
    page = client.get(f"/materials/{video_id}").text
    assert "<video" in page
    assert "data-second" not in page
    assert "Chapters" not in page


@pytest.mark.parametrize("second", ["", "x", "-5", "0", "²", "99999999999"])
def test_a_second_that_is_none_begins_at_the_beginning(
    client: FlaskClient, video_id: int, second: str
) -> None:
    page = client.get(f"/materials/{video_id}", query_string={"t": second}).text
    assert f'src="/materials/{video_id}/file"' in page


def test_the_place_to_go_on_from_is_a_second_too(app: Flask, video_id: int) -> None:
    charlie = sign_in(app.test_client(), "charlie")
    assert charlie.post(f"/materials/{video_id}/place", data={"place": "97"}).status_code < 400
    page = charlie.get(f"/materials/{video_id}").text
    assert f'href="/materials/{video_id}?t=97"' in page
    assert "Continue from 1:37" in page
