"""DOCX text, section by section."""

from __future__ import annotations

from pathlib import Path

import docx as python_docx
import pytest
from docx.oxml import parse_xml

from edu.media.blocks import Block, split_blocks
from edu.media.docx import extract_docx
from edu.media.errors import FileRefused
from tests.media import samples

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
FRACTION = f"""<w:p {W} {M}><w:r><w:t>Скорость </w:t></w:r><m:oMath><m:r><m:t>v=</m:t></m:r>
<m:f><m:num><m:r><m:t>s</m:t></m:r></m:num><m:den><m:r><m:t>t</m:t></m:r></m:den></m:f>
</m:oMath><w:del><w:r><w:delText>лишнее</w:delText></w:r></w:del></w:p>"""
# A row with fewer cells than its grid claims, and a cell with no paragraph at all.
ODD_TABLE = f"""<w:tbl {W}><w:tr><w:trPr><w:gridBefore w:val="9"/></w:trPr><w:tc><w:tcPr>
<w:vMerge/></w:tcPr></w:tc><w:tc><w:p><w:r><w:t>нижняя сумма</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl>"""
CONTROL = f"""<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>внутри поля</w:t></w:r></w:p>
</w:sdtContent></w:sdt>"""


def build(path: Path, *blocks: str, style: str = "") -> Path:
    document = python_docx.Document()
    if style:
        document.add_paragraph("Глава", style=style)
    for block in blocks:
        if block.startswith("<"):
            document.element.body.insert(-1, parse_xml(block))
        else:
            document.add_paragraph(block)
    document.save(str(path))
    return path


def test_sections_follow_headings_and_tables_keep_their_place(tmp_path: Path) -> None:
    sections = extract_docx(samples.write_docx(tmp_path / "a.docx"))
    assert [(s.number, s.heading) for s in sections] == [
        (1, "Ряды и пределы"),
        (2, "Числовые ряды"),
        (3, "Степенные ряды"),
    ]
    table = "признак | условие\nДаламбер | меньше единицы"
    assert sections[1].text == f"До таблицы.\n\n{table}\n\nПосле таблицы."


def test_style_based_on_a_heading_is_a_heading(tmp_path: Path) -> None:
    document = python_docx.Document()
    style = document.styles.add_style("Моя глава", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Пределы", style=style)
    document.save(str(tmp_path / "a.docx"))
    assert extract_docx(tmp_path / "a.docx")[0].heading == "Пределы"


def test_text_without_headings_is_cut_at_paragraphs(tmp_path: Path) -> None:
    paragraphs = [f"{number}. {samples.CYRILLIC}" for number in range(90)]
    sections = extract_docx(build(tmp_path / "a.docx", *paragraphs))
    assert len(sections) == 3
    assert all(section.heading == "" for section in sections)
    assert all(2000 <= len(section.text) < 2200 for section in sections[:-1])
    assert "\n\n".join(section.text for section in sections) == "\n\n".join(paragraphs)


def test_formulas_controls_and_odd_tables_are_read(tmp_path: Path) -> None:
    [section] = extract_docx(build(tmp_path / "a.docx", FRACTION, ODD_TABLE, CONTROL))
    assert section.text.split("\n\n") == ["Скорость v=s/t", "нижняя сумма", "внутри поля"]


def test_table_in_a_table_is_read_once(tmp_path: Path) -> None:
    inner = ODD_TABLE.replace("<w:tbl ", "<w:p/><w:tbl ")
    cell = f"<w:tc><w:p><w:r><w:t>верхняя</w:t></w:r></w:p>{inner}</w:tc>"
    [section] = extract_docx(build(tmp_path / "a.docx", f"<w:tbl {W}><w:tr>{cell}</w:tr></w:tbl>"))
    assert section.text == "верхняя нижняя сумма"


def test_tables_that_follow_each_other_stay_two(tmp_path: Path) -> None:
    document = python_docx.Document()
    for name in ("ряд", "предел"):
        table = document.add_table(rows=2, cols=2)
        for number, cell in enumerate(table._cells):
            cell.text = f"{name} {number}"
    document.save(str(tmp_path / "a.docx"))
    [section] = extract_docx(tmp_path / "a.docx")
    assert list(split_blocks(section.text)) == [
        Block(rows=(("ряд 0", "ряд 1"), ("ряд 2", "ряд 3"))),
        Block(rows=(("предел 0", "предел 1"), ("предел 2", "предел 3"))),
    ]


def test_bars_make_a_table_only_where_two_rows_agree() -> None:
    assert list(split_blocks("P(A | B) = 1\n\nP(B | A) = 0")) == [
        Block(lines=("P(A | B) = 1",)),
        Block(lines=("P(B | A) = 0",)),
    ]
    assert list(split_blocks("a | b\nc | d | e")) == [Block(lines=("a | b", "c | d | e"))]
    # Text of an earlier version has no empty lines; an uneven row belongs to its table.
    assert list(split_blocks("до\na | b\nc | d\ne | f | g\nпосле")) == [
        Block(lines=("до",)),
        Block(rows=(("a", "b"), ("c", "d"), ("e", "f", "g"))),
        Block(lines=("после",)),
    ]


def test_document_without_text_has_no_sections(tmp_path: Path) -> None:
    assert extract_docx(build(tmp_path / "a.docx")) == []


def test_package_with_a_broken_document_is_refused(tmp_path: Path) -> None:
    parts = {
        "[Content_Types].xml": samples.content_types("wordprocessingml.document.main+xml"),
        "word/document.xml": b"<w:document",
    }
    with pytest.raises(FileRefused) as caught:
        extract_docx(samples.write_zip(tmp_path / "a.docx", parts))
    assert caught.value.code == "broken"
