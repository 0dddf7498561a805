"""The storage protocol: bytes under a key, whatever keeps them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol


class Storage(Protocol):
    """Keys are slash-separated names made by the product itself, never by people."""

    def save(self, source: Path, key: str) -> None:
        """Move the finished file `source` to `key`; on return the bytes survive a power cut.

        A second save under the same key keeps the first: keys are made of content hashes.
        """

    def open(self, key: str) -> IO[bytes]:
        """A seekable stream. Raises FileNotFoundError."""

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """The bytes as a file on this machine, for as long as the context lasts. Read only."""

    def exists(self, key: str) -> bool:
        """Whether there are bytes under `key`."""

    def delete(self, key: str) -> None:
        """Forget the bytes; no error if there are none."""

    def check(self) -> None:
        """Raises OSError when the storage cannot be written."""


def original_key(sha256: str) -> str:
    """Where an uploaded file lies."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def thumbnail_key(sha256: str) -> str:
    """Where the picture of a file lies."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}.webp"
