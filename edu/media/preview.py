"""A DOCX as HTML, section by section. Runs in a child process of the sandbox only."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from edu.media import docx, markup
from edu.media.errors import FileRefused
from edu.media.formulas import linear_formula
from edu.media.pictures import Pictures
from edu.media.slim import SlimPackage
from edu.media.timer import OutOfTime, at_most

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_TIME_S = 60.0
# A block that cannot be converted is looked for by halves; this often at most.
_ATTEMPTS = 60
_HEADING, _FORMULA = "EduHeading", "EduFormula"
_STYLES = "\n".join(
    [
        *(f"p.{_HEADING}{level} => h{level + 1}:fresh" for level in (1, 2, 3)),
        *(
            f"p[style-name='{word}eading {level}'] => h{min(level + 1, 6)}:fresh"
            for word in "hH"
            for level in range(1, 7)
        ),
        "p.Heading => h2:fresh",
        f"r.{_FORMULA} => span.{markup.FORMULA}:fresh",
    ]
)


def make_preview(
    source: Path, name: str, workdir: Path, font: Path | None, report: Callable[[str, int], None]
) -> dict[str, Any]:
    """Return `{"sections": [(number, HTML)]}`, numbered as `docx.extract_docx` does.

    Pictures are left as `N.webp` in `workdir`. Raises FileRefused: limits, or what no DOCX is.
    """
    report("preview", 97)
    try:
        with at_most(_TIME_S):
            sections = list(_convert(source, workdir))
    except OutOfTime as error:
        raise FileRefused("limits", detail="time") from error
    if sum(len(html) for _number, html in sections) > markup.MAX_HTML:
        raise FileRefused("limits", detail="output")
    return {"sections": sections}


def _convert(source: Path, workdir: Path) -> Iterator[tuple[int, str]]:
    document = docx.open_docx(source)
    blocks = docx.read_blocks(document)
    with Pictures(source, workdir) as pictures:
        converter = _Converter(SlimPackage(source, document), pictures)
        numbers = docx.number_blocks(blocks)
        begins = [0, *(at for at, (a, b) in enumerate(pairwise(numbers), 1) if a != b)]
        for block in blocks:
            _prepare(block)
        html = converter.convert(blocks, dict.fromkeys(begins, True))
        for number, part in zip(
            (numbers[at] for at in begins), converter.split(html), strict=False
        ):
            yield number, markup.sanitise(part)


class _Converter:
    """Blocks through mammoth; those that it fails on come out as their text."""

    def __init__(self, package: SlimPackage, pictures: Pictures) -> None:
        self.package, self.pictures = package, pictures
        self.attempts = 0
        # Marks where a section begins; no document can know it.
        self.mark = f"section-{secrets.token_hex(12)}"

    def convert(self, blocks: list[docx.Block], begins: dict[int, bool]) -> str:
        """HTML of all blocks, with a mark before each whose place is in `begins`."""
        return self._part(blocks, begins, 0, len(blocks)) if blocks else ""

    def split(self, html: str) -> list[str]:
        """The sections, without their marks."""
        tags = "(?:<[^<>]*>)*"
        parts = re.split(f"<p>{tags}{self.mark}{tags}</p>", html)[1:]
        return [part.replace(self.mark, "") for part in parts]

    def _part(self, blocks: list[docx.Block], begins: dict[int, bool], start: int, end: int) -> str:
        if self.attempts < _ATTEMPTS:
            self.attempts += 1
            try:
                return self._try(blocks, begins, start, end)
            except MemoryError:
                raise
            except Exception as error:  # mammoth raises whatever odd values make it raise
                logging.getLogger(__name__).info("blocks not converted: %r", error)
        if end - start > 1 and self.attempts < _ATTEMPTS:
            middle = (start + end) // 2
            first = self._part(blocks, begins, start, middle)
            return first + self._part(blocks, begins, middle, end)
        return "".join(self._plain(blocks[at], at in begins) for at in range(start, end))

    def _try(self, blocks: list[docx.Block], begins: dict[int, bool], start: int, end: int) -> str:
        import mammoth

        elements = []
        for at in range(start, end):
            if at in begins:
                elements.append(_paragraph(self.mark))
            elements.append(blocks[at].element)
        html: str = mammoth.convert_to_html(
            self.package.with_blocks(elements),
            style_map=_STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=self.pictures.convert,
            id_prefix=markup.ID_PREFIX,
        ).value
        return html

    def _plain(self, block: docx.Block, begins: bool) -> str:
        mark = f"<p>{self.mark}</p>" if begins else ""
        return mark + "".join(f"<p>{escape(line)}</p>" for line in block.text.splitlines() if line)


def _prepare(block: docx.Block) -> None:
    """Make formulas text, headings headings; a paragraph whose end was deleted stays one."""
    element = block.element
    for formula in list(element.iter(f"{_M}oMathPara", f"{_M}oMath")):
        parent = formula.getparent()
        if parent is not None and not any(True for _ in formula.iterancestors(f"{_M}oMathPara")):
            _replace(formula, _run(linear_formula(formula), _FORMULA))
    for properties in list(element.iter(f"{_W}pPr")):
        for deleted in properties.findall(f"{_W}rPr/{_W}del"):
            deleted.getparent().remove(deleted)
    if block.level:
        _set_style(element, f"{_HEADING}{block.level}")


def _replace(old: Any, new: Any) -> None:
    new.tail = old.tail
    old.getparent().replace(old, new)


def _run(text: str, style: str = "") -> Any:
    from docx.oxml.parser import OxmlElement

    run, content = OxmlElement("w:r"), OxmlElement("w:t")
    if style:
        properties = OxmlElement("w:rPr")
        properties.append(_named("w:rStyle", style))
        run.append(properties)
    content.text = text
    run.append(content)
    return run


def _paragraph(text: str) -> Any:
    from docx.oxml.parser import OxmlElement

    paragraph = OxmlElement("w:p")
    paragraph.append(_run(text))
    return paragraph


def _named(tag: str, value: str) -> Any:
    from docx.oxml.parser import OxmlElement

    return OxmlElement(tag, {f"{_W}val": value})


def _set_style(paragraph: Any, style: str) -> None:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return
    for old in properties.findall(f"{_W}pStyle"):
        properties.remove(old)
    properties.insert(0, _named("w:pStyle", style))
