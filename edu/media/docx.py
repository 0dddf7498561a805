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
from edu.media.text import clean_line, clean_text

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Boxes around blocks that add no text of their own.
_WRAPPERS = {f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "smartTag")}
_HEADING = re.compile(r"(?:heading|заголовок)\s*[1-3]|title|название", re.IGNORECASE)
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
class _Block:
    text: str
    is_heading: bool = False


def extract_docx(
    path: Path, on_progress: Callable[[int, int], None] = lambda *_: None
) -> list[Section]:
    """Split a document by its headings, or into parts of about 2,000 characters without any.

    `on_progress(done, total)` counts top-level blocks.
    Raises FileRefused: broken, bomb, encrypted, unknown_type.
    """
    package.check_directory(path)
    document = _open(path)
    styles = _heading_styles(document)
    elements = list(_block_elements(document.element.body))
    blocks = []
    for done, element in enumerate(elements, 1):
        blocks.append(_read_block(element, styles))
        on_progress(done, len(elements))
    blocks = [block for block in blocks if block.text]
    if any(block.is_heading for block in blocks):
        return _by_headings(blocks)
    return _by_length(blocks)


def _open(path: Path) -> Any:
    import docx

    try:
        return docx.Document(str(path))
    except MemoryError:
        raise
    except Exception as error:  # python-docx raises KeyError, ValueError, lxml's and its own errors
        raise FileRefused("broken", detail=type(error).__name__) from error


def _heading_styles(document: Any) -> set[str]:
    """The ids of the styles that are, or are based on, a heading of levels 1-3 or a title."""
    try:
        elements = {style.style_id: style.element for style in document.styles}
    except Exception as error:  # a damaged list of styles costs the headings, not the text
        logging.getLogger(__name__).info("styles not read: %r", error)
        return set()
    return {style_id for style_id in elements if _is_heading_style(style_id, elements)}


def _is_heading_style(style_id: str, elements: dict[str, Any]) -> bool:
    for _step in range(_MAX_STYLE_DEPTH):
        element = elements.get(style_id)
        if element is None:
            return False
        if _HEADING.fullmatch(_value(element, "name")):
            return True
        style_id = _value(element, "basedOn")
    return False


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


def _read_block(element: Any, styles: set[str]) -> _Block:
    try:
        if element.tag == f"{_W}tbl":
            return _Block(clean_text("\n".join(_rows(element))))
        text = clean_text(_inline(element))
        return _Block(text, bool(text) and _is_heading(element, styles))
    except Exception as error:  # one odd block leaves the others readable
        logging.getLogger(__name__).info("a block is skipped: %r", error)
        return _Block("")


def _is_heading(paragraph: Any, styles: set[str]) -> bool:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return False
    level = _value(properties, "outlineLvl")
    return _value(properties, "pStyle") in styles or level in {"0", "1", "2"}


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
        if child.tag in (f"{_W}t", f"{_M}t"):
            parts.append(child.text or "")
        elif child.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append("\n" if child.tag != f"{_W}tab" else " ")
        elif child.tag == f"{_M}f":
            _collect_fraction(child, parts)
        elif child.tag not in (_FALLBACK, f"{_W}pPr", f"{_W}rPr"):
            if child.tag in (f"{_W}p", f"{_W}tc"):
                parts.append(" ")
            _collect(child, parts)


def _collect_fraction(fraction: Any, parts: list[str]) -> None:
    for name, sign in (("num", ""), ("den", "/")):
        part = fraction.find(_M + name)
        if part is not None:
            parts.append(sign)
            _collect(part, parts)


def _by_headings(blocks: list[_Block]) -> list[Section]:
    groups: list[tuple[str, list[str]]] = [("", [])]
    for block in blocks:
        if block.is_heading:
            groups.append((clean_line(block.text), []))
        else:
            groups[-1][1].append(block.text)
    filled = [group for group in groups if group[0] or group[1]]
    return [
        Section(number, heading, BLOCK_BORDER.join(texts))
        for number, (heading, texts) in enumerate(filled, 1)
    ]


def _by_length(blocks: list[_Block]) -> list[Section]:
    parts: list[list[str]] = []
    length = _PART_LENGTH
    for block in blocks:
        if length >= _PART_LENGTH:
            parts.append([])
            length = 0
        parts[-1].append(block.text)
        length += len(block.text)
    return [Section(number, "", BLOCK_BORDER.join(texts)) for number, texts in enumerate(parts, 1)]
