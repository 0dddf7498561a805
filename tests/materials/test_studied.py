"""Semester, academic year and language: said at the upload, found in the text, shown everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus
from edu.media.service import start_processing
from jobs.materials import process_material
from tests.conftest import sign_in
from tests.media.samples import page_pdf, write_chapters
from tests.samples import get_material, make_material, material_id_of, send_file

ENGLISH = "The series converges if the sequence of its partial sums has a limit, and to that limit."
RUSSIAN = "Ряд сходится, если сходится последовательность его частичных сумм. " * 3


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


def english_pdf(path: Path) -> Path:
    """A page of English, long enough to be told from its title."""
    return page_pdf(path, f"BT /F1 9 Tf 20 700 Td ({ENGLISH * 2}) Tj ET".encode())


def told(app: Flask, material_id: int) -> tuple[int | None, int | None, str]:
    with app.app_context():
        material = get_material(material_id)
        return material.semester, material.year, material.language


def chosen(page: str, name: str) -> str:
    """The value that a list of the form stands on."""
    choices = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    assert choices, page
    found = re.search(r'<option selected value="([^"]*)"', choices[0])
    return found[1] if found else ""


# Upload ---------------------------------------------------------------------------------------


def test_an_upload_says_when_it_is_studied_and_its_text_in_which_language(
    app: Flask, alice: FlaskClient, subject: int, tmp_path: Path
) -> None:
    file = english_pdf(tmp_path / "a.pdf")
    sent = send_file(alice, subject, file, semester="4", year="2024")
    material_id = material_id_of(sent)
    assert told(app, material_id) == (4, 2024, "en")
    page = alice.get(f"/materials/{material_id}").text
    for fact in ("Semester</dt><dd>4", "Academic year</dt><dd>2024/25", "Language</dt><dd>English"):
        assert fact in page


def test_both_may_be_left_open(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path
) -> None:
    material_id = material_id_of(send_file(alice, subject, pdf_file, semester="", year=""))
    assert told(app, material_id) == (None, None, "ru")  # by the title: the text is too short
    page = alice.get(f"/materials/{material_id}").text
    assert "Semester" not in page
    assert "Academic year" not in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("semester", "0"), ("semester", "13"), ("semester", "x"), ("year", "1989"), ("year", "²")],
)
def test_what_is_no_semester_or_year_is_refused(
    alice: FlaskClient, subject: int, pdf_file: Path, field: str, value: str
) -> None:
    answer = send_file(alice, subject, pdf_file, **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in answer.text


def test_years_end_with_the_coming_one(alice: FlaskClient, subject: int) -> None:
    page = alice.get("/upload").text
    now = utcnow().year
    assert f'value="{now + 1}">{now + 1}/{(now + 2) % 100:02}<' in page
    assert f'value="{now + 2}"' not in page
    assert 'value="1990">1990/91<' in page
    assert 'value="1989"' not in page


def test_a_duplicate_keeps_them(
    app: Flask, alice: FlaskClient, subject: int, pdf_file: Path
) -> None:
    send_file(alice, subject, pdf_file)
    page = send_file(alice, subject, pdf_file, semester="4", year="2024").text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    sent = alice.post("/upload", data=fields)
    assert told(app, material_id_of(sent))[:2] == (4, 2024)


# Hints ----------------------------------------------------------------------------------------


def test_a_name_is_a_suggestion(alice: FlaskClient) -> None:
    answer = alice.get("/upload/hints", query_string={"text": "матан_2_семестр осень 2023"})
    assert answer.status_code == 200
    assert (chosen(answer.text, "semester"), chosen(answer.text, "year")) == ("2", "2023")
    assert "<html" not in answer.text


def test_what_a_person_has_chosen_stands(alice: FlaskClient) -> None:
    query = {"text": "2 семестр, 2023/24", "semester": "5", "year": ""}
    page = alice.get("/upload/hints", query_string=query).text
    assert (chosen(page, "semester"), chosen(page, "year")) == ("5", "2023")
    page = alice.get("/upload/hints", query_string={"text": "x", "semester": "no"}).text
    assert (chosen(page, "semester"), chosen(page, "year")) == ("", "")


def test_the_edit_page_suggests_nothing(
    app: Flask, alice: FlaskClient, people: dict[str, int]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.PENDING).id
    assert "data-hints" in alice.get("/upload").text
    assert "data-hints" not in alice.get(f"/materials/{material_id}/edit").text


# Language -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [(RUSSIAN, "ru", "en"), (RUSSIAN, "", "en"), (ENGLISH * 2, "ru", "ru")],
    ids=["was found", "was unknown", "was corrected"],
)
def test_a_new_file_is_read_anew_but_a_correction_stays(
    app: Flask, people: dict[str, int], tmp_path: Path, text: str, language: str, found: str
) -> None:
    content = english_pdf(tmp_path / "a.pdf").read_bytes()
    with app.app_context():
        material = make_material(people["alice"], text=text, content=content, language=language)
        start_processing(material)
        db.session.commit()
        process_material(material.id)
        assert (material.status, material.language) == (MaterialStatus.ACTIVE, found)


def test_a_video_tells_it_by_its_chapters(
    app: Flask, alice: FlaskClient, subject: int, tmp_path: Path
) -> None:
    titles = [
        (0, "Предел последовательности и его свойства"),
        (2, "Теорема Вейерштрасса о пределе"),
    ]
    titles += [(4, "Число e как предел последовательности"), (6, "Примеры и упражнения к лекции")]
    video = write_chapters(tmp_path / "a.mp4", titles)
    assert told(app, material_id_of(send_file(alice, subject, video, title="IMG 20")))[2] == "ru"


# Lists ----------------------------------------------------------------------------------------


def test_cards_and_the_queue_show_them_quietly(app: Flask, people: dict[str, int]) -> None:
    said: dict[str, Any] = {"semester": 4, "year": 2024, "language": "ru"}
    with app.app_context():
        make_material(people["alice"], **said)
        make_material(people["alice"], MaterialStatus.PENDING, title="Другое", **said)
    maria = sign_in(app.test_client(), "maria")
    for address in ("/subjects/matan", "/moderation"):
        assert "<span>semester 4 · 2024/25 · Russian</span>" in maria.get(address).text, address


def test_what_is_unknown_leaves_no_trace_on_cards(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        make_material(people["alice"])
        make_material(people["alice"], title="Другое", year=1999)
    page = app.test_client().get("/subjects/matan").text
    assert "<span>1999/00</span>" in page
    assert "<span></span>" not in page
    assert "semester" not in page
