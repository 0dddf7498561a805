"""Text of a DOCX, in sections."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edu.media import package
from edu.media.blocks import BLOCK_BORDER, CELL_BORDER
from edu.media.errors import FileRefused
from edu.media.formulas import linear_formula
from edu.media.text import clean_line, clean_text

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Boxes around blocks that add no text of their own.
_WRAPPERS = {
    f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")
}
_HEADING = re.compile(r"(?:heading|заголовок)\s*([1-3])|title|название", re.IGNORECASE)
_PART_LENGTH = 2_000
_MAX_STYLE_DEPTH = 10


@dataclass(frozen=True)
class Section:
    """One section: 1-based number, heading ("" where there is none), text.

    An empty line stands between blocks, so that two tables in a row stay two.
    """

    number: int
    heading: str
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph or a table: its XML element, its text, and as a heading its level from 1."""

    element: Any
    text: str
    level: int = 0


def extract_docx(
    path: Path, on_progress: Callable[[int, int], None] = lambda *_: None
) -> list[Section]:
    """Split a document by its headings, or into parts of about 2,000 characters without any.

    `on_progress(done, total)` counts top-level blocks.
    Raises FileRefused: broken, bomb, encrypted, unknown_type.
    """
    blocks = [block for block in read_blocks(open_docx(path), on_progress) if block.text]
    numbers = number_blocks(blocks)
    groups: dict[int, list[Block]] = {}
    for number, block in zip(numbers, blocks, strict=True):
        groups.setdefault(number, []).append(block)
    return [_section(number, group) for number, group in groups.items()]


def read_blocks(
    document: Any, on_progress: Callable[[int, int], None] = lambda *_: None
) -> list[Block]:
    """All paragraphs and tables of a document in reading order, also those without text."""
    styles = _heading_styles(document)
    elements = list(_block_elements(document.element.body))
    blocks = []
    for done, element in enumerate(elements, 1):
        blocks.append(_read_block(element, styles))
        on_progress(done, len(elements))
    return blocks


def number_blocks(blocks: list[Block]) -> list[int]:
    """The number of each block's section; what has no text belongs to the section around it."""
    by_headings = any(block.level for block in blocks)
    numbers, number, length = [], 0, 0
    for block in blocks:
        begins = block.level > 0 if by_headings else length >= _PART_LENGTH
        if block.text and (begins or number == 0):
            number, length = number + 1, 0
        numbers.append(max(number, 1))
        length += len(block.text)
    return numbers


def _section(number: int, blocks: list[Block]) -> Section:
    heading = clean_line(blocks[0].text) if blocks[0].level else ""
    texts = [block.text for block in (blocks[1:] if heading else blocks)]
    return Section(number, heading, BLOCK_BORDER.join(texts))


def open_docx(path: Path) -> Any:
    """The document as python-docx reads it. Raises FileRefused."""
    import docx

    package.check_directory(path)
    try:
        return docx.Document(str(path))
    except MemoryError:
        raise
    except Exception as error:  # python-docx raises KeyError, ValueError, lxml's and its own errors
        raise FileRefused("broken", detail=type(error).__name__) from error


def _heading_styles(document: Any) -> dict[str, int]:
    """The levels of the styles that are, or are based on, a heading of levels 1-3 or a title."""
    try:
        elements = {style.style_id: style.element for style in document.styles}
    except Exception as error:  # a damaged list of styles costs the headings, not the text
        logging.getLogger(__name__).info("styles not read: %r", error)
        return {}
    levels = {style_id: _level_of_style(style_id, elements) for style_id in elements}
    return {style_id: level for style_id, level in levels.items() if level}


def _level_of_style(style_id: str, elements: dict[str, Any]) -> int:
    for _step in range(_MAX_STYLE_DEPTH):
        element = elements.get(style_id)
        if element is None:
            return 0
        if found := _HEADING.fullmatch(_value(element, "name")):
            return int(found[1] or 1)
        style_id = _value(element, "basedOn")
    return 0


def _value(element: Any, child: str) -> str:
    found = element.find(_W + child)
    return "" if found is None else str(found.get(f"{_W}val", ""))


def _block_elements(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, also those inside content controls."""
    for element in parent:
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in _WRAPPERS:
            yield from _block_elements(element)


def _read_block(element: Any, styles: dict[str, int]) -> Block:
    try:
        if element.tag == f"{_W}tbl":
            return Block(element, clean_text("\n".join(_rows(element))))
        text = clean_text(_inline(element))
        return Block(element, text, _heading_level(element, styles) if text else 0)
    except Exception as error:  # one odd block leaves the others readable
        logging.getLogger(__name__).info("a block is skipped: %r", error)
        return Block(element, "")


def _heading_level(paragraph: Any, styles: dict[str, int]) -> int:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return 0
    level = _value(properties, "outlineLvl")
    return (
        int(level) + 1 if level in {"0", "1", "2"} else styles.get(_value(properties, "pStyle"), 0)
    )


def _rows(table: Any) -> Iterator[str]:
    for row in _nearest(table, "tbl", "tr"):
        cells = (" ".join(_inline(cell).split()) for cell in _nearest(row, "tr", "tc"))
        yield CELL_BORDER.join(cell for cell in cells if cell)


def _nearest(parent: Any, kind: str, child: str) -> Iterator[Any]:
    """The `child` elements of a table or row that do not belong to one nested in it."""
    for element in parent.iter(_W + child):
        if next(element.iterancestors(_W + kind)) is parent:
            yield element


def _inline(element: Any) -> str:
    """The text below an element, formulas as linear text; deleted text is not w:t, so stays out."""
    parts: list[str] = []
    _collect(element, parts)
    return "".join(parts)


def _collect(element: Any, parts: list[str]) -> None:
    for child in element:
        if child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append("\n" if child.tag != f"{_W}tab" else " ")
        elif child.tag in (f"{_M}oMath", f"{_M}oMathPara"):
            parts.append(linear_formula(child))
        elif child.tag not in (_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}moveFrom"):
            if child.tag in (f"{_W}p", f"{_W}tc"):
                parts.append(" ")
            _collect(child, parts)
