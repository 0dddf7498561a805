"""Length, size and poster of an MP4."""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edu.media.errors import FileRefused

_MAX_SIDE = 16_384
_POSTER_S = 60


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
    command += ["-ss", f"{second:.3f}", "-f", "mov", "-i", str(path)]
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
