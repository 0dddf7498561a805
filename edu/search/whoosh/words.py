"""The file in which an index lists its stems: reading them out of the segments takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from edu.search.vocabulary import Vocabulary

_lock = threading.Lock()
_files: dict[Path, WordFile] = {}


class WordFile:
    """One stem a line, each once. It only grows, so that a reader goes on where it was.

    A stem is there before its first document is committed, and stays when the last is gone: who
    asks has to see which are in use. What a writer that was killed has left of a line is one more
    stem that is not.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "words"
        self._lock = threading.Lock()
        self._vocabulary = Vocabulary()
        self._read = 0  # bytes

    def load(self) -> Vocabulary:
        """Return the stems, having read what is new."""
        with self._lock:
            if self._path.exists() and self._path.stat().st_size > self._read:
                with self._path.open("rb") as file:
                    file.seek(self._read)
                    whole = file.read().rpartition(b"\n")[0]
                self._read += len(whole) + bool(whole)
                self._vocabulary.take_up(str(self._read), whole.split)
            return self._vocabulary

    def add(self, stems: Iterable[str]) -> None:
        """Append what is new. Call it while writing."""
        fresh = self.load().fresh(stems)
        if fresh:
            with self._path.open("ab") as file:
                file.write(b"\n" * (file.tell() > self._read))  # after a line that was cut off
                file.write("".join(f"{stem}\n" for stem in sorted(fresh)).encode())


def words_of(folder: Path) -> WordFile:
    """Return the file of a folder that will never be another's."""
    with _lock:
        for other in [path for path in _files if not path.exists()]:
            del _files[other]
        return _files.setdefault(folder, WordFile(folder))
