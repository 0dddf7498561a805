"""What a file is, judged by its content.

`sniff` reads a few kilobytes and is safe in the web process right after an upload.
`inspect_file` also opens the file with the real parsers: only inside the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edu.media import boxes, package
from edu.media.errors import FileRefused

__all__ = ["MAX_BYTES", "FileRefused", "Inspection", "Kind", "inspect_file", "sniff"]

Kind = Literal["pdf", "docx", "video"]

MAX_BYTES = 500 * 1024 * 1024
MEDIA_TYPES: dict[Kind, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "video": "video/mp4",
}
# Readers look for the PDF header in the first kilobyte, not only at its start.
_PDF_HEADER_WITHIN = 1024
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_KIND_OF_SUFFIX: dict[str, Kind] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".mp4": "video",
    ".m4v": "video",
}
_FORMAT: dict[Kind, str] = {"pdf": "PDF", "docx": "DOCX", "video": "MP4"}
# Names that promise something else; anything not listed ("notes.2024") promises nothing.
_OTHER_SUFFIXES = frozenset(
    {".doc", ".docm", ".dotx", ".odt", ".rtf", ".txt", ".md", ".html", ".htm", ".xml", ".js"}
    | {".ppt", ".pptx", ".xls", ".xlsx", ".epub", ".djvu", ".zip", ".rar", ".7z", ".exe"}
    | {".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"}
    | {".mp3", ".wav", ".m4a", ".mov", ".avi", ".mkv", ".webm"}
)


@dataclass(frozen=True)
class Inspection:
    """What was found: the kind, its media type and the size in bytes."""

    kind: Kind
    media_type: str
    size: int


def sniff(path: Path, name: str, max_bytes: int = MAX_BYTES) -> Inspection:
    """Judge a file by magic and outer structure, in milliseconds; `name` is what a person gave.

    Raises FileRefused: empty, too_large, unknown_type, wrong_type, encrypted, broken, bomb.
    """
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("empty")
    if size > max_bytes:
        raise FileRefused("too_large", limit_mb=max_bytes // (1024 * 1024))
    kind = _kind_of(path)
    _compare_with_name(kind, name)
    return Inspection(kind, MEDIA_TYPES[kind], size)


def inspect_file(path: Path, name: str, max_bytes: int = MAX_BYTES) -> Inspection:
    """Do what `sniff` does, then open the file with its parser. Call it inside the sandbox.

    Raises FileRefused, also for what only a parser sees: passwords, loops, damage.
    """
    from edu.media import pdf, video

    inspection = sniff(path, name, max_bytes)
    if inspection.kind == "pdf":
        pdf.check_pdf(path)
    elif inspection.kind == "docx":
        package.check_parts(path)
    else:
        video.read_info(path)
    return inspection


def _kind_of(path: Path) -> Kind:
    with path.open("rb") as file:
        head = file.read(_PDF_HEADER_WITHIN)
    if head.startswith(b"PK\x03\x04"):
        package.check_directory(path)
        return "docx"
    if head[4:8] == b"ftyp":
        boxes.check_mp4(path)
        return "video"
    if head.startswith(_OLE_MAGIC):
        package.refuse_ole(path, head)
    if b"%PDF-" in head:
        return "pdf"
    raise FileRefused("unknown_type", found=_guess(head))


def _guess(head: bytes) -> str:
    movie = head.startswith((b"\x1aE\xdf\xa3", b"FLV")) or head[8:12] == b"AVI "
    return "movie" if movie or head[4:8] in (b"moov", b"mdat", b"wide") else ""


def _compare_with_name(kind: Kind, name: str) -> None:
    suffix = Path(name).suffix.lower()
    claimed = _KIND_OF_SUFFIX.get(suffix)
    if suffix in _OTHER_SUFFIXES or (claimed is not None and claimed != kind):
        raise FileRefused("wrong_type", claimed=suffix[1:], found=_FORMAT[kind])
