"""The outer structure of a DOCX file: a ZIP package (ECMA-376, part 2)."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from edu.media.errors import FileRefused
from edu.media.zipend import MAX_ENTRIES, check_end

_MAX_TOTAL = 600 * 1024 * 1024
# A parsed XML tree takes about ten times its text, and has to fit into the sandbox.
_MAX_XML_PART = 48 * 1024 * 1024
# Plain XML shrinks 20-fold, a table of equal rows perhaps 100-fold. Small sums do no harm.
_MAX_RATIO = 200
_RATIO_FROM = 20 * 1024 * 1024
_MAX_CONTENT_TYPES = 1024 * 1024
_MAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MAIN_PART = re.compile(r"word/document\d*\.xml")
_MACROS = (b"macroenabled", b"vbaproject")
# Parts that an office program fetches, or runs, as soon as it opens the document. A picture from
# elsewhere is not among them: it is common, and left out of our preview.
_FETCHED = ("attachedtemplate", "oleobject", "subdocument", "frame", "afchunk", "control")
# With slashes for backslashes: another protocol, or another computer's share. A drive is none.
_REMOTE = re.compile(r"(?!file:)[a-z][a-z-]+:|//|file:(?://)?/*(?!/|localhost/|[a-z][:|])[^/]+/")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, KeyError)


def check_directory(path: Path) -> None:
    """Refuse a ZIP that is no Word document, judging by its directory and content types only.

    Raises FileRefused: broken, bomb, encrypted, unknown_type.
    """
    check_end(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_sizes(entries)
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused("encrypted")
            _check_document(archive, [entry.filename for entry in entries])
    except _ZIP_ERRORS as error:
        raise FileRefused("broken", detail=type(error).__name__) from error


def check_parts(path: Path) -> None:
    """Unpack every part in small pieces: a directory may lie about sizes. Sandbox only.

    Raises FileRefused: broken where a part is not what the directory says; remote where opening
    the document fetches something from elsewhere, such as a template with macros.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.lower().endswith(".rels"):
                    _check_relations(archive.read(entry))
                    continue
                with archive.open(entry) as part:
                    while part.read(1 << 16):
                        pass
    except _ZIP_ERRORS as error:
        raise FileRefused("broken", detail=type(error).__name__) from error


def _check_relations(data: bytes) -> None:
    """Read the relations of a part. Raises FileRefused: remote, broken."""
    from xml.parsers import expat

    def start(name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2].lower()
        external = attributes.get("TargetMode", "").lower() == "external"
        target = attributes.get("Target", "").strip().replace("\\", "/").lower()
        if external and kind in _FETCHED and _REMOTE.match(target):
            raise FileRefused("remote")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FileRefused("broken", detail="relations") from error


def refuse_ole(path: Path, head: bytes) -> None:
    """Refuse an OLE container: a DOCX with a password hides in one, so does the old DOC."""
    sector_size = 1 << min(int.from_bytes(head[30:32], "little"), 12)
    first_directory_sector = int.from_bytes(head[48:52], "little")
    with path.open("rb") as file:
        file.seek((first_directory_sector + 1) * sector_size)
        names = file.read(4096)
    if "EncryptedPackage".encode("utf-16-le") in names:
        raise FileRefused("encrypted")
    raise FileRefused("unknown_type", found="doc")


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if len(entries) > MAX_ENTRIES or total > _MAX_TOTAL:
        raise FileRefused("bomb")
    if total > _RATIO_FROM and total / packed > _MAX_RATIO:
        raise FileRefused("bomb")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")) and entry.file_size > _MAX_XML_PART:
            raise FileRefused("bomb")


def _check_document(archive: zipfile.ZipFile, names: list[str]) -> None:
    if "[Content_Types].xml" not in names:
        raise FileRefused("unknown_type", found="zip")
    with archive.open("[Content_Types].xml") as part:
        types = part.read(_MAX_CONTENT_TYPES + 1)
    if len(types) > _MAX_CONTENT_TYPES:
        raise FileRefused("bomb")
    said = types.lower()
    parts = [name.lower() for name in names]
    if any(sign in said for sign in _MACROS) or any("vbaproject" in name for name in parts):
        raise FileRefused("unknown_type", found="macros")
    if _MAIN_TYPE not in types or not any(_MAIN_PART.fullmatch(name) for name in names):
        raise FileRefused("unknown_type", found="office")
