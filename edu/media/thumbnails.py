"""A small picture of each material: WebP, the longer side at most 480 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from edu.media.errors import FileRefused
from edu.media.pdf import open_pdf
from edu.media.video import VideoInfo, save_poster

LONGEST = 480
_QUALITY = 78
# A drawn sheet has the proportions of A4.
_SHEET = (340, 480)
_MARGIN = 30
_PAPER, _INK, _GREY, _ACCENT = "#ffffff", "#1f2430", "#c9ced8", "#4a67d6"
_TITLE_SIZE, _LINE_SIZE = 19, 11
_TITLE_LINES, _BODY_LINES = 4, 22


def pdf_thumbnail(path: Path, target: Path, number: int = 1) -> None:
    """Draw a page of a PDF. The scale follows from the page, so that no page is too large.

    Raises FileRefused: encrypted, broken.
    """
    with open_pdf(path) as document:
        if not 1 <= number <= len(document):
            raise FileRefused("broken", detail="no such page")
        page = document[number - 1]
        width, height = page.get_size()
        longest = max(width, height)
        if not 0 < longest < float("inf"):
            raise FileRefused("broken", detail="a page without a size")
        image = page.render(scale=LONGEST / longest).to_pil()
    _save(image, target)


def video_thumbnail(path: Path, info: VideoInfo, target: Path) -> None:
    """Save a frame of a video. Raises FileRefused: broken when no frame decodes."""
    frame = target.with_suffix(".png")
    save_poster(path, info, frame, LONGEST)
    try:
        with Image.open(frame) as image:
            _save(image, target)
    except (UnidentifiedImageError, OSError) as error:
        raise FileRefused("broken", detail="no frame decodes") from error
    finally:
        frame.unlink(missing_ok=True)


def docx_thumbnail(title: str, lines: list[str], target: Path, font: Path | None = None) -> None:
    """Draw a sheet with a title and the first lines of a document.

    `font` is a TrueType file with Cyrillic letters; a bare machine has none, and without it the
    sheet shows bars as long as the lines would be.
    """
    image = Image.new("RGB", _SHEET, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 5, _SHEET[1]), fill=_ACCENT)
    pen = _Pen(draw, _usable(font))
    pen.write(title, _TITLE_SIZE, _TITLE_LINES, _INK)
    pen.skip(14)
    for line in lines[:_BODY_LINES]:
        pen.write(line, _LINE_SIZE, 5, _INK if pen.font else _GREY)
    _save(image, target)


class _Pen:
    """Writes lines down a sheet, as letters or as bars."""

    def __init__(self, draw: ImageDraw.ImageDraw, font: Path | None) -> None:
        self.draw, self.font = draw, font
        self.top = _MARGIN

    def skip(self, pixels: int) -> None:
        self.top += pixels

    def write(self, text: str, size: int, most: int, ink: str) -> None:
        letters = ImageFont.truetype(self.font, size) if self.font else None
        room = _SHEET[0] - 2 * _MARGIN
        for line, width in list(_wrap(text[:600], letters, size, room))[:most]:
            if self.top + size > _SHEET[1] - _MARGIN:
                return
            if letters:
                self.draw.text((_MARGIN, self.top), line, fill=ink, font=letters)
            else:
                bar = (_MARGIN, self.top, _MARGIN + width, self.top + size // 2)
                self.draw.rectangle(bar, fill=ink)
            self.top += round(size * 1.45)
        self.top += size // 3


def _usable(font: Path | None) -> Path | None:
    try:
        if font is not None:
            ImageFont.truetype(font, _LINE_SIZE)
    except OSError:
        return None
    return font


def _wrap(text: str, letters: Any, size: int, room: int) -> Iterator[tuple[str, int]]:
    """Yield lines that fit into `room` pixels, each with its width; bars guess the width."""

    def measure(line: str) -> int:
        return round(letters.getlength(line) if letters else 0.55 * size * len(line))

    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and measure(longer) > room:
            yield line, min(measure(line), room)
            longer = word
        line = longer
    if line:
        yield line, min(measure(line), room)


def _save(image: Image.Image, target: Path) -> None:
    image.thumbnail((LONGEST, LONGEST))
    image.convert("RGB").save(target, "WEBP", quality=_QUALITY, method=4)
