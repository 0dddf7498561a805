"""Length, size, poster and chapters of an MP4."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused
from edu.media.text import clean_line

_MAX_SIDE = 16_384
_POSTER_S = 60
_MAX_METADATA = 1 << 20
_MAX_CHAPTERS = 1_000
_MAX_SECOND = 1_000_000
# A line of ffmetadata: what has a meaning there stands after a backslash, line ends as well.
_LINE = re.compile(r"(?:[^\\\n]+|\\.)+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class VideoInfo:
    """Duration in seconds; width and height in pixels as shown, after rotation."""

    duration: float
    width: int
    height: int


def read_info(path: Path) -> VideoInfo:
    """Read the streams' description, without decoding.

    Raises FileRefused: broken; unknown_type where there is no picture.
    """
    from moviepy.video.io.ffmpeg_reader import ffmpeg_parse_infos

    try:
        infos: dict[str, Any] = ffmpeg_parse_infos(str(path))
    except MemoryError:
        raise
    except Exception as error:  # it parses ffmpeg's prose, and raises what that makes it raise
        raise FileRefused("broken", detail=type(error).__name__) from error
    if not infos.get("video_found"):
        raise FileRefused("unknown_type", found="audio")
    width, height = infos.get("video_size") or (0, 0)
    duration = float(infos.get("duration") or 0)
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and duration > 0):
        raise FileRefused("broken", detail=f"{width}x{height}, {duration} s")
    if abs(int(infos.get("video_rotation") or 0)) % 180 == 90:
        width, height = height, width
    return VideoInfo(round(duration, 2), width, height)


def save_poster(path: Path, info: VideoInfo, target: Path, longest: int) -> None:
    """Write one frame as PNG to `target`, its longer side at most `longest` pixels.

    A tenth into the video, where titles have faded in; the first frame where that fails.
    Raises FileRefused: broken when no frame decodes.
    """
    for second in (min(info.duration / 10, 30.0), 0.0):
        if _grab(path, second, target, longest):
            return
    raise FileRefused("broken", detail="no frame decodes")


def _grab(path: Path, second: float, target: Path, longest: int) -> bool:
    # moviepy's reader would decode with a thread per core, whose stacks and frames do not fit
    # into the sandbox's address space, and scale after the pipe. Hence ffmpeg itself: seeking
    # before -i lands on a key frame, and the picture leaves ffmpeg already small.
    from imageio_ffmpeg import get_ffmpeg_exe

    scale = f"scale={longest}:{longest}:force_original_aspect_ratio=decrease"
    command = [get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-threads", "1"]
    command += ["-ss", f"{second:.3f}", "-f", "mov", "-protocol_whitelist", "file,pipe"]
    command += ["-i", str(path)]
    command += ["-an", "-sn", "-dn", "-frames:v", "1", "-vf", scale, "-threads", "1"]
    command += ["-filter_threads", "1", "-f", "image2", "-c:v", "png", "-update", "1", str(target)]
    target.unlink(missing_ok=True)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_POSTER_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode:
        logging.getLogger(__name__).info("no poster: %s", done.stderr[-300:])
    return target.is_file() and target.stat().st_size > 0


@dataclass(frozen=True)
class Moment:
    """What begins at a second of a video: a chapter, or a line of what is said (no heading)."""

    second: int
    heading: str
    text: str


def merge_moments(moments: Iterable[Moment]) -> list[Moment]:
    """Return them in order of time, those of one second joined: a passage has a number of its own.

    Where chapters and lines meet, the chapters are to be given first.
    """
    found: dict[int, Moment] = {}
    for moment in moments:
        before = found.get(moment.second)
        if before is not None:
            text = f"{before.text}\n{moment.text}"
            moment = Moment(moment.second, before.heading or moment.heading, text)
        found[moment.second] = moment
    return [found[second] for second in sorted(found)]


def read_chapters(path: Path, info: VideoInfo) -> list[Moment]:
    """Read the chapters that have titles, in the order of the file; none where it has none."""
    chapters = islice(_parse_chapters(_read_metadata(path)), _MAX_CHAPTERS)
    last = min(info.duration, _MAX_SECOND)
    return [chapter for chapter in chapters if chapter.heading and 0 <= chapter.second <= last]


def _read_metadata(path: Path) -> str:
    """What ffmpeg tells of chapters in its own text form, which is made for programs."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-nostdin", "-v", "error", "-threads", "1", "-f", "mov"]
    command += [
        "-protocol_whitelist",
        "file,pipe",
        "-i",
        str(path),
        "-map_metadata:g",
        "-1",
        "-f",
        "ffmetadata",
        "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        text = process.stdout.read(_MAX_METADATA) if process.stdout else b""
        process.kill()  # whatever goes on for longer
    return text.decode("utf-8", "replace")


def _parse_chapters(metadata: str) -> Iterator[Moment]:
    for section in _sections(metadata):
        try:
            parts, whole = (int(number) for number in section["TIMEBASE"].split("/"))
            second = int(section["START"]) * parts // whole
        except (KeyError, ValueError, ZeroDivisionError):
            continue
        title = clean_line(section.get("title", ""))
        yield Moment(second, title, title)


def _sections(metadata: str) -> Iterator[dict[str, str]]:
    """Yield the lines `name=value` below each line [CHAPTER]."""
    section: dict[str, str] = {}
    for found in _LINE.finditer(metadata):
        name, _, value = found[0].partition("=")
        if name == "[CHAPTER]":
            yield section
            section = {}
        section[name] = _ESCAPED.sub(r"\1", value)
    yield section
