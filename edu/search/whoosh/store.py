"""The index on disk: numbered folders, the pointer to the live one, the locks of writers."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from edu.search.base import IndexBusy, IndexUnavailable
from edu.search.folding import FORMAT

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

    def writing(self, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to write into the live index and to replace it."""
        return self._holding("write.lock", timeout, "another process is writing the index")

    def rebuilding(self, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to make a new index; the live one is written meanwhile."""
        return self._holding("rebuild.lock", timeout, "the index is being built anew already")

    @contextmanager
    def _holding(self, name: str, timeout: float, refusal: str) -> Iterator[None]:
        """Hold a lock over all processes; the system frees it on any death."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / name, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _acquire(descriptor, time.monotonic() + timeout, refusal)
            yield
        finally:
            os.close(descriptor)

    @property
    def unfinished(self) -> Path:
        """The folder that a rebuild writes into, which may be there from the last one."""
        return self.root / f"unfinished-f{FORMAT}"

    def swap(self) -> None:
        """Make the unfinished folder live under the next number; call it while writing.

        The one before is kept for readers still in it, the rest is removed.
        """
        folder = self.root / f"{self._next_number():06d}-f{FORMAT}"
        for path in (*self.unfinished.iterdir(), self.unfinished):
            _sync(path)
        self.unfinished.rename(folder)
        try:
            previous = {folder, self.live()[1]}
        except IndexUnavailable:
            previous = {folder}
        self._point_to(folder)
        for other in (*self._folders(), *self.root.glob("unfinished-*")):
            if other not in previous:
                shutil.rmtree(other, ignore_errors=True)

    def _next_number(self) -> int:
        # From the clock, so that a folder deleted by hand does not give its number to the next.
        taken = (int(match[1]) for match in self._folders().values())
        return max(int(time.time()), 1 + max(taken, default=0))

    def _point_to(self, folder: Path) -> None:
        draft = self._pointer.with_suffix(".new")
        draft.write_text(folder.name, "ascii")
        _sync(draft)
        draft.replace(self._pointer)
        _sync(self.root)

    def _folders(self) -> dict[Path, re.Match[str]]:
        found = ((path, _NAME.fullmatch(path.name)) for path in self.root.iterdir())
        return {path: match for path, match in found if match}


def _acquire(descriptor: int, deadline: float, refusal: str) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise IndexBusy(refusal) from None
            time.sleep(_POLL)
        else:
            return


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
