"""What is done to one file, step by step. Runs in a child process of the sandbox only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edu.media import captions, docx, pdf, thumbnails, video
from edu.media.errors import FileRefused
from edu.media.inspect import Inspection, inspect_file
from edu.media.workdir import PAGE_NAME, THUMBNAIL_NAME

# report(step, percent): the percentage is of the whole file, so that it only ever grows.
Report = Callable[[str, int], None]

_TEXT_FROM, _TEXT_TO = 5, 80
_THUMBNAIL_DONE = 95


def process(
    source: Path, name: str, workdir: Path, font: Path | None, report: Report
) -> dict[str, Any]:
    """Inspect, read and picture one file; return plain data for `process.Processed`.

    Writes `thumbnail.webp` to `workdir`. Raises FileRefused.
    """
    report("inspect", 0)
    inspection = inspect_file(source, name)
    report("text", _TEXT_FROM)
    target = workdir / THUMBNAIL_NAME
    worker = {"pdf": _pdf, "docx": _docx, "video": _video}[inspection.kind]
    found = worker(source, target, font, report)
    report("thumbnail", _THUMBNAIL_DONE)
    return _described(inspection) | found | {"thumbnail": target.name if target.exists() else None}


def draw_page(
    source: Path, name: str, workdir: Path, font: Path | None, report: Report
) -> dict[str, Any]:
    """Draw one page of a PDF as `page.webp`; `name` is its number from 1. Raises FileRefused."""
    thumbnails.pdf_thumbnail(source, workdir / PAGE_NAME, int(name))
    return {}


def read_captions(
    source: Path, name: str, workdir: Path, font: Path | None, report: Report
) -> dict[str, Any]:
    """Read subtitles or a transcript. Raises FileRefused."""
    cues, timed = captions.read_cues(source.read_bytes())
    return {"cues": [(cue.begin, cue.end, cue.text) for cue in cues], "timed": timed}


def _described(inspection: Inspection) -> dict[str, Any]:
    return {
        "kind": inspection.kind,
        "media_type": inspection.media_type,
        "pages": None,
        "duration": None,
        "width": None,
        "height": None,
        "passages": [],
        "text_ok": True,
        "outline": [],
    }


def _pdf(source: Path, target: Path, font: Path | None, report: Report) -> dict[str, Any]:
    found = pdf.extract_pdf(source, _text_progress(report))
    report("thumbnail", _TEXT_TO)
    # The text is there; a picture of the first page is not worth losing it.
    with contextlib.suppress(FileRefused):
        thumbnails.pdf_thumbnail(source, target)
    return {
        "pages": found.page_count,
        "passages": [
            (page.number, page.heading, page.text)
            for page in found.pages
            if page.text or page.heading
        ],
        "text_ok": found.text_ok,
        "outline": found.outline,
    }


def _docx(source: Path, target: Path, font: Path | None, report: Report) -> dict[str, Any]:
    sections = docx.extract_docx(source, _text_progress(report))
    report("thumbnail", _TEXT_TO)
    lines = [line for section in sections[:20] for line in _lines(section)]
    thumbnails.docx_thumbnail(lines[0] if lines else "", lines[1:], target, font)
    return {
        "passages": [(section.number, section.heading, section.text) for section in sections],
        "text_ok": any(char.isalnum() for line in lines for char in line),
    }


def _lines(section: docx.Section) -> list[str]:
    return [line for line in (section.heading, *section.text.split("\n")[:60]) if line]


def _video(source: Path, target: Path, font: Path | None, report: Report) -> dict[str, Any]:
    info = video.read_info(source)
    moments = video.merge_moments(video.read_chapters(source, info))
    report("thumbnail", _TEXT_TO)
    thumbnails.video_thumbnail(source, info, target)
    return {
        "duration": info.duration,
        "width": info.width,
        "height": info.height,
        "passages": [(moment.second, moment.heading, moment.text) for moment in moments],
    }


def _text_progress(report: Report) -> Callable[[int, int], None]:
    def on_progress(done: int, total: int) -> None:
        report("text", _TEXT_FROM + (_TEXT_TO - _TEXT_FROM) * done // max(total, 1))

    return on_progress
