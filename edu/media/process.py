"""The one entry for jobs: a file goes in, plain data and a thumbnail come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused
from edu.media.inspect import Kind
from edu.media.previews import Preview, make_preview
from edu.media.sandbox import OnProgress, Sandbox
from edu.media.workdir import THUMBNAIL_NAME


@dataclass(frozen=True)
class PassageText:
    """A piece that a search hit opens at: a PDF page or a DOCX section, numbered from 1, or what
    begins at a second of a video, numbered by it.
    """

    number: int
    heading: str
    text: str


@dataclass(frozen=True)
class Processed:
    """What became of a file.

    pages: PDF only. duration (seconds), width, height (pixels): video only. passages: those that
    have text or a heading; of a video its chapters. text_ok: False when a document has no text that
    reads as words; it is still a good file. outline: (title, page, level from 0), PDF only.
    thumbnail: a WebP file in the workdir, or None where a page could not be drawn.
    preview: DOCX only, None where it could not be converted. peak_mb: the most memory that a child
    held.
    """

    kind: Kind
    media_type: str
    pages: int | None
    duration: float | None
    width: int | None
    height: int | None
    passages: list[PassageText]
    thumbnail: Path | None
    text_ok: bool
    outline: list[tuple[str, int, int]]
    peak_mb: float
    preview: Preview | None = None


def process_file(
    sandbox: Sandbox, source: Path, name: str, workdir: Path, on_progress: OnProgress
) -> Processed:
    """Inspect, read and picture `source` inside the sandbox; `name` is what the uploader gave.

    `workdir` is an existing folder that belongs to this call; a second run overwrites the first.
    `on_progress(step, percent)` gets the steps inspect, text, thumbnail, preview and comes at least
    every two seconds; what it raises stops the work. Raises FileRefused for the file's own faults
    and SandboxError for the machine's.
    """
    result = sandbox.run("process", source, workdir, name, on_progress)
    try:
        done = _from_data(result.data, workdir, result.peak_mb)
    except (TypeError, ValueError, KeyError) as error:  # no task of this program returns this
        raise FileRefused("broken", detail="result") from error
    if done.kind == "docx":
        preview = make_preview(sandbox, source, workdir / "preview", on_progress)
        peak_mb = max(done.peak_mb, preview.peak_mb if preview else 0.0)
        done = replace(done, preview=preview, peak_mb=peak_mb)
    return done


def _from_data(data: dict[str, Any], workdir: Path, peak_mb: float) -> Processed:
    thumbnail = data.pop("thumbnail")
    passages = [PassageText(*passage) for passage in data.pop("passages")]
    outline = [(str(title), int(page), int(level)) for title, page, level in data.pop("outline")]
    return Processed(
        **data,
        passages=passages,
        outline=outline,
        thumbnail=_thumbnail(workdir) if thumbnail else None,
        peak_mb=peak_mb,
    )


def _thumbnail(workdir: Path) -> Path:
    # Under its one name, and no link: the picture is shown to everybody.
    path = workdir / THUMBNAIL_NAME
    if path.is_symlink() or not path.is_file():
        raise ValueError(f"no thumbnail at {path}")
    return path
