"""Large files that are what their names say."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.samples import write_small_pdf

BLOCK = 1024 * 1024


def large_pdf(path: Path, size: int) -> Path:
    """A PDF of one page and, behind it, as a comment, noise up to `size` bytes."""
    data = write_small_pdf(path).read_bytes()
    head, end = data.rpartition(b"startxref")[0], data[data.rindex(b"startxref") :]
    noise = Random(path.name)  # any bytes will do, each time the same
    with path.open("wb") as file:
        file.write(head + b"%")
        left = size - file.tell() - len(end) - 1
        while left > 0:
            file.write(noise.randbytes(min(left, BLOCK)).replace(b"\n", b" ").replace(b"\r", b" "))
            left -= BLOCK
        file.write(b"\n" + end)
    return path
