"""Video cut into pieces for playing (HLS). Runs in a child process of the sandbox only.

Streams that every browser plays are cut as they are; all others are written anew as H.264 and AAC
in one or two sizes.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edu.media.errors import FileRefused
from edu.media.probe import Streams, probe

if TYPE_CHECKING:
    from edu.media.pipeline import Report

SEGMENT_S = 6
FOLDER, INIT_NAME, SEGMENT_NAME = "hls", "init.mp4", "%05d.m4s"
# What is cut as it is: H.264 of these profiles up to Full HD, at a rate that a phone can load,
# in pieces of this length at most: pieces begin at key frames, where encoders set one each 250
# frames by themselves.
_PLAYED = ("Constrained Baseline", "Baseline", "Main", "High")
_COPY_LONG, _COPY_SHORT, _COPY_FPS, _COPY_KBPS = 1920, 1080, 60.0, 6000
_COPY_PIECE_S = 12.0
_COPIED_SOUND = "aac (LC)"
# The shorter side of a picture, its highest rate and that of its sound, in kbit/s.
_LARGE, _SMALL = (720, 2500, 128), (360, 700, 96)
_TWO_SIZES_FROM = 480
_FPS = (5.0, 30.0)
# Longer videos, and long ones of next to no frames, would take hours and gain nothing. A frame a
# second is a slide show; of those that waver about it none is lost.
_MAX_S, _SHORT_S, _MIN_FPS = 12 * 3600, 60, 0.9
_NICE = 10
_LAST_LINES = 8
# From the light of a scene to what screens of today show; 100 of its units are white.
_TONES = (
    "zscale=tin={}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited"
)
_WIDE = "setparams=color_trc={}:color_primaries=bt2020:colorspace=bt2020nc"
_NO_FILTER = "No such filter"
# With sizes and rates of ours an encoder does not open only where it gets no memory, or no thread.
_NO_MEMORY = re.compile(r"allocate memory|malloc|temporarily unavailable|while opening encoder")


@dataclass(frozen=True)
class _Size:
    """A rendition: its name (the shorter side), the picture in pixels, rates in kbit/s."""

    side: int
    width: int
    height: int
    video_kbps: int
    sound_kbps: int


class _FfmpegError(Exception):
    """It ended with an error, and said this at last."""


def make(
    source: Path, name: str, workdir: Path, font: Path | None, report: Report
) -> dict[str, Any]:
    """Cut a video into the folder `hls` of the workdir; return plain data for `streaming`.

    Each rendition has a folder named by its shorter side. Raises FileRefused.
    """
    os.nice(_NICE)  # pages and small files go before it
    report("inspect", 0)
    streams = probe(source)
    _require_bounds(streams)
    root = workdir / FOLDER
    report("stream", 0)
    made = _copy(source, streams, root) if _fits(streams) else None
    if made:
        return {"renditions": made, "copied": True}
    return {"renditions": _encode(source, streams, root, report), "copied": False}


def _require_bounds(streams: Streams) -> None:
    """Raises FileRefused: limits."""
    if streams.duration > _MAX_S:
        raise FileRefused("limits", detail="duration")
    if streams.duration > _SHORT_S and streams.fps < _MIN_FPS:
        raise FileRefused("limits", detail="frames")


def _fits(streams: Streams) -> bool:
    """Whether browsers play the picture as it is; the sound may be written anew beside it."""
    codec, _, profile = streams.codec.partition(" ")
    longer, shorter = max(streams.width, streams.height), min(streams.width, streams.height)
    return (
        codec == "h264"
        and profile.strip("()") in _PLAYED
        and streams.plain
        and not (streams.interlaced or streams.rotated)
        and longer <= _COPY_LONG
        and shorter <= _COPY_SHORT
        and streams.fps <= _COPY_FPS
        and 0 < streams.kbps <= _COPY_KBPS
    )


# Commands ------------------------------------------------------------------------------------


def _copy(source: Path, streams: Streams, root: Path) -> list[dict[str, Any]] | None:
    """Cut the streams as they are; None where that gives nothing that plays well."""
    width, height = streams.width, streams.height
    size = _Size(min(width, height), width, height, 0, _LARGE[2])
    copied = streams.sound in (_COPIED_SOUND, "")
    sound = ["-c:a", "copy"] if copied else _sound(size)
    command = [*_ffmpeg(source), "-map", "0:V:0", "-map", "0:a:0?", "-c:v", "copy", *sound]
    try:
        _run([*command, *_output(root, size)], lambda _seconds: None)
        made = [_describe(root, size, streams)]
    except _FfmpegError:
        made = []
    if made and max(made[0]["durations"]) <= _COPY_PIECE_S:
        return made
    shutil.rmtree(root)
    return None


def _encode(source: Path, streams: Streams, root: Path, report: Report) -> list[dict[str, Any]]:
    sizes = _sizes(streams)

    def progress(second: float) -> None:
        report("stream", _percent(second, streams))

    try:
        try:
            _run(_encoding(source, streams, sizes, root), progress)
        except _FfmpegError as error:
            if not streams.hdr or _NO_FILTER not in str(error):
                raise
            _run(_encoding(source, replace(streams, hdr=""), sizes, root), progress)
        return [_describe(root, size, streams) for size in sizes]
    except _FfmpegError as error:
        raise FileRefused("broken", detail=str(error)[-200:]) from error


def _encoding(source: Path, streams: Streams, sizes: list[_Size], root: Path) -> list[str]:
    command = [*_ffmpeg(source), "-filter_complex_threads", "1"]
    command += ["-filter_complex", _filters(streams, sizes)]
    for number, size in enumerate(sizes):
        command += ["-map", f"[v{number}]", "-map", "0:a:0?"]
        command += [*_picture(streams, size), *_sound(size), *_output(root, size)]
    return command


def _ffmpeg(source: Path) -> list[str]:
    from imageio_ffmpeg import get_ffmpeg_exe

    quiet = ["-nostdin", "-v", "error", "-nostats", "-progress", "pipe:1", "-y"]
    # Nothing that a file names is opened, and there are no more threads than memory for them.
    reading = ["-protocol_whitelist", "file,pipe", "-threads", "2", "-f", "mov", "-i", str(source)]
    return [get_ffmpeg_exe(), *quiet, *reading]


def _sizes(streams: Streams) -> list[_Size]:
    """Never more than the video has; the second only where it is clearly less."""
    shorter = min(streams.width, streams.height)
    if shorter >= _TWO_SIZES_FROM:
        wanted = [_LARGE, _SMALL]
    else:
        wanted = [_LARGE if shorter > _SMALL[0] else _SMALL]
    return [_scaled(streams, min(side, shorter), *rates) for side, *rates in wanted]


def _scaled(streams: Streams, side: int, video_kbps: int, sound_kbps: int) -> _Size:
    scale = side / min(streams.width, streams.height)
    width = max(2, int(streams.width * scale + 0.5) // 2 * 2)
    height = max(2, int(streams.height * scale + 0.5) // 2 * 2)
    return _Size(side, width, height, video_kbps, sound_kbps)


def _filters(streams: Streams, sizes: list[_Size]) -> str:
    """The frames of all renditions are the same, so that their pieces begin at the same moments."""
    # Some files leave primaries or matrix out, or name ones between which no filter converts.
    steps = [_WIDE.format(streams.hdr)] if streams.hdr else []
    steps += ["yadif"] if streams.interlaced else []
    steps.append(f"fps={_fps(streams):g}")
    chain, source = "", "[0:V:0]" + ",".join(steps) + ","
    for number, size in enumerate(sizes):
        tones = f"{_TONES.format(streams.hdr)}," if streams.hdr and number == 0 else ""
        scaled = f"{source}scale={size.width}:{size.height},{tones}setsar=1,format=yuv420p"
        more = number + 1 < len(sizes)
        chain += f"{scaled},split=2[v{number}][s{number}];" if more else f"{scaled}[v{number}]"
        source = f"[s{number}]"
    return chain


def _fps(streams: Streams) -> float:
    return min(max(streams.fps, _FPS[0]), _FPS[1])


def _picture(streams: Streams, size: _Size) -> list[str]:
    rate = ["-maxrate", f"{size.video_kbps}k", "-bufsize", f"{2 * size.video_kbps}k"]
    keys = ["-g", str(round(_fps(streams) * SEGMENT_S)), "-sc_threshold", "0"]
    keys += ["-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})"]
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23"]
    return [*encoder, *rate, *keys, "-threads:v", "2"]


def _sound(size: _Size) -> list[str]:
    return ["-c:a", "aac", "-b:a", f"{size.sound_kbps}k", "-ac", "2", "-ar", "48000"]


def _output(root: Path, size: _Size) -> list[str]:
    folder = root / str(size.side)
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-f", "hls"]
    options += ["-hls_time", str(SEGMENT_S), "-hls_list_size", "0", "-hls_playlist_type", "vod"]
    options += ["-hls_segment_type", "fmp4", "-hls_flags", "independent_segments"]
    options += ["-hls_fmp4_init_filename", INIT_NAME]
    options += ["-hls_segment_filename", str(folder / SEGMENT_NAME)]
    return [*options, str(folder / "index.m3u8")]


# Running and reading ---------------------------------------------------------------------------


@dataclass
class _Said:
    """What ffmpeg complains of: the last lines, and whether one of all was of memory."""

    last: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    lacks_memory: bool = False

    def hear(self, line: str) -> None:
        self.last.append(line)
        self.lacks_memory = self.lacks_memory or bool(_NO_MEMORY.search(line))


def _run(command: list[str], on_second: Callable[[float], None]) -> None:
    """Run ffmpeg to its end. Raises _FfmpegError, FileRefused: limits, MemoryError."""
    said = _Said()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for second in _progress(process.stdout or (), said):
            on_second(second)
    if process.returncode == 0:
        return
    text = "\n".join(said.last)
    if process.returncode == -signal.SIGXFSZ or "File too large" in text:
        raise FileRefused("limits", detail="output")
    if _used_up() or process.returncode == -signal.SIGKILL:
        raise FileRefused("limits", detail="cpu")
    if said.lacks_memory:
        raise MemoryError
    raise _FfmpegError(f"status {process.returncode}: {text}")


def _progress(lines: Iterable[bytes], said: _Said) -> Iterator[float]:
    """Yield the seconds done; pass on the lines that are none of ffmpeg's progress."""
    for line in lines:
        text = line[:500].decode("utf-8", "replace").strip()
        name, _, value = text.partition("=")
        if not re.fullmatch(r"[a-z0-9_]+", name):
            said.hear(text)
        elif name == "out_time_us" and value.isdecimal():
            yield int(value) / 1e6


def _used_up() -> bool:
    """Whether ffmpeg's processor time is over: it takes that signal for a wish to end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    limit = resource.getrlimit(resource.RLIMIT_CPU)[0]
    return limit != resource.RLIM_INFINITY and used.ru_utime + used.ru_stime >= limit - 0.5


def _percent(second: float, streams: Streams) -> int:
    return min(99, int(100 * second / streams.duration))


def _describe(root: Path, size: _Size, streams: Streams) -> dict[str, Any]:
    folder = root / str(size.side)
    playlist = (folder / "index.m3u8").read_text(encoding="utf-8")
    durations = [float(found) for found in re.findall(r"^#EXTINF:([\d.]+)", playlist, re.MULTILINE)]
    if not durations:
        raise _FfmpegError("no piece was written")
    codecs = [_video_codec(folder / INIT_NAME), *(["mp4a.40.2"] if streams.sound else [])]
    return {
        "side": size.side,
        "width": size.width,
        "height": size.height,
        "codecs": ",".join(codecs),
        "durations": durations,
    }


def _video_codec(init: Path) -> str:
    """The codec as playlists name it, from the configuration in the first piece."""
    _, found, record = init.read_bytes().partition(b"avcC")
    if not found or len(record) < 4:
        raise _FfmpegError("no configuration of H.264")
    return f"avc1.{record[1:4].hex()}"
