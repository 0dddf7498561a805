"""Files are judged by what is inside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edu.media.errors import FileRefused
from edu.media.inspect import inspect_file, sniff
from tests.media import samples

MAIN = "wordprocessingml.document.main+xml"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(22) + (9).to_bytes(2, "little") + bytes(16)


def refusal(path: Path, name: str = "") -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        sniff(path, name or path.name)
    return caught.value


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_each_kind_is_recognised(tmp_path: Path) -> None:
    pdf = samples.page_pdf(tmp_path / "a.pdf", b"BT ET")
    docx = samples.write_docx(tmp_path / "a.docx")
    video = samples.write_mp4(tmp_path / "a.mp4")
    assert [inspect_file(path, path.name).kind for path in (pdf, docx, video)] == [
        "pdf",
        "docx",
        "video",
    ]
    assert sniff(video, "A.MP4").media_type == "video/mp4"


def test_header_may_stand_after_some_bytes(box: Path) -> None:
    data = samples.page_pdf(box, b"BT ET").read_bytes()
    box.write_bytes(b"\r\n" * 100 + data)
    assert sniff(box, "a.pdf").kind == "pdf"


def test_pdf_renamed_mp4_is_refused_by_content(box: Path) -> None:
    refused = refusal(samples.page_pdf(box, b"BT ET"), "lecture.mp4")
    assert refused.code == "wrong_type"
    assert refused.details == {"claimed": "mp4", "found": "PDF"}


@pytest.mark.parametrize("name", ["lecture", "notes.2024", "ЛЕКЦИЯ.PDF"])
def test_name_that_promises_nothing_else_is_fine(box: Path, name: str) -> None:
    assert sniff(samples.page_pdf(box, b"BT ET"), name).kind == "pdf"


def test_empty_and_too_large(box: Path) -> None:
    box.write_bytes(b"")
    assert refusal(box).code == "empty"
    box.write_bytes(b"%PDF-1.4" + bytes(2 << 20))
    with pytest.raises(FileRefused) as caught:
        sniff(box, "a.pdf", max_bytes=1 << 20)
    assert (caught.value.code, caught.value.details) == ("too_large", {"limit_mb": 1})


@pytest.mark.parametrize(
    ("data", "code", "found"),
    [
        (b"<html><body>", "unknown_type", ""),
        (b"\x1aE\xdf\xa3 matroska", "unknown_type", "movie"),
        (OLE + bytes(2000), "unknown_type", "doc"),
        (OLE + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(99), "encrypted", ""),
        (b"PK\x03\x04 cut off", "broken", ""),
        (b"\0\0\0\x18ftypqt  \0\0\0\0qt  mp42", "unknown_type", "movie"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0mp42isom", "unknown_type", "audio"),
        (b"\0\0\0\x14ftypisom\0\0\0\0isom", "broken", ""),
        (b"\0\0\0\x00ftyp", "broken", ""),
        (b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x08moov\0\0\0\x04free", "broken", ""),
    ],
)
def test_what_is_not_taken(box: Path, data: bytes, code: str, found: str) -> None:
    box.write_bytes(data)
    refused = refusal(box)
    assert refused.code == code
    assert refused.details.get("found", "") == found


def test_cut_video_is_broken(tmp_path: Path) -> None:
    video = samples.write_mp4(tmp_path / "a.mp4", 2, "640x360", "-movflags", "+faststart")
    video.write_bytes(video.read_bytes()[:-500])
    assert refusal(video).code == "broken"


@pytest.mark.parametrize(
    ("parts", "code", "found"),
    [
        ({"readme.txt": b"hi"}, "unknown_type", "zip"),
        (
            {
                "[Content_Types].xml": samples.content_types("presentationml.main+xml"),
                "ppt/presentation.xml": b"<p/>",
            },
            "unknown_type",
            "office",
        ),
        (
            {
                "[Content_Types].xml": samples.content_types(MAIN),
                "word/document.xml": b"<d/>",
                "word/vbaProject.bin": b"x",
            },
            "unknown_type",
            "macros",
        ),
        (
            {
                "[Content_Types].xml": samples.content_types(MAIN),
                "word/document.xml": bytes(60 << 20),
            },
            "bomb",
            "",
        ),
        (
            {
                "[Content_Types].xml": samples.content_types(MAIN),
                "word/document.xml": b"<d/>",
                "word/media/image.bmp": bytes(30 << 20),
            },
            "bomb",
            "",
        ),
    ],
)
def test_packages_that_are_no_document(
    box: Path, parts: dict[str, bytes], code: str, found: str
) -> None:
    refused = refusal(samples.write_zip(box, parts))
    assert refused.code == code
    assert refused.details.get("found", "") == found


def test_directory_that_lies_about_sizes_is_broken(tmp_path: Path) -> None:
    path = samples.write_docx(tmp_path / "a.docx")
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02", data.rindex(b"word/document.xml") - 60)
    data[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    assert sniff(path, path.name).kind == "docx"
    with pytest.raises(FileRefused) as caught:
        inspect_file(path, path.name)
    assert caught.value.code == "broken"


# What a document would fetch or run -----------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {"word/vbaProject.bin": b"x"},
        {"word/VBAPROJECT.BIN": b"x"},
        {"[Content_Types].xml": samples.content_types("ms-word.document.macroEnabled.main+xml")},
        {
            "[Content_Types].xml": samples.content_types(MAIN)
            + b'<Default Extension="jpg" ContentType="application/vnd.ms-office.vbaProject"/>'
        },
    ],
)
def test_macros_are_refused_however_they_are_called(box: Path, parts: dict[str, bytes]) -> None:
    whole = {"[Content_Types].xml": samples.content_types(MAIN), "word/document.xml": b"<d/>"}
    refused = refusal(samples.write_zip(box, whole | parts), "lecture.docx")
    assert (refused.code, refused.details) == ("unknown_type", {"found": "macros"})


def test_types_that_are_too_long_to_read_are_refused(box: Path) -> None:
    types = samples.content_types(MAIN) + b" " * (1 << 20) + b"vbaProject"
    parts = {"[Content_Types].xml": types, "word/document.xml": b"<d/>"}
    assert refusal(samples.write_zip(box, parts), "lecture.docx").code == "bomb"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("attachedTemplate", "https://example.org/t.dotm"),
        ("attachedTemplate", "\\\\server\\share\\t.dotm"),
        ("attachedTemplate", "file://server/share/t.dotm"),
        ("attachedTemplate", "FILE:\\\\\\server\\share\\t.dotm"),
        ("oleObject", "mhtml:http://example.org/x!x-usc:http://example.org/x"),
        ("frame", " http://example.org/"),
    ],
)
def test_parts_from_elsewhere_are_refused(tmp_path: Path, kind: str, target: str) -> None:
    path = samples.write_docx(tmp_path / "a.docx")
    change = samples.relation(kind, target)
    samples.change_docx(path, {"word/_rels/settings.xml.rels": change})
    with pytest.raises(FileRefused) as caught:
        inspect_file(path, path.name)
    assert caught.value.code == "remote"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("attachedTemplate", "file:///C:\\Users\\Anna\\Templates\\Normal.dotm"),
        ("attachedTemplate", "Normal.dotm"),
        ("hyperlink", "https://example.org/"),
        ("image", "https://example.org/p.png"),
    ],
)
def test_what_is_not_fetched_by_us_or_by_opening_is_fine(
    tmp_path: Path, kind: str, target: str
) -> None:
    path = samples.write_docx(tmp_path / "a.docx")
    change = samples.relation(kind, target)
    samples.change_docx(path, {"word/_rels/document.xml.rels": change})
    assert inspect_file(path, path.name).kind == "docx"


def test_relations_that_cannot_be_read_are_broken(tmp_path: Path) -> None:
    path = samples.write_docx(tmp_path / "a.docx")
    samples.change_docx(path, {"word/_rels/settings.xml.rels": lambda _: b"<Relationships"})
    with pytest.raises(FileRefused) as caught:
        inspect_file(path, path.name)
    assert caught.value.code == "broken"
