"""Names of uploaded files are shown and sent back without what deceives the eye."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from edu.materials.models import StoredFile
from edu.materials.service import clean_file_name
from tests.conftest import sign_in
from tests.samples import write_small_pdf

# «lecture‮fdp.exe» reads as «lectureexe.pdf».
NAMES = [
    ("lecture\u202efdp.exe", "lecturefdp.exe"),
    ("\u2066\u200eряды\u2069.pdf", "ряды.pdf"),
    ("ря\u200bды\ufeff\x00\x1b[31m.pdf", "ряды[31m.pdf"),
    ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
    ("..\\..\\etc/passwd", "passwd"),
    ("\ud800.pdf", ".pdf"),
    ("\u202e", "file"),
    ("й" * 300 + ".pdf", "й" * 196 + ".pdf"),
]


@pytest.mark.parametrize(("name", "clean"), NAMES)
def test_a_name_loses_what_is_not_seen(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean


@pytest.mark.parametrize("kind", ["pdf", "docx", "video"])
def test_the_end_of_a_download_tells_what_it_is(kind: str) -> None:
    types = {
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "video": "video/mp4",
    }
    file = StoredFile(name=clean_file_name("lecture\u202efdp.exe"), media_type=types[kind])
    end = {"pdf": ".pdf", "docx": ".docx", "video": ".mp4"}[kind]
    assert file.download_name == f"lecturefdp.exe{end}"


def test_an_uploaded_name_is_harmless_on_the_page_and_in_the_download(
    client: FlaskClient, people: dict[str, int], subject: int, tmp_path: Path
) -> None:
    path = write_small_pdf(tmp_path / "a.pdf")
    form = {"title": "Ряды", "type": "lecture", "category": str(subject)}
    with path.open("rb") as stream:
        sent = {**form, "file": (stream, "lec\u202eture\u2066.pdf")}
        response = sign_in(client, "maria").post("/upload", data=sent)
    address = response.headers["Location"]
    page = client.get(address).text
    assert "<dd>lecture.pdf</dd>" in page
    assert not {char for char in page if unicodedata.bidirectional(char) in {"RLO", "LRI", "PDI"}}
    header = client.get(f"{address}/file?download=1").headers["Content-Disposition"]
    assert "lecture.pdf" in unquote(header)
    assert header.isascii()
