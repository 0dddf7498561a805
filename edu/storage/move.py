"""All keys of one storage brought to another, while the product reads from both.

It may be stopped at any moment and started again: what is there is passed over, and nothing is
deleted that has not been read back from where it went.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from edu.storage.base import ORIGINALS, Found, Storage, hash_of

CHUNK = 1024 * 1024


@dataclass(slots=True)
class Moved:
    """What a move has done so far. `damaged` names keys whose bytes are not those of their hash."""

    copied: int = 0
    copied_bytes: int = 0
    were_there: int = 0
    deleted: int = 0
    damaged: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """How many keys have been looked at."""
        return self.copied + self.were_there + len(self.damaged)


@dataclass(frozen=True, slots=True)
class Move:
    """From `source` to `target` by way of `work`.

    `delete`: what has arrived whole is removed from the source. `live`: the product writes to the
    target already, so of two makes of a picture or stream the target's is the newer one.
    """

    source: Storage
    target: Storage
    work: Path
    delete: bool = False
    live: bool = False

    def run(self, tell: Callable[[Moved], None]) -> Moved:
        """Bring everything over; `tell` hears of each key."""
        done = Moved()
        for found in self.source.list_keys():
            try:
                self._bring(found, done)
            except FileNotFoundError:  # the product has deleted it meanwhile
                continue
            tell(done)
        return done

    def _bring(self, found: Found, done: Moved) -> None:
        if self._is_there(found):
            arrived = not self.delete or self._is_whole(found.key)
            done.were_there += arrived
        else:
            arrived = self._copy(found) and self._is_whole(found.key)
            done.copied += arrived
            done.copied_bytes += found.size * arrived
        if not arrived and not self.source.exists(found.key):
            raise FileNotFoundError(found.key)  # deleted from both while it was on its way
        if not arrived:
            done.damaged.append(found.key)
        elif self.delete:
            self.source.delete(found.key)
            done.deleted += 1

    def _is_there(self, found: Found) -> bool:
        try:
            size = self.target.size(found.key)
        except FileNotFoundError:
            return False
        newer = self.live and not found.key.startswith(ORIGINALS)
        return newer or size == found.size

    def _copy(self, found: Found) -> bool:
        """False when the source itself is damaged. Raises FileNotFoundError when it has none."""
        self.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.work, prefix="move-") as folder:
            copy = Path(folder, "copy")
            path = self.source.file_of(found.key)
            if path is None or not _link(path, copy):
                with self.source.open(found.key) as stream, copy.open("wb") as out:
                    shutil.copyfileobj(stream, out, CHUNK)
            with copy.open("rb") as stream:
                if not _is_of(stream, found.key):
                    return False
            self.target.save(copy, found.key)
        return True

    def _is_whole(self, key: str) -> bool:
        """Whether an original reads as what it is in the target; others, that they are there."""
        if not key.startswith(ORIGINALS):
            return self.target.exists(key)
        try:
            with self.target.open(key) as stream:
                return _is_of(stream, key)
        except FileNotFoundError:
            return False


def _link(path: Path, copy: Path) -> bool:
    try:
        os.link(path, copy)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one that knows no links
        return False
    return True


def _is_of(stream: IO[bytes], key: str) -> bool:
    """Whether these are the bytes of an original's key; nothing is known of other keys."""
    if not key.startswith(ORIGINALS):
        return True
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest() == hash_of(key)
