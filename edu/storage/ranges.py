"""A file that lies elsewhere as a seekable stream: what is read is fetched, by ranges."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any, Protocol

FIRST, LARGEST = 256 * 1024, 8 * 1024 * 1024
BUFFER = 128 * 1024
TRIES = 3


class Body(Protocol):
    """An answer that is being received."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""

    def close(self) -> None:
        """Whatever has not been read is not wanted."""


class RangeStream(io.RawIOBase):
    """Reads `size` bytes through `fetch(first, last)`, whose failures are of type `broken`.

    One who reads on gets ever larger ranges, and never more in memory than was asked for; an answer
    that breaks off, as for a reader who has paused for long, is asked for anew from there.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Body],
        size: int,
        broken: tuple[type[Exception], ...],
    ) -> None:
        super().__init__()
        self._fetch, self._size, self._broken = fetch, size, broken
        self._at = 0
        self._body: Body | None = None
        self._body_at = self._body_end = 0
        self._window = FIRST

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is; seeking itself fetches nothing."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See io.RawIOBase.seek."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase.readinto. Raises what `fetch` raises."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        data = self._read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, wanted: int) -> bytes:
        for left in reversed(range(TRIES)):
            try:
                body = self._body_here()
                if data := body.read(min(wanted, self._body_end - self._at)):
                    self._body_at += len(data)
                    return data
                self._drop()  # it ended early
            except self._broken:
                self._drop()
                if not left:
                    raise
        raise EOFError(f"the answer ended at {self._at} of {self._size}")

    def _body_here(self) -> Body:
        if self._body is not None and self._body_at == self._at < self._body_end:
            return self._body
        read_on = self._at == self._body_end > 0
        self._drop()
        self._window = min(self._window * 2, LARGEST) if read_on else FIRST
        end = min(self._at + self._window, self._size)
        self._body = self._fetch(self._at, end - 1)
        self._body_at, self._body_end = self._at, end
        return self._body

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        """Give the connection back."""
        self._drop()
        super().close()


class FollowingStream(io.RawIOBase):
    """A stream whose file may move on while it is read: then it is opened anew, by `reopen`."""

    def __init__(self, reopen: Callable[[], IO[bytes]]) -> None:
        super().__init__()
        self._reopen = reopen
        self._stream = reopen()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See io.RawIOBase.seek."""
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase.readinto. Raises FileNotFoundError when it is nowhere any more."""
        at = self._stream.tell()
        try:
            data = self._stream.read(len(buffer))
        except FileNotFoundError:
            self._stream.close()
            self._stream = self._reopen()
            self._stream.seek(at)
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close what is open."""
        self._stream.close()
        super().close()


def open_following(reopen: Callable[[], IO[bytes]]) -> io.BufferedReader:
    """The stream of `reopen`, see FollowingStream."""
    return io.BufferedReader(FollowingStream(reopen), BUFFER)


def open_ranges(
    fetch: Callable[[int, int], Body], size: int, broken: tuple[type[Exception], ...]
) -> io.BufferedReader:
    """The stream of `fetch`, see RangeStream, that takes small reads together."""
    return io.BufferedReader(RangeStream(fetch, size, broken), BUFFER)
