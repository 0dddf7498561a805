"""A file on its way in: written to disk and hashed in one pass, capped, dropped if not kept."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from edu.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bytes that have arrived whole: where they lie, and what they are."""

    path: Path
    sha256: str
    size: int
    name: str


class HashingFile:
    """The stream that Werkzeug writes an upload part into: a named file and its SHA-256.

    `seek` and `read` serve those who look at the upload as an ordinary file.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # Kept open and closed by hand: it lives as long as the request.
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(  # noqa: SIM115
            dir=folder, prefix="upload-", delete=False
        )
        self._hash = hashlib.sha256()
        self.size = 0
        self.path = Path(self._file.name)

    def write(self, data: bytes) -> int:
        """Append; the hash follows."""
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        """Close, and drop the bytes unless they have been moved to the storage."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def finish(self, name: str) -> Incoming:
        """Everything has been written."""
        self._file.flush()
        return Incoming(self.path, self._hash.hexdigest(), self.size, name)


def copy_in(source: Path, folder: Path) -> Incoming:
    """A file of this machine as if uploaded: copied and hashed in one pass."""
    target = HashingFile(folder)
    try:
        with source.open("rb") as stream:
            while chunk := stream.read(1024 * 1024):
                target.write(chunk)
    except BaseException:
        target.close()
        raise
    incoming = target.finish(source.name)
    target._file.close()  # not HashingFile.close, which would drop the bytes
    return incoming


def from_form(upload: FileStorage | None) -> Incoming:
    """The file part of a form, which EduRequest has written and hashed. Raises InvalidInput."""
    if upload is None or not upload.filename:
        raise InvalidInput(_("Choose a file."), field="file")
    return cast("HashingFile", upload.stream).finish(upload.filename)


def remove_leftovers(folder: Path, older_than_s: float) -> int:
    """Remove files and folders of dead processes from `folder`, by age; counts them.

    Whoever still works on something younger keeps it: the age is far above any request or job.
    """
    limit, removed = time.time() - older_than_s, 0
    for path in folder.iterdir() if folder.is_dir() else ():
        # Another worker may be at it too, or its owner may just have finished.
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime > limit:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed += 1
    return removed
