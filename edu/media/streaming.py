"""The entry for the job that makes streams: a video goes in, playlists and pieces come out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused
from edu.media.hls import FOLDER, INIT_NAME, SEGMENT_NAME
from edu.media.limits import Limits
from edu.media.sandbox import OnProgress, Sandbox

MASTER_NAME, INDEX_NAME = "master.m3u8", "index.m3u8"
MAX_SIDE = 4320
_MB = 1024 * 1024
_MAX_RENDITIONS, _MAX_PIECES = 4, 10_000
_CODECS = re.compile(r"avc1\.[0-9a-f]{6}(,mp4a\.40\.\d{1,2})?")


@dataclass(frozen=True)
class Rendition:
    """One size of a video: its folder's name (the shorter side), picture, codecs, pieces (s)."""

    side: int
    width: int
    height: int
    codecs: str
    durations: Sequence[float]


@dataclass(frozen=True)
class StreamFiles:
    """What was made: `names` of files below `folder`, in bytes together `size`.

    copied: whether the streams of the video were taken as they are.
    """

    folder: Path
    names: list[str]
    size: int
    copied: bool


def output_mb(size: int) -> int:
    """How much may be written for a video of `size` bytes: newer codecs need far fewer bytes."""
    return 64 + 4 * size // _MB


def cut_video(
    sandbox: Sandbox, source: Path, workdir: Path, limits: Limits, on_progress: OnProgress
) -> StreamFiles:
    """Cut a video for playing inside the sandbox, in a workdir that belongs to this call.

    The playlists are written here, of numbers: nothing else that the child says is passed on.
    Raises FileRefused and SandboxError.
    """
    result = sandbox.run("stream", source, workdir, source.name, on_progress, limits=limits)
    try:
        return _collect(result.data, workdir / FOLDER)
    except (TypeError, ValueError, KeyError, OSError) as error:
        raise FileRefused("broken", detail="result") from error


def _collect(data: dict[str, Any], folder: Path) -> StreamFiles:
    renditions = [_checked(each) for each in data["renditions"]]
    if not 0 < len(renditions) <= _MAX_RENDITIONS:
        raise ValueError("no renditions")
    names, size, entries = [], 0, []
    for rendition in renditions:
        pieces = [f"{rendition.side}/{name}" for name in piece_names(rendition)]
        sizes = [_size_of(folder / name) for name in pieces]
        index = f"{rendition.side}/{INDEX_NAME}"
        _write(folder / index, media_playlist(rendition))
        entries.append(_entry(rendition, sizes[1:]))
        names += [*pieces, index]
        size += sum(sizes)
    _write(folder / MASTER_NAME, master_playlist(entries))
    # The one that names all others comes last.
    return StreamFiles(folder, [*names, MASTER_NAME], size, bool(data["copied"]))


def _checked(data: dict[str, Any]) -> Rendition:
    side, width, height = (int(data[name]) for name in ("side", "width", "height"))
    durations = [float(each) for each in data["durations"]]
    codecs = str(data["codecs"])
    if not (0 < side <= MAX_SIDE and 0 < width <= 4 * MAX_SIDE and 0 < height <= 4 * MAX_SIDE):
        raise ValueError(f"{side}: {width}x{height}")
    if not 0 < len(durations) <= _MAX_PIECES or not all(0 <= each < 1e6 for each in durations):
        raise ValueError("durations")
    if not _CODECS.fullmatch(codecs) or sum(durations) <= 0:
        raise ValueError(codecs)
    return Rendition(side, width, height, codecs, durations)


def piece_names(rendition: Rendition) -> list[str]:
    """The files that a rendition is played from, the one that begins it first."""
    return [INIT_NAME, *(SEGMENT_NAME % number for number in range(len(rendition.durations)))]


def _size_of(path: Path) -> int:
    # No link: it could lead to any file, and what it leads to would be shown to everybody.
    if path.is_symlink() or not path.is_file():
        raise ValueError(f"no piece at {path}")
    return path.stat().st_size


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


# Playlists -----------------------------------------------------------------------------------


def media_playlist(rendition: Rendition) -> str:
    """The pieces of one rendition, one after the other."""
    longest = max(1, int(max(rendition.durations) + 0.5))
    first, *pieces = piece_names(rendition)
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{longest}"]
    lines += ["#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"]
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{first}"']
    for duration, piece in zip(rendition.durations, pieces, strict=True):
        lines += [f"#EXTINF:{duration:.6f},", piece]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _entry(rendition: Rendition, sizes: Sequence[int]) -> tuple[Rendition, int, int]:
    """A rendition with its peak and mean rate in bits a second."""
    pairs = list(zip(sizes, rendition.durations, strict=True))
    mean = sum(sizes) * 8 / sum(rendition.durations)
    # A short last piece would pass for a peak.
    half = max(rendition.durations) / 2
    peak = max((8 * size / duration for size, duration in pairs if duration >= half), default=mean)
    return rendition, round(max(peak, mean)), round(mean)


def master_playlist(entries: Sequence[tuple[Rendition, int, int]]) -> str:
    """The renditions: (rendition, peak, mean bits a second)."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition, peak, mean in entries:
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean},"
            f'RESOLUTION={rendition.width}x{rendition.height},CODECS="{rendition.codecs}"'
        )
        lines.append(f"{rendition.side}/{INDEX_NAME}")
    return "\n".join([*lines, ""])
