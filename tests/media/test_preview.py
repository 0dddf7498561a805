"""A DOCX becomes clean HTML whose sections are those of its text."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import docx as python_docx
import pytest
from docx.oxml import parse_xml
from PIL import Image

from edu.media import docx, markup, pictures, preview, slim
from edu.media.errors import FileRefused
from edu.media.previews import Preview, make_preview
from edu.media.sandbox import Sandbox
from tests.media import samples
from tests.media.conftest import Process
from tests.media.test_docx import CONTROL, FRACTION, W, build

R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
ODD_SPAN = f"""<w:tbl {W}><w:tr><w:tc><w:tcPr><w:gridSpan w:val="many"/></w:tcPr>
<w:p><w:r><w:t>в странной таблице</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"""


def convert(path: Path) -> dict[int, str]:
    """The preview's sections, which are numbered as those of the text."""
    sections = preview.make_preview(path, "", path.parent, None, lambda *_: None)["sections"]
    texts = docx.extract_docx(path)
    assert [number for number, _html in sections] == [section.number for section in texts]
    assert all(markup.is_clean(html) for _number, html in sections)
    return dict(sections)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB") -> io.BytesIO:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, kind)
    stream.seek(0)
    return stream


def document_with(*streams: io.BytesIO) -> Any:
    document = python_docx.Document()
    document.add_paragraph("До рисунка.")
    for stream in streams:
        document.add_picture(stream)
    document.add_paragraph("После рисунка.")
    return document


def test_sections_lists_and_tables_become_html(tmp_path: Path) -> None:
    path = samples.write_docx(tmp_path / "a.docx")
    document = python_docx.Document(str(path))
    document.add_paragraph("раз", style="List Bullet")
    document.add_paragraph("два", style="List Bullet")
    document.save(str(path))
    sections = convert(path)
    assert sections[1] == "<h2>Ряды и пределы</h2><p>Вводное слово.</p>"
    assert sections[2].startswith("<h2>Числовые ряды</h2><p>До таблицы.</p><table>")
    assert "<td><p>Даламбер</p></td>" in sections[2]
    assert sections[3].startswith("<h3>Степенные ряды</h3>")
    assert sections[3].endswith("<ul><li>раз</li><li>два</li></ul>")


def test_long_text_without_headings_has_the_same_parts(tmp_path: Path) -> None:
    paragraphs = [f"{number}. {samples.CYRILLIC}" for number in range(90)]
    sections = convert(build(tmp_path / "a.docx", *paragraphs))
    assert len(sections) == 3
    texts = docx.extract_docx(tmp_path / "a.docx")
    for section in texts:
        assert re.sub("<p>(.*?)</p>", r"\1", sections[section.number]) == section.text.replace(
            "\n\n", ""
        )


def test_formulas_and_controls_are_shown(tmp_path: Path) -> None:
    [html] = convert(build(tmp_path / "a.docx", FRACTION, CONTROL)).values()
    assert html == '<p>Скорость <span class="formula">v=s/t</span></p><p>внутри поля</p>'


def test_a_block_that_fails_costs_only_its_shape(tmp_path: Path) -> None:
    blocks = ["до", ODD_SPAN, "после", *map(str, range(6))]
    [html] = convert(build(tmp_path / "a.docx", *blocks)).values()
    assert html.startswith("<p>до</p><p>в странной таблице</p><p>после</p>")
    assert html.endswith("<p>5</p>")


def test_pictures_become_ours(tmp_path: Path) -> None:
    streams = [picture(), picture("JPEG", (4000, 200)), picture("PNG", (8, 8), "RGBA")]
    document_with(*streams).save(str(tmp_path / "a.docx"))
    [html] = convert(tmp_path / "a.docx").values()
    assert re.findall(
        '<img alt="" height="(.*?)" loading="lazy" src="(.*?)" width="(.*?)">', html
    ) == [
        ("20", "1.webp", "40"),
        ("80", "2.webp", "1600"),
        ("8", "3.webp", "8"),
    ]
    with Image.open(tmp_path / "2.webp") as made:
        assert (made.format, made.size) == ("WEBP", (1600, 80))
    with Image.open(tmp_path / "3.webp") as made:
        assert made.mode == "RGBA"


def test_pictures_beyond_the_bounds_leave_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_PICTURES", 2)
    monkeypatch.setattr(pictures, "_MAX_PIXELS", 1000)
    sizes = [(10, 10), (100, 100), (11, 11), (12, 12)]
    document_with(*(picture(size=size) for size in sizes)).save(str(tmp_path / "a.docx"))
    [html] = convert(tmp_path / "a.docx").values()
    shown = re.findall(' src="(.*?)"|class="(picture-missing)"', html)
    assert shown == [("1.webp", ""), ("", "picture-missing"), ("2.webp", ""), ("", shown[1][1])]


def test_what_is_no_picture_leaves_a_mark(tmp_path: Path) -> None:
    document_with(picture()).save(str(tmp_path / "a.docx"))
    changed = samples.change_docx(
        tmp_path / "a.docx", {"word/media/image1.png": lambda _: b"\xd7\xcd\xc6\x9a metafile"}
    )
    [html] = convert(changed).values()
    assert html.count('<span class="picture-missing">') == 1
    assert "После рисунка." in html


def test_nothing_remote_is_shown_or_kept(tmp_path: Path) -> None:
    document_with(picture()).save(str(tmp_path / "a.docx"))
    changes = {
        "word/_rels/document.xml.rels": samples.relation("image", "http://example.org/p.png"),
        "word/document.xml": lambda data: data.replace(b"r:embed=", b'r:link="rId900" r:was='),
    }
    [html] = convert(samples.change_docx(tmp_path / "a.docx", changes)).values()
    assert html.count("picture-missing") == 1
    assert "example.org" not in html
    assert not list(tmp_path.glob("*.webp"))


def test_links_are_of_the_web_or_inside(tmp_path: Path) -> None:
    link = "<w:p {0} {1}><w:hyperlink r:id='rId{2}'><w:r><w:t>{2}</w:t></w:r></w:hyperlink></w:p>"
    document = python_docx.Document()
    for number in (901, 902, 903):
        document.element.body.insert(-1, parse_xml(link.format(W, R, number)))
    document.save(str(tmp_path / "a.docx"))
    targets = {901: "https://example.org/", 902: "javascript:alert(1)", 903: "file:///etc/passwd"}
    for number, target in targets.items():
        change = samples.relation("hyperlink", target, number)
        samples.change_docx(tmp_path / "a.docx", {"word/_rels/document.xml.rels": change})
    [html] = convert(tmp_path / "a.docx").values()
    assert re.findall('href="(.*?)"', html) == ["https://example.org/"]
    assert "902" in html


def test_markup_in_the_text_stays_text(tmp_path: Path) -> None:
    [html] = convert(
        build(tmp_path / "a.docx", '<script>"alert"</script> <img src="1.webp">'[1:])
    ).values()
    assert html.startswith("<p>script&gt;")
    assert "<img" not in html


def test_document_that_is_too_large_has_no_preview(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build(tmp_path / "a.docx", "a")
    monkeypatch.setattr(slim, "_MAX_XML", 100)
    with pytest.raises(FileRefused) as caught:
        convert(path)
    assert caught.value.code == "limits"
    monkeypatch.setattr(markup, "MAX_HTML", 2)
    assert make_preview(sandbox, path, tmp_path / "w", lambda *_: None) is None


def test_processing_brings_a_preview_along(tmp_path: Path, process: Process) -> None:
    document_with(picture()).save(str(tmp_path / "a.docx"))
    done = process(tmp_path / "a.docx")
    assert isinstance(done.preview, Preview)
    assert [path.name for path in done.preview.pictures] == ["1.webp"]
    assert len(done.preview.sections) == len(done.passages) == 1
    assert process(samples.page_pdf(tmp_path / "a.pdf", b"BT ET")).preview is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sections": []},
        {"sections": [[1, "<script></script>"]]},
        {"sections": [["x", "<p></p>"]]},
        {"sections": [1]},
    ],
)
def test_what_a_child_says_is_not_believed(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, data: dict[str, Any]
) -> None:
    class Answer:
        pass

    Answer.data = data  # type: ignore[attr-defined]  # as the sandbox returns it
    monkeypatch.setattr(sandbox, "run", lambda *_, **__: Answer)
    assert make_preview(sandbox, tmp_path / "a.docx", tmp_path / "w", lambda *_: None) is None


def test_a_picture_that_is_a_link_is_not_believed(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Answer:
        peak_mb = 1.0
        data = {"sections": [[1, "<p>a</p>"]]}  # noqa: RUF012 - never changed

    monkeypatch.setattr(sandbox, "run", lambda *_, **__: Answer)
    (tmp_path / "w").mkdir()
    assert make_preview(sandbox, tmp_path, tmp_path / "w", lambda *_: None) is not None
    (tmp_path / "w" / "1.webp").symlink_to(tmp_path / "secret")
    assert make_preview(sandbox, tmp_path, tmp_path / "w", lambda *_: None) is None
    (tmp_path / "w" / "1.webp").unlink()
    (tmp_path / "w" / "1.webp").write_bytes(b"<html>")
    assert make_preview(sandbox, tmp_path, tmp_path / "w", lambda *_: None) is None
