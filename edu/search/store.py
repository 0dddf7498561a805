"""The index on disk: numbered folders, the pointer to the live one, the writers' lock."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edu.search.base import IndexBusy, IndexUnavailable
from edu.search.schema import FORMAT

_NAME = re.compile(r"(\d{6,})-f(\d+)")
_POLL = 0.05  # seconds between tries for the lock


class IndexStore:
    """Folders `<number>-f<format>` under one root; the file `current` names the live one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pointer = root / "current"

    @property
    def is_empty(self) -> bool:
        """Whether no index was ever made here."""
        return not self._pointer.exists()

    def live(self) -> tuple[int, Path]:
        """Return number and folder of the live index, or raise IndexUnavailable."""
        try:
            name = self._pointer.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise IndexUnavailable("no readable pointer to an index") from error
        match = _NAME.fullmatch(name)
        if not match:
            raise IndexUnavailable(f"the pointer names no index: {name[:40]!r}")
        if int(match[2]) != FORMAT:
            raise IndexUnavailable(f"the index has format {match[2]}, this version {FORMAT}")
        return int(match[1]), self.root / name

    @contextmanager
    def writing(self, timeout: float) -> Iterator[None]:
        """Hold the only right to write, over all processes; the system frees it on any death."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / "write.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _acquire(descriptor, time.monotonic() + timeout)
            yield
        finally:
            os.close(descriptor)

    def new_folder(self) -> Path:
        """Make the folder of the next number. Call it while writing."""
        # From the clock, so that a folder deleted by hand does not give its number to the next.
        number = max(
            int(time.time()), 1 + max((int(m[1]) for m in self._folders().values()), default=0)
        )
        folder = self.root / f"{number:06d}-f{FORMAT}"
        folder.mkdir()
        return folder

    def swap(self, folder: Path) -> None:
        """Make the folder live, keep the one before for readers still in it, remove the rest."""
        try:
            previous = {folder, self.live()[1]}
        except IndexUnavailable:
            previous = {folder}
        self._point_to(folder)
        for other in self._folders():
            if other not in previous:
                shutil.rmtree(other, ignore_errors=True)

    def _point_to(self, folder: Path) -> None:
        for path in (*folder.iterdir(), folder):
            _sync(path)
        draft = self._pointer.with_suffix(".new")
        draft.write_text(folder.name, "ascii")
        _sync(draft)
        draft.replace(self._pointer)
        _sync(self.root)

    def _folders(self) -> dict[Path, re.Match[str]]:
        found = ((path, _NAME.fullmatch(path.name)) for path in self.root.iterdir())
        return {path: match for path, match in found if match}


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise IndexBusy("another process is writing the index") from None
            time.sleep(_POLL)
        else:
            return


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
