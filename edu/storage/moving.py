"""Two storages as one, while files move from the one to the other."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar

from edu.storage.base import Found, Storage, StorageUnavailable
from edu.storage.ranges import open_following

T = TypeVar("T")


class MovingStorage:
    """Writes go to `target`; what is read is looked for there first, then in `source`.

    Files that somebody works with are held in `work`, for they may move on meanwhile.
    """

    def __init__(self, target: Storage, source: Storage, work: Path) -> None:
        self.target, self.source, self.work = target, source, work

    def _first(self, read: Callable[[Storage], T]) -> T:
        """What one of the two gives. Raises what the target raised when neither has it."""
        try:
            return read(self.target)
        except (FileNotFoundError, StorageUnavailable) as error:
            try:
                return read(self.source)
            except FileNotFoundError:
                if isinstance(error, StorageUnavailable):
                    raise error from None
                # It may have moved between the two looks.
                return read(self.target)

    def save(self, source: Path, key: str) -> None:
        """See Storage.save."""
        self.target.save(source, key)

    def open(self, key: str) -> IO[bytes]:
        """See Storage.open."""
        return open_following(lambda: self._first(lambda one: one.open(key)))

    @contextmanager
    def local_path(self, key: str, beat: Callable[[], object] | None = None) -> Iterator[Path]:
        """See Storage.local_path."""
        with ExitStack() as stack:
            yield self._first(lambda one: self._hold(stack, one.local_path(key, beat)))

    def _hold(self, stack: ExitStack, place: AbstractContextManager[Path]) -> Path:
        path = stack.enter_context(place)
        self.work.mkdir(parents=True, exist_ok=True)
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self.work, prefix="held-"))
        link = Path(folder, path.name)
        os.link(path, link)
        return link

    def exists(self, key: str) -> bool:
        """See Storage.exists."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    def size(self, key: str) -> int:
        """See Storage.size."""
        return self._first(lambda one: one.size(key))

    def list_keys(self, prefix: str = "") -> Iterator[Found]:
        """See Storage.list_keys; what lies in both is told of the target's."""
        last = None
        both = (self.target.list_keys(prefix), self.source.list_keys(prefix))
        for found in heapq.merge(*both, key=lambda found: found.key):
            if found.key != last:
                yield found
            last = found.key

    def delete(self, key: str) -> None:
        """See Storage.delete."""
        # In this order: a move that copies between the two would bring it back otherwise.
        self.source.delete(key)
        self.target.delete(key)

    def check(self) -> None:
        """See Storage.check."""
        self.target.check()
        self.source.check()

    def file_of(self, key: str) -> Path | None:
        """See Storage.file_of."""
        return self.target.file_of(key) or self.source.file_of(key) or self.target.file_of(key)

    def presign(self, key: str, *, media_type: str, disposition: str) -> str | None:
        """See Storage.presign. Only for what has arrived: what is on its way may be gone soon."""
        if not self.target.origin() or not self.target.exists(key):
            return None
        return self.target.presign(key, media_type=media_type, disposition=disposition)

    def origin(self) -> str:
        """See Storage.origin."""
        return self.target.origin()
