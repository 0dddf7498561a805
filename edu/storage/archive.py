"""Many files of the storage as one ZIP that is made while it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zipstream import ZipStream

from edu.storage.base import Storage

CHUNK = 256 * 1024
MAX_NAME_BYTES = 200  # systems take 255, and a number and a suffix come around it


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name there, where its bytes lie, and how many they are.

    What was made for the archive alone lies nowhere and brings its bytes as `content`.
    """

    name: str
    key: str
    size: int
    content: bytes | None = None


def safe_name(title: str) -> str:
    """The title as a file's name on any system: no path, no control or bidi characters."""
    shown = "".join(char if char.isprintable() else " " for char in title)
    plain = " ".join(re.sub(r'[<>:"/\\|?*]', " ", shown).split())
    return plain.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(". ") or "file"


def make_archive(storage: Storage, members: Sequence[Member]) -> tuple[int, Iterator[bytes]]:
    """Its size and its bytes. A file is opened when its turn comes, and read piece by piece.

    Stored, not compressed: PDF, DOCX and MP4 are so already, and the size is known beforehand.
    """
    archive = ZipStream(sized=True)
    for member in members:
        if member.content is not None:
            archive.add(member.content, member.name)
        else:
            archive.add(_read(storage, member.key), member.name, size=member.size)
    return len(archive), iter(archive)


def _read(storage: Storage, key: str) -> Iterator[bytes]:
    with storage.open(key) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
