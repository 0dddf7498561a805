"""The storage protocol: bytes under a key, whatever keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from flask_babel import lazy_gettext as _l

from edu.errors import Unavailable

# What lies under the hash of a file: the file itself, and what was made of it.
ORIGINALS, THUMBNAILS, STREAMS, PREVIEWS = "files/", "thumbnails/", "streams/", "previews/"


class StorageUnavailable(Unavailable):
    """The storage does not answer, or refuses us; the log says why."""

    code = "storage_unavailable"
    message = _l("The storage of files does not answer just now. Please try again in a minute.")


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing tells of a key: bytes, and when they came (seconds since 1970)."""

    key: str
    size: int
    modified: float


class Storage(Protocol):
    """Keys are slash-separated names made by the product itself, never by people.

    Every method may raise StorageUnavailable, or OSError for a folder.
    """

    def save(self, source: Path, key: str) -> None:
        """Move the finished file `source` to `key`; on return the bytes survive a power cut.

        A second save under the same key keeps the first: keys are made of content hashes.
        """

    def open(self, key: str) -> IO[bytes]:
        """A seekable stream that tells its length without reading. Raises FileNotFoundError."""

    def local_path(
        self, key: str, beat: Callable[[], object] | None = None
    ) -> AbstractContextManager[Path]:
        """The bytes as a file on this machine, for as long as the context lasts. Read only.

        `beat` is called again and again while they have to be fetched; what it raises ends that.
        """

    def exists(self, key: str) -> bool:
        """Whether there are bytes under `key`."""

    def size(self, key: str) -> int:
        """How many bytes there are. Raises FileNotFoundError."""

    def list_keys(self, prefix: str = "") -> Iterator[Found]:
        """All keys that begin so, in the order of their code points, read as one goes on."""

    def delete(self, key: str) -> None:
        """Forget the bytes; no error if there are none."""

    def check(self) -> None:
        """Raises OSError or StorageUnavailable when the storage cannot be used."""

    def file_of(self, key: str) -> Path | None:
        """The file itself, for a front server to send; None where there is none, or no such key."""

    def presign(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """An address where a browser gets the bytes for a while; None: only the site sends them."""

    def origin(self) -> str:
        """Where presigned addresses lead, as a security policy names it; "" for nowhere."""


def original_key(sha256: str) -> str:
    """Where an uploaded file lies."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def thumbnail_key(sha256: str) -> str:
    """Where the picture of a file lies."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}.webp"


def page_picture_key(sha256: str, number: int) -> str:
    """Where the picture of a page lies."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}/pages/{number}.webp"


def undrawn_key(sha256: str, number: int) -> str:
    """Where an empty mark lies for a page that has no picture, and will have none."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}/pages/{number}.none"


def preview_key(sha256: str, name: str) -> str:
    """Where a piece of a document's preview lies: its sections, or a picture."""
    return f"previews/{sha256[:2]}/{sha256[2:4]}/{sha256}/{name}"


def stream_key(sha256: str, name: str) -> str:
    """Where a piece of a video's HLS lies: a playlist, or a segment."""
    return f"streams/{sha256[:2]}/{sha256[2:4]}/{sha256}/{name}"


def hash_of(key: str) -> str | None:
    """The SHA-256 of the uploaded file that a key belongs to; None for a key of another make."""
    found = re.fullmatch(r"[a-z]+/(..)/(..)/(\1\2[0-9a-f]{60})([/.-].*)?", key)
    return found[3] if found else None


def list_keys_of(storage: Storage, sha256: str) -> Iterator[str]:
    """The keys under which the storage has a file and all that was made of it."""
    place = f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
    for family in (ORIGINALS, THUMBNAILS, STREAMS, PREVIEWS):
        for found in storage.list_keys(family + place):
            yield found.key


def delete_keys_of(storage: Storage, sha256: str) -> int:
    """Forget a file and all that was made of it; counts the keys.

    That no row refers to it is the caller's to know.
    """
    keys = list(list_keys_of(storage, sha256))
    for key in keys:
        storage.delete(key)
    return len(keys)
