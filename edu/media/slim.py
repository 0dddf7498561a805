"""A DOCX package with other blocks in its document and no pictures, cheap to make many times."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused

# What mammoth makes of XML takes a hundred times as much memory, at worst.
_MAX_XML = 5 * 1024 * 1024
_READ = (".xml", ".rels")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class SlimPackage:
    """The parts of a package in memory; in place of a picture stands the name of its part."""

    def __init__(self, source: Path, document: Any) -> None:
        """Raises FileRefused: limits for a document whose parts are too large."""
        self.document = document
        self.main = str(document.part.partname).lstrip("/")
        self.parts: dict[str, bytes] = {}
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            read = [entry for entry in entries if entry.filename.endswith(_READ)]
            if sum(entry.file_size for entry in read) > _MAX_XML:
                raise FileRefused("limits", detail="size of the document")
            self.parts = {entry.filename: entry.filename.encode() for entry in entries}
            self.parts |= {entry.filename: archive.read(entry) for entry in read}
        # The format has no document types; who writes one anyway means no good.
        self.parts = {name: data for name, data in self.parts.items() if b"<!DOCTYPE" not in data}
        self._slim_styles()

    def _slim_styles(self) -> None:
        """Leave names and numbering of styles; most of a small document is how styles look."""
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.opc.oxml import serialize_part_xml

        try:
            part = self.document.part.part_related_by(RELATIONSHIP_TYPE.STYLES)
        except (KeyError, ValueError):
            return  # a document need not have any, and several are none of ours
        for style in list(part.element):
            for child in list(style):
                if child.tag not in (f"{_W}name", f"{_W}pPr"):
                    style.remove(child)
            if style.tag != f"{_W}style":
                part.element.remove(style)
        self.parts[str(part.partname).lstrip("/")] = serialize_part_xml(part.element)

    def with_blocks(self, elements: list[Any]) -> io.BytesIO:
        """The package with these paragraphs and tables, which are moved into it."""
        from docx.opc.oxml import serialize_part_xml

        body = self.document.element.body
        for child in list(body):
            body.remove(child)
        body.extend(elements)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in self.parts.items():
                if name != self.main:
                    archive.writestr(name, data)
            archive.writestr(self.main, serialize_part_xml(self.document.element))
        target.seek(0)
        return target
