"""Demo texts as DOCX: headings, lists and real tables in Word's own styles."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from edu.demo.markup import Block, parse, spans
from edu.demo.texts import MaterialSpec

# One date for the properties and for every ZIP entry: equal texts give equal bytes.
CREATED = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
STYLES = {"bullets": "List Bullet", "numbers": "List Paragraph", "statement": "Intense Quote"}


def write_docx(spec: MaterialSpec, target: Path) -> None:
    """Write the material as a Word document."""
    document = docx.Document()
    _set_properties(document, spec)
    document.add_heading(spec.title, 0)
    document.add_paragraph(spec.description, style="Subtitle")
    for block in parse(spec.body):
        _add_block(document, block)
    packed = io.BytesIO()
    document.save(packed)
    target.write_bytes(_with_fixed_times(packed))


def _set_properties(document: Document, spec: MaterialSpec) -> None:
    properties = document.core_properties
    properties.title = spec.title
    properties.keywords = ", ".join(spec.tags)
    properties.language = "ru-RU"
    properties.author = properties.last_modified_by = "Конспект"
    properties.comments = ""
    properties.created = properties.modified = CREATED.replace(tzinfo=None)
    document.styles["Normal"].font.size = Pt(11)


def _add_block(document: Document, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.text, block.level)
    elif block.kind == "table":
        _add_table(document, block.rows)
    elif block.kind == "formula":
        document.add_paragraph(block.text).alignment = WD_ALIGN_PARAGRAPH.CENTER
    else:
        for line in _lines(block):
            _add_runs(document.add_paragraph(style=STYLES.get(block.kind)), line)


def _lines(block: Block) -> list[str]:
    if block.kind == "text":
        return [block.text]
    if block.kind == "numbers":
        # Word would count on through all lists of the document: write the numbers out.
        return [f"{number}. {line}" for number, line in enumerate(block.lines, 1)]
    return block.lines


def _add_table(document: Document, rows: list[list[str]]) -> None:
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            _fill_cell(cell, text, bold=cells is rows[0])
    # Word repeats the head when a table runs over a page.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph()


def _fill_cell(cell: _Cell, text: str, bold: bool) -> None:
    paragraph = cell.paragraphs[0]
    _add_runs(paragraph, text)
    for run in paragraph.runs:
        run.bold = bold or run.bold
        run.font.size = Pt(10)


def _add_runs(paragraph: Paragraph, text: str) -> None:
    for piece, bold in spans(text):
        paragraph.add_run(piece).bold = bold or None


def _with_fixed_times(packed: io.BytesIO) -> bytes:
    """Pack the same entries again without the moment of packing."""
    result = io.BytesIO()
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(result, "w") as copy:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, CREATED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(entry, source.read(name))
    return result.getvalue()
