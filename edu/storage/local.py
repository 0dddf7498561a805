"""Files in a local folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

COPY_CHUNK = 1024 * 1024


class LocalStorage:
    """Storage in `root`; every write is a rename of a file that is already safe on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"key {key!r} leaves the storage")
        return path

    def save(self, source: Path, key: str) -> None:
        """See Storage.save."""
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.stat().st_size == source.stat().st_size:
            source.unlink()
            return
        with source.open("rb+") as stream:
            os.fsync(stream.fileno())
        try:
            source.replace(target)
        except OSError:  # another file system: copy beside the target, then rename
            beside = target.with_name(f"{target.name}.{os.getpid()}.part")
            shutil.copyfile(source, beside)
            with beside.open("rb+") as stream:
                os.fsync(stream.fileno())
            beside.replace(target)
            source.unlink()
        _sync_folder(target.parent)

    def open(self, key: str) -> IO[bytes]:
        """See Storage.open."""
        return self._path(key).open("rb")

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """See Storage.local_path; here it is the file itself."""
        yield self._path(key)

    def exists(self, key: str) -> bool:
        """See Storage.exists."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """See Storage.delete."""
        self._path(key).unlink(missing_ok=True)

    def check(self) -> None:
        """See Storage.check."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.root) as probe:
            probe.write(b"ok")


def _sync_folder(folder: Path) -> None:
    # A rename is on disk only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
