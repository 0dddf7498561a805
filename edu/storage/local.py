"""Files in a local folder."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edu.storage.base import Found

PART = ".part"  # what is still being copied


class LocalStorage:
    """Storage in `root`; every write is a rename of a file that is already safe on disk.

    `shared` lets the group read, to which the front server belongs that sends the files.
    """

    def __init__(self, root: Path, *, shared: bool = False) -> None:
        self.root, self.shared = root, shared

    def _path(self, key: str) -> Path:
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"key {key!r} leaves the storage")
        return path

    def save(self, source: Path, key: str) -> None:
        """See Storage.save."""
        target = self._path(key)
        self._make_folder(target.parent)
        if target.exists() and target.stat().st_size == source.stat().st_size:
            source.unlink()
            return
        if self.shared:
            source.chmod(0o640)
        with source.open("rb+") as stream:
            os.fsync(stream.fileno())
        try:
            source.replace(target)
        except OSError:  # another file system: copy beside the target, then rename
            beside = target.with_name(f"{target.name}.{os.getpid()}{PART}")
            shutil.copy(source, beside)
            with beside.open("rb+") as stream:
                os.fsync(stream.fileno())
            beside.replace(target)
            source.unlink()
        _sync_folder(target.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self.root:
            self._make_folder(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        if self.shared:
            folder.chmod(0o750)

    def open(self, key: str) -> IO[bytes]:
        """See Storage.open."""
        return self._path(key).open("rb")

    @contextmanager
    def local_path(self, key: str, beat: Callable[[], object] | None = None) -> Iterator[Path]:
        """See Storage.local_path; here it is the file itself."""
        yield self._path(key)

    def exists(self, key: str) -> bool:
        """See Storage.exists."""
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        """See Storage.size."""
        found = self._path(key).stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(key)
        return found.st_size

    def list_keys(self, prefix: str = "") -> Iterator[Found]:
        """See Storage.list_keys."""
        folder = prefix.rpartition("/")[0]
        for found in self._walk(self._path(folder), f"{folder}/" if folder else ""):
            if found.key.startswith(prefix):
                yield found

    def _walk(self, folder: Path, prefix: str) -> Iterator[Found]:
        try:
            entries = [(e.name + "/" * e.is_dir(), e) for e in os.scandir(folder)]
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, entry in sorted(entries, key=lambda pair: pair[0]):
            if name.endswith("/"):
                yield from self._walk(Path(entry.path), prefix + name)
            elif not name.endswith(PART):
                try:
                    found = entry.stat()
                except FileNotFoundError:  # deleted meanwhile
                    continue
                yield Found(prefix + name, found.st_size, found.st_mtime)

    def delete(self, key: str) -> None:
        """See Storage.delete."""
        self._path(key).unlink(missing_ok=True)

    def check(self) -> None:
        """See Storage.check."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.root) as probe:
            probe.write(b"ok")

    def file_of(self, key: str) -> Path | None:
        """See Storage.file_of."""
        path = self._path(key)
        return path if path.is_file() else None

    def presign(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """See Storage.presign."""
        return None

    def origin(self) -> str:
        """See Storage.origin."""
        return ""


def _sync_folder(folder: Path) -> None:
    # A rename is on disk only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
