"""The outer structure of an MP4 file: its boxes (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edu.media.errors import FileRefused

_MP4_BRANDS = frozenset(
    {b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"dash", b"MSNV", b"M4V ", b"M4VH", b"M4VP"}
    | {f"iso{digit}".encode() for digit in range(2, 10)}
)
# These often list an MP4 brand as compatible, yet browsers cannot show them as a video.
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_MOVIE_BRANDS = frozenset({b"qt  "})
_MAX_BOXES = 100_000
_MAX_FTYP = 4096


def check_mp4(path: Path) -> None:
    """Refuse what is not an MP4 video, or not all of one; reads the box headers only.

    Raises FileRefused: unknown_type for other brands, broken where boxes are cut or missing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        _check_brand(file)
        kinds = set(_walk(file, size))
    if b"moov" not in kinds:
        raise FileRefused("broken", detail="no moov box")


def _check_brand(file: BinaryIO) -> None:
    head = file.read(16)
    length = min(struct.unpack(">I", head[:4])[0], _MAX_FTYP)
    if len(head) < 16 or length < 16:
        raise FileRefused("broken", detail="short ftyp box")
    rest = file.read(length - 16)
    major = head[8:12]
    compatible = {rest[start : start + 4] for start in range(0, len(rest), 4)}
    if major in _AUDIO_BRANDS:
        raise FileRefused("unknown_type", found="audio")
    if major in _MOVIE_BRANDS or not (_MP4_BRANDS & (compatible | {major})):
        raise FileRefused("unknown_type", found="movie")


def _walk(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the type of each top-level box; refuse a box that ends after the file does."""
    position, seen_moov = 0, False
    for _ in range(_MAX_BOXES):
        if position + 8 > size:
            return
        length, kind = _read_header(file, position, size)
        if seen_moov and not kind.isalnum():
            return  # padding after the last box: players ignore it, so do we
        if length < 8 or position + length > size:
            raise FileRefused("broken", detail="a box ends after the file")
        yield kind
        seen_moov = seen_moov or kind == b"moov"
        position += length
    raise FileRefused("broken", detail="too many boxes")


def _read_header(file: BinaryIO, position: int, size: int) -> tuple[int, bytes]:
    file.seek(position)
    header = file.read(16)
    length, kind = struct.unpack(">I4s", header[:8])
    if length == 0:  # "to the end of the file"
        return size - position, kind
    if length == 1 and len(header) == 16:
        return struct.unpack(">Q", header[8:])[0], kind
    return length, kind
