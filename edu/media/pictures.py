"""The pictures of a document as files of our own making. Runs inside the sandbox only."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from edu.media.markup import MISSING
from edu.media.text import clean_line

MAX_PICTURES = 200
LONGEST = 1600  # pixels
_MAX_PIXELS = 40_000_000
_MAX_BYTES = 40 * 1024 * 1024  # of one as it lies in the package
_MAX_WRITTEN = 48 * 1024 * 1024  # of all
_QUALITY = 80
# Drawings for printers (EMF, WMF) and whatever else there is are not among them.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_MODES = {"1": "L", "L": "L", "RGB": "RGB", "RGBA": "RGBA", "LA": "RGBA", "PA": "RGBA"}


class Pictures:
    """Takes pictures out of the package `source` and writes them to `folder` as WebP."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.folder, self.source = folder, source
        self.made: dict[str, dict[str, str]] = {}
        self.written = 0

    def __enter__(self) -> Pictures:
        self.archive = zipfile.ZipFile(self.source)
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()

    def convert(self, image: Any) -> list[Any]:
        """What mammoth puts in the place of a picture: ours, or a mark that there was one."""
        from mammoth import html

        try:
            attributes = self._find(image)
        except MemoryError:
            raise
        except Exception as error:  # decoders raise what they like; text goes on around it
            logging.getLogger(__name__).info("picture left out: %r", error)
            return [html.element("span", {"class": MISSING}, [html.text("▭")])]
        alt = clean_line(image.alt_text or "").translate({ord(sign): None for sign in '<>"'})
        return [html.element("img", attributes | {"alt": alt})]

    def _find(self, image: Any) -> dict[str, str]:
        with image.open() as stream:  # the name of the part, see SlimPackage
            name = stream.read().decode()
        if name not in self.made:
            self.made[name] = self._make(name)
        return self.made[name]

    def _make(self, name: str) -> dict[str, str]:
        entry = self.archive.getinfo(name)
        if len(self.made) >= MAX_PICTURES or self.written > _MAX_WRITTEN:
            raise ValueError("too many pictures")
        if entry.file_size > _MAX_BYTES:
            raise ValueError("a picture of too many bytes")
        target = self.folder / f"{len(self.made) + 1}.webp"
        with self.archive.open(entry) as stream, Image.open(stream, formats=_FORMATS) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise ValueError("a picture of too many pixels")
            width, height = _save(picture, target)
        self.written += target.stat().st_size
        size = {"width": str(width), "height": str(height)}
        return {"src": target.name, **size, "loading": "lazy"}


def _save(picture: Image.Image, target: Path) -> tuple[int, int]:
    picture.draft("RGB", (LONGEST, LONGEST))  # a JPEG is decoded smaller at once
    transparent = "transparency" in picture.info
    mode = "RGBA" if transparent else _MODES.get(picture.mode, "RGB")
    small = picture.convert(mode)
    small.thumbnail((LONGEST, LONGEST))
    small.save(target, "WEBP", quality=_QUALITY, method=2)
    return small.size
