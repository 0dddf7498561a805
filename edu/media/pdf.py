"""Text and outline of a PDF."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from edu.media.errors import FileRefused
from edu.media.text import clean_line, clean_text, looks_like_text
from edu.media.timer import OutOfTime, at_most

_MAX_OUTLINE = 5_000
_MAX_PAGES = 20_000
_MAX_HEADING = 300
# pdfminer.six may need minutes for one page; this is what a second opinion is worth, in seconds
# and in pages.
_SECOND_OPINION_S = 20.0
_SECOND_OPINION_PAGES = 40
_TREE_CHECK_S = 2.0
# Fewer letters on a page than this, on average, are page numbers and stamps on a scan.
_LETTERS_ON_A_PAGE = 3

# It warns of every loop that it steps over; those are dealt with here.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)

OutlineEntry = tuple[str, int, int]


@dataclass(frozen=True)
class PageText:
    """One page: 1-based number, the outline titles that point to it, its text."""

    number: int
    heading: str
    text: str


@dataclass(frozen=True)
class PdfText:
    """All pages in order; the outline as (title, 1-based page, level from 0).

    `text_ok` is False where there is no text (a scan) or none that reads as words.
    """

    pages: list[PageText]
    page_count: int
    outline: list[OutlineEntry] = field(default_factory=list)
    text_ok: bool = True


@contextmanager
def open_pdf(path: Path) -> Iterator[Any]:
    """Open with pdfium; an empty user password is tried by itself.

    Raises FileRefused: encrypted, broken. Errors inside the block count as broken too.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        password = getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD
        raise FileRefused("encrypted" if password else "broken") from error
    try:
        yield document
    except pdfium.PdfiumError as error:
        raise FileRefused("broken", detail=str(error)[:200]) from error
    finally:
        document.close()


def check_pdf(path: Path) -> None:
    """Refuse a PDF that does not open or whose page tree contains itself.

    Raises FileRefused: encrypted, broken, bomb (more pages than any book).
    """
    with open_pdf(path) as document:
        if len(document) > _MAX_PAGES:
            raise FileRefused("bomb")
    if _tree_has_loop(path):
        raise FileRefused("broken", detail="the page tree contains itself")


def extract_pdf(path: Path, on_progress: Callable[[int, int], None]) -> PdfText:
    """Read text and outline; `on_progress(done, total)` is called after each page.

    Raises FileRefused: encrypted, broken.
    """
    with open_pdf(path) as document:
        outline = _read_outline(document)
        total = len(document)
        raw = []
        for index in range(total):
            raw.append(_read_page(document, index))
            on_progress(index + 1, total)
    texts, text_ok = _judge(path, raw)
    headings = _headings(outline)
    pages = [
        PageText(number, headings.get(number, ""), text) for number, text in enumerate(texts, 1)
    ]
    return PdfText(pages, total, outline, text_ok)


def _read_page(document: Any, index: int) -> str:
    try:
        page = document[index]
        textpage = page.get_textpage()
        text: str = textpage.get_text_range()
    except (pdfium.PdfiumError, ValueError):
        return ""  # one damaged page leaves the others readable
    textpage.close()
    page.close()
    return text


def _read_outline(document: Any) -> list[OutlineEntry]:
    entries = []
    for bookmark in itertools.islice(document.get_toc(), _MAX_OUTLINE):
        destination = bookmark.get_dest()
        index = destination.get_index() if destination else None
        title = clean_line(bookmark.get_title())
        if title and index is not None and index < len(document):
            entries.append((title, index + 1, bookmark.level))
    return entries


def _headings(outline: list[OutlineEntry]) -> dict[int, str]:
    titles: dict[int, list[str]] = {}
    for title, page, _level in outline:
        titles.setdefault(page, []).append(title)
    return {page: " · ".join(parts)[:_MAX_HEADING] for page, parts in titles.items()}


def _judge(path: Path, raw: list[str]) -> tuple[list[str], bool]:
    """Return the pages' clean texts, the bad ones read anew, and whether they are text at all."""
    bad = [index for index, text in enumerate(raw) if text.strip() and not looks_like_text(text)]
    better = _second_opinion(path, bad[:_SECOND_OPINION_PAGES]) if bad else {}
    texts = [clean_text(better.get(index, text)) for index, text in enumerate(raw)]
    lost = [index for index in bad if index not in better]
    with_text = sum(1 for text in raw if text.strip())
    letters = sum(char.isalpha() for text in texts for char in text)
    text_ok = 2 * len(lost) < with_text and letters >= _LETTERS_ON_A_PAGE * len(raw)
    if not text_ok:
        for index in lost:
            texts[index] = ""  # mojibake would only pollute the index and the snippets
    return texts, text_ok


def _second_opinion(path: Path, indexes: list[int]) -> dict[int, str]:
    """Read pages with pdfminer.six within a fixed time; return those that came out as text."""
    from pdfminer.high_level import extract_text

    found: dict[int, str] = {}
    deadline = time.monotonic() + _SECOND_OPINION_S
    try:
        for index in indexes:
            with at_most(deadline - time.monotonic()):
                text = extract_text(str(path), page_numbers=[index])
            if looks_like_text(text):
                found[index] = text
    except OutOfTime:
        pass
    except Exception as error:  # the parser raises whatever a damaged file makes it raise
        logging.getLogger(__name__).info("no second opinion: %r", error)
    return found


def _tree_has_loop(path: Path) -> bool:
    """Whether a node of the page tree is among its own ancestors.

    pdfium reads around such a node and shows what it finds, so it never tells.
    """
    try:
        with at_most(_TREE_CHECK_S), path.open("rb") as file:
            return _walk_tree(file)
    except OutOfTime:
        return False  # pdfium has opened the file: a slow check is no verdict
    except Exception as error:  # what pdfium can open and pdfminer cannot is no loop
        logging.getLogger(__name__).info("page tree not checked: %r", error)
        return False


def _walk_tree(file: Any) -> bool:
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser
    from pdfminer.pdftypes import PDFObjRef, resolve1

    pending = [(PDFDocument(PDFParser(file)).catalog.get("Pages"), frozenset[int]())]
    while pending:
        reference, ancestors = pending.pop()
        if isinstance(reference, PDFObjRef):
            if reference.objid in ancestors:
                return True
            ancestors |= {reference.objid}
        node = resolve1(reference)
        kids = resolve1(node.get("Kids")) if isinstance(node, dict) else None
        if not isinstance(kids, list):
            continue
        if any(isinstance(kid, PDFObjRef) and kid.objid in ancestors for kid in kids):
            return True
        # As many kids as pages: all of them are leaves, and need not be read.
        if resolve1(node.get("Count")) != len(kids):
            pending.extend((kid, ancestors) for kid in kids)
    return False
