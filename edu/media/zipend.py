"""The end of a ZIP and its directory, judged before `zipfile` makes an object of each entry.

`zipfile` reads the whole directory, whatever its size, and believes the end record.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from edu.media.errors import FileRefused

MAX_ENTRIES = 5_000
_MAX_DIRECTORY = 4 * 1024 * 1024
# APPNOTE 4.3.12, 4.3.14 - 4.3.16; the end record may be followed by a comment of 64 kB.
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY_SIZE = 46
_TAIL = _END.size + (1 << 16)
_LENGTHS_AT = slice(28, 34)


def check_end(path: Path) -> None:
    """Refuse a ZIP whose directory is too large, or is not what the end of the file says.

    Reads 4 MB at most. Raises FileRefused: bomb, broken.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        entries, length, offset, end = _read_end(file, size)
        if entries > MAX_ENTRIES or max(length, end - offset) > _MAX_DIRECTORY:
            raise FileRefused("bomb")
        # Anything else makes `zipfile` look for the directory where other readers do not.
        if offset + length != end:
            raise _broken()
        file.seek(offset)
        if _count(file.read(length)) != entries:
            raise _broken()


def _read_end(file: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """The count of entries, the directory's length and offset, and where it has to end."""
    start = max(size - _TAIL, 0)
    file.seek(start)
    tail = file.read(_TAIL)
    found = _find(tail)
    if found < 0:
        raise _broken()
    fields = _END.unpack_from(tail, found)
    plain = (fields[4], fields[5], fields[6], start + found)
    return _read_end_64(file, start + found) or plain


def _find(tail: bytes) -> int:
    """Where `zipfile` sees the end record: at the very end, else the last that looks like one."""
    last = tail[-_END.size :]
    if len(last) == _END.size and last.startswith(b"PK\5\6") and last.endswith(b"\0\0"):
        return len(tail) - _END.size
    found = tail.rfind(b"PK\5\6")
    return found if found + _END.size <= len(tail) else -1


def _read_end_64(file: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """The same of the record for large archives, which stands before its locator; None without."""
    before = end - _LOCATOR_64.size
    if before < 0:
        return None
    file.seek(before)
    magic, _, offset, _ = _LOCATOR_64.unpack(file.read(_LOCATOR_64.size))
    if magic != b"PK\6\7":
        return None
    if offset != before - _END_64.size:
        raise _broken()
    file.seek(offset)
    fields = _END_64.unpack(file.read(_END_64.size))
    if fields[0] != b"PK\6\6":
        raise _broken()
    return fields[7], fields[8], fields[9], offset


def _count(directory: bytes) -> int:
    """The entries that are there; stops after the most that are allowed. Raises FileRefused."""
    count = at = 0
    while at < len(directory):
        if count == MAX_ENTRIES:
            raise FileRefused("bomb")
        if directory[at : at + 4] != b"PK\1\2" or at + _ENTRY_SIZE > len(directory):
            raise _broken()
        lengths = struct.unpack("<3H", directory[at : at + _ENTRY_SIZE][_LENGTHS_AT])
        at += _ENTRY_SIZE + sum(lengths)
        count += 1
    return count


def _broken() -> FileRefused:
    return FileRefused("broken", detail="directory")
