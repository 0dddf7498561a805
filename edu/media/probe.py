"""What ffmpeg says of the streams of an MP4: can they be played as they are?"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from edu.media.errors import FileRefused
from edu.media.timer import OutOfTime, at_most

_PROBE_S = 60
_MAX_TEXT = 1 << 20
_MAX_SIDE = 16_384
_USUAL_FPS = 25.0
_STREAM = re.compile(r"^  Stream #0:\d+.*?: (Video|Audio): (.*)$", re.MULTILINE)
_DURATION = re.compile(
    r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)(?:.*bitrate: (\d+) kb/s)?", re.MULTILINE
)
_ROTATION = re.compile(r"rotation of (-?\d+(?:\.\d+)?) degrees")
_SIZE = re.compile(r"\b([1-9]\d*)x([1-9]\d*)\b")
_ASPECT = re.compile(r"\bSAR (\d+):(\d+)")
_RATE = re.compile(r"([\d.]+) fps")
_HDR = re.compile(r"\b(smpte2084|arib-std-b67)\b")
_FORMAT = re.compile(r"\b(yuvj?420p)(?:\(([^)]*)\))?(?=,)")


@dataclass(frozen=True)
class Streams:
    """The picture and the sound that are played.

    duration in seconds, kbps of the whole file (0 if unknown); width and height in square pixels,
    as shown, after rotation; fps on the average, 25 if unknown. plain: 8-bit 4:2:0. hdr: the
    transfer of a high dynamic range, "" for none. sound: the codec with its profile, such as
    "aac (LC)"; "" for none.
    """

    duration: float
    kbps: int
    codec: str
    width: int
    height: int
    fps: float
    plain: bool
    hdr: str
    interlaced: bool
    rotated: bool
    sound: str


def probe(path: Path) -> Streams:
    """Ask ffmpeg for the streams of an MP4. Raises FileRefused: broken."""
    return parse_streams(_describe(path))


def _describe(path: Path) -> str:
    from imageio_ffmpeg import get_ffmpeg_exe

    # Nothing that a file names is opened.
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe"]
    command += ["-threads", "1", "-f", "mov", "-i", str(path)]
    try:
        return _read_stderr(command).decode("utf-8", "replace")
    except OutOfTime as error:
        raise FileRefused("limits", detail="time") from error


def _read_stderr(command: list[str]) -> bytes:
    """The first of what it complains of. Raises OutOfTime."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            with at_most(_PROBE_S):
                return process.stderr.read(_MAX_TEXT) if process.stderr else b""
        finally:
            process.kill()  # whatever goes on for longer


def parse_streams(text: str) -> Streams:
    """Read ffmpeg's description. Raises FileRefused: broken where no picture with a length is."""
    lines = [(found[1], found[2]) for found in _STREAM.finditer(text)]
    # A cover is a stream of one picture; ffmpeg's V, by which the video is chosen, is without it.
    pictures = (line for kind, line in lines if kind == "Video" and "attached pic" not in line)
    video, sound = next(pictures, ""), next((line for kind, line in lines if kind == "Audio"), "")
    length, size = _DURATION.search(text), _SIZE.search(video)
    if not (length and size):
        raise FileRefused("broken", detail="no picture")
    hours, minutes, seconds = int(length[1]), int(length[2]), float(length[3])
    duration = hours * 3600 + minutes * 60 + seconds
    rotation = _ROTATION.search(text)
    turn = round(float(rotation[1])) if rotation else 0
    width, height = _shown_size(int(size[1]), int(size[2]), video, turn)
    if not (duration > 0 and 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise FileRefused("broken", detail=f"{width}x{height}, {duration} s")
    pixels, rate, hdr = (found.search(video) for found in (_FORMAT, _RATE, _HDR))
    return Streams(
        duration=duration,
        kbps=int(length[4] or 0),
        codec=_codec(video),
        width=width,
        height=height,
        fps=float(rate[1]) if rate else _USUAL_FPS,
        plain=pixels is not None,
        hdr=hdr[0] if hdr else "",
        interlaced=pixels is not None and bool(re.search("top|bottom", pixels[2] or "")),
        rotated=turn % 360 != 0,
        sound=_codec(sound),
    )


def _shown_size(width: int, height: int, video: str, turn: int) -> tuple[int, int]:
    aspect = _ASPECT.search(video)
    if aspect and int(aspect[1]) and int(aspect[2]):
        width = round(width * int(aspect[1]) / int(aspect[2]))
    return (height, width) if turn % 180 == 90 else (width, height)


def _codec(line: str) -> str:
    """The name and the profile: "h264 (High)", "aac (LC)"."""
    found = re.match(r"(\w+)(?: \((?![^)]* / )[^)]*\))*", line)
    return found[0] if found else ""
