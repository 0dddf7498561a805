"""Previews of documents on their way out of the sandbox, into the storage, and onto a page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from edu.media import markup
from edu.media.errors import FileRefused
from edu.media.sandbox import OnProgress, Sandbox
from edu.storage.base import Storage, StorageUnavailable, preview_key

SECTIONS = "sections.json"
MAX_SECTIONS = 20_000
# The sandbox bounds them too; what it says is not believed.
_MAX_PICTURES, _MAX_BYTES = 1_000, 16 * 1024 * 1024
_WEBP = (b"RIFF", b"WEBP")
_MISSING = f'<span class="{markup.MISSING}">▭</span>'
# No value holds a quotation mark, so one that ends in ` src=` is not followed by a name.
_IMAGE = re.compile(rf'(<img\b[^<>]*? src=")(?={markup.PICTURE.pattern}")')


@dataclass(frozen=True, slots=True)
class Preview:
    """A document as sections of clean HTML by their numbers, and the files of its pictures.

    peak_mb: the most memory that its child held.
    """

    sections: list[tuple[int, str]]
    pictures: list[Path]
    peak_mb: float = 0.0


def make_preview(
    sandbox: Sandbox, source: Path, workdir: Path, on_progress: OnProgress
) -> Preview | None:
    """Have a DOCX converted in a run of its own; None where that fails: its text is there anyway.

    `workdir` is a folder of this call's. Raises SandboxError.
    """
    workdir.mkdir(exist_ok=True)
    try:
        result = sandbox.run("preview", source, workdir, "", on_progress)
        return Preview(_check_sections(result.data), _check_pictures(workdir), result.peak_mb)
    except (FileRefused, TypeError, ValueError, KeyError):
        return None


def _check_sections(data: Mapping[str, Any]) -> list[tuple[int, str]]:
    sections = [(int(number), str(html)) for number, html in data["sections"]]
    size = sum(len(html) for _number, html in sections)
    if not sections or len(sections) > MAX_SECTIONS or size > markup.MAX_HTML:
        raise ValueError("no sections, or too much of them")
    if not all(markup.is_clean(html) for _number, html in sections):
        raise ValueError("HTML that is not clean")
    return sections


def _check_pictures(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if markup.PICTURE.fullmatch(path.name))
    if len(paths) > _MAX_PICTURES or not all(map(_is_picture, paths)):
        raise ValueError("pictures that are none")
    return paths


def _is_picture(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_BYTES:
        return False
    with path.open("rb") as file:
        head = file.read(12)
    return (head[:4], head[8:]) == _WEBP


def save_preview(
    storage: Storage, sha256: str, preview: Preview, workdir: Path, on_progress: OnProgress
) -> None:
    """Keep it under the file's hash; the sections come last, so what has them is whole."""
    for path in preview.pictures:
        on_progress("preview", 98)
        storage.save(path, preview_key(sha256, path.name))
    sections = workdir / SECTIONS
    sections.write_text(json.dumps(preview.sections, ensure_ascii=False), encoding="utf-8")
    storage.save(sections, preview_key(sha256, SECTIONS))


def read_preview(
    storage: Storage, sha256: str, pictures: str, missing: str
) -> list[tuple[int, Markup]]:
    """The sections for a page; none where there is no preview.

    `pictures` is the address under which theirs are, `missing` what stands where one is not.
    """
    try:
        with storage.open(preview_key(sha256, SECTIONS)) as stream:
            sections = json.load(stream)
    except (FileNotFoundError, ValueError, StorageUnavailable):
        return []
    address = str(escape(pictures))
    shown = f'<span class="{markup.MISSING}">{escape(missing)}</span>'
    return [(number, _fill(html, address, shown)) for number, html in sections]


def _fill(html: str, address: str, missing: str) -> Markup:
    # Clean text holds no bare "<": both are found in tags only.
    html = _IMAGE.sub(lambda tag: tag[1] + address, html.replace(_MISSING, missing))
    return Markup(html)  # noqa: S704 - `is_clean` has seen all of it before it was kept
