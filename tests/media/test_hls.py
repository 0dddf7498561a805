"""Videos of every make are cut into playlists and pieces that fit each other."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from edu.media import hls, probe, streaming
from edu.media.errors import FileRefused
from edu.media.limits import Limits
from edu.media.sandbox import Sandbox
from edu.media.streaming import Rendition, StreamFiles, cut_video
from edu.media.timer import OutOfTime
from tests.media.samples import (
    claim_length,
    write_lecture,
    write_mp4,
    write_picture,
    write_slides,
    write_sound,
)

Cut = Callable[..., "Playlists"]
ROOMY = Limits(memory_mb=2048, cpu_s=60, wall_s=60)
INFO = re.compile(r"#EXT-X-STREAM-INF:(.*)\n(\S+)\n")
VALUE = re.compile(r'([A-Z-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True)
class Playlists:
    """What a stream's playlists say: attributes and lengths of pieces by rendition."""

    made: StreamFiles
    attributes: dict[str, dict[str, str]]
    lengths: dict[str, list[float]]

    @property
    def sizes(self) -> dict[str, str]:
        return {name: found["RESOLUTION"] for name, found in self.attributes.items()}


def read_playlists(made: StreamFiles) -> Playlists:
    """Parse and hold against the files; whatever is not as it has to be fails."""
    master = (made.folder / "master.m3u8").read_text()
    assert master.startswith("#EXTM3U\n#EXT-X-VERSION:7\n")
    attributes, lengths = {}, {}
    named = {"master.m3u8"}
    for values, address in INFO.findall(master):
        name, _, last = address.partition("/")
        assert last == "index.m3u8"
        attributes[name] = {key: value.strip('"') for key, value in VALUE.findall(values)}
        assert int(attributes[name]["BANDWIDTH"]) >= int(attributes[name]["AVERAGE-BANDWIDTH"]) > 0
        lengths[name], pieces = read_index(made.folder / address)
        named |= {address, *(f"{name}/{piece}" for piece in pieces)}
    assert named == set(made.names)
    assert made.names[-1] == "master.m3u8"
    assert all((made.folder / name).stat().st_size > 0 for name in named)
    return Playlists(made, attributes, lengths)


def read_index(path: Path) -> tuple[list[float], list[str]]:
    text = path.read_text()
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+),\n\d{5}\.m4s\n", text)]
    (target,) = re.findall(r"#EXT-X-TARGETDURATION:(\d+)\n", text)
    assert all(int(length + 0.5) <= int(target) for length in lengths)
    assert text.count("#EXTINF") == len(lengths) > 0
    assert text.endswith("#EXT-X-ENDLIST\n")
    pieces = re.findall(r"^\d{5}\.m4s$", text, re.MULTILINE)
    assert pieces == [f"{number:05}.m4s" for number in range(len(pieces))]
    assert '#EXT-X-MAP:URI="init.mp4"\n' in text
    return lengths, ["init.mp4", *pieces]


@pytest.fixture
def cut(sandbox: Sandbox, tmp_path: Path) -> Cut:
    """Cut a file in the sandbox and read the playlists."""

    def run(path: Path, limits: Limits = ROOMY) -> Playlists:
        workdir = tmp_path / "cut"
        workdir.mkdir(exist_ok=True)
        return read_playlists(cut_video(sandbox, path, workdir, limits, lambda *_: None))

    return run


def decode(made: StreamFiles, name: str) -> str:
    """Decode a rendition to its end: what ffmpeg complains of, and tells of the streams."""
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-nostats", "-i"]
    address = str(made.folder / name / "index.m3u8")
    silent = [*command, address, "-v", "error", "-f", "null", "-"]
    done = subprocess.run(silent, capture_output=True, text=True, check=True)
    told = subprocess.run([*command, address], capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    return "\n".join([*errors, told.stderr])


def test_what_browsers_play_is_cut_as_it_is(cut: Cut, tmp_path: Path) -> None:
    source = write_lecture(tmp_path / "a.mp4", 20, "160x90", "-g", "30")
    found = cut(source)
    assert found.made.copied
    assert found.sizes == {"90": "160x90"}
    assert re.fullmatch(r"avc1\.[0-9a-f]{6},mp4a\.40\.2", found.attributes["90"]["CODECS"])
    assert sum(found.lengths["90"]) == pytest.approx(20, abs=0.2)
    assert 5 < found.lengths["90"][0] < 10
    assert found.made.size == pytest.approx(source.stat().st_size, rel=0.15)
    assert "error" not in decode(found.made, "90").lower()


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [(50, [10, 5, 5]), (59, [11.8, 5.9, 2.3]), (100, [10, 10]), (130, [6, 6, 6, 2])],
)
def test_key_frames_far_apart_are_set_anew(
    cut: Cut, tmp_path: Path, frames: int, lengths: list[float]
) -> None:
    keys = ["-g", str(frames), "-sc_threshold", "0"]
    found = cut(write_lecture(tmp_path / "a.mp4", 20, "64x64", *keys))  # ten frames a second
    assert found.made.copied == (frames <= 120)
    assert found.lengths["64"] == pytest.approx(lengths, abs=0.11)


def test_two_sizes_are_cut_at_the_same_moments(cut: Cut, tmp_path: Path) -> None:
    found = cut(write_lecture(tmp_path / "a.mp4", 8, "854x480", "-c:v", "mpeg4"))
    assert not found.made.copied
    assert found.sizes == {"480": "854x480", "360": "640x360"}
    assert found.lengths["480"] == found.lengths["360"] == [6, 2]
    rates = [int(found.attributes[name]["BANDWIDTH"]) for name in ("480", "360")]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ("161x91", ("-pix_fmt", "yuv444p"), {"91": "160x90"}),  # H.264 that browsers do not play
        ("640x1600", ("-c:v", "mpeg4"), {"640": "640x1600", "360": "360x900"}),
        ("1920x900", ("-c:v", "mpeg4"), {"720": "1536x720", "360": "768x360"}),
        ("2200x200", (), {"200": "2200x200"}),
        ("160x90", ("-c:v", "libx265", "-x265-params", "log-level=none"), {"90": "160x90"}),
        ("160x90", ("-c:v", "libsvtav1", "-preset", "12"), {"90": "160x90"}),
        ("160x90", ("-vf", "setsar=2"), {"160": "320x90"}),
    ],
    ids=["odd", "upright", "large", "wide", "hevc", "av1", "oblong pixels"],
)
def test_sizes_are_even_and_never_grow(
    cut: Cut, tmp_path: Path, size: str, options: tuple[str, ...], expected: dict[str, str]
) -> None:
    try:
        source = write_lecture(tmp_path / "a.mp4", 1, size, *options)
    except subprocess.CalledProcessError:
        pytest.skip(f"ffmpeg cannot write {options}")
    assert list(cut(source).sizes.values()) == list(expected.values())


def test_a_rotated_video_is_turned(cut: Cut, tmp_path: Path) -> None:
    flat = write_lecture(tmp_path / "flat.mp4", 2, "160x90")
    source = tmp_path / "turned.mp4"
    command = [get_ffmpeg_exe(), "-v", "error", "-display_rotation", "90", "-i", str(flat)]
    subprocess.run([*command, "-c", "copy", str(source)], check=True)
    found = cut(source)
    assert found.sizes == {"90": "90x160"}
    assert "rotation" not in decode(found.made, "90")


def test_without_sound_there_is_no_sound(cut: Cut, tmp_path: Path) -> None:
    for options in ((), ("-c:v", "mpeg4")):
        found = cut(write_mp4(tmp_path / "a.mp4", 2, "160x90", *options))
        assert re.fullmatch(r"avc1\.[0-9a-f]{6}", found.attributes["90"]["CODECS"])
        assert "Audio" not in decode(found.made, "90")


def test_sound_of_another_kind_is_written_anew_beside_the_picture(cut: Cut, tmp_path: Path) -> None:
    found = cut(write_lecture(tmp_path / "a.mp4", 2, "160x90", "-c:a", "libmp3lame"))
    assert found.made.copied
    assert "Audio: aac (LC)" in decode(found.made, "90")


HDR = ["-color_primaries", "bt2020", "-color_trc", "{0}", "-colorspace", "bt2020nc"]
HDR += ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params"]
HDR += ["log-level=none:colorprim=bt2020:transfer={0}:colormatrix=bt2020nc"]


@pytest.mark.parametrize(
    ("transfer", "filters", "expected"),
    [("smpte2084", True, 155), ("smpte2084", False, 126), ("arib-std-b67", True, 122)],
    ids=["PQ", "PQ without filters", "HLG"],
)
def test_a_high_dynamic_range_is_mapped_where_ffmpeg_can(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    transfer: str,
    filters: bool,
    expected: int,
) -> None:
    options = [option.format(transfer) for option in HDR]
    # Half of the range: as bright as paper in PQ, a grey in HLG.
    source = write_picture(tmp_path / "a.mp4", "color=0x808080", *options)
    assert probe.probe(source).hdr == transfer
    if not filters:
        monkeypatch.setattr(hls, "_TONES", "zscala=tin={}")
    workdir = tmp_path / "cut"
    workdir.mkdir()
    monkeypatch.setattr(os, "nice", lambda _by: None)
    hls.make(source, "a.mp4", workdir, None, lambda *_: None)
    shown = brightness(workdir / "hls" / "90" / "index.m3u8")
    assert shown == pytest.approx(expected, abs=4)


@pytest.mark.parametrize(
    "named", ["", ":colorprim=bt2020:colormatrix=bt2020c"], ids=["half", "odd"]
)
def test_a_high_dynamic_range_of_odd_colours_is_mapped_too(
    cut: Cut, tmp_path: Path, named: str
) -> None:
    options = [*HDR[:-1], f"log-level=none:transfer=smpte2084{named}"]
    source = write_picture(
        tmp_path / "a.mp4", "color=0x808080", *(each.format("smpte2084") for each in options)
    )
    assert not cut(source).made.copied


def brightness(path: Path) -> int:
    """Of a point of the first frame."""
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-frames:v", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout[0]


def test_frames_at_uneven_moments_become_even(cut: Cut, tmp_path: Path) -> None:
    uneven = ["-vf", "select='lt(mod(n,30),4)+gt(n,198)'", "-fps_mode", "vfr", "-c:v", "mpeg4"]
    found = cut(write_lecture(tmp_path / "a.mp4", 20, "160x90", *uneven))
    assert found.lengths["90"][:3] == [6, 6, 6]
    assert sum(found.lengths["90"]) == pytest.approx(20, abs=0.3)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that takes seconds to be written anew."""
    return write_slides(tmp_path_factory.mktemp("slides") / "slides.mp4", 90)


def test_progress_moves(sandbox: Sandbox, slides: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    workdir = tmp_path / "cut"
    workdir.mkdir()
    cut_video(sandbox, slides, workdir, ROOMY, lambda _step, percent: seen.append(percent))
    assert seen == sorted(seen)
    assert len(set(seen)) >= 4
    assert seen[-1] <= 99


@pytest.mark.parametrize(
    ("limits", "detail"),
    [
        (Limits(memory_mb=2048, cpu_s=60, wall_s=1.0), "time"),
        (Limits(memory_mb=2048, cpu_s=1, wall_s=60), "cpu"),
        (Limits(memory_mb=2048, cpu_s=60, wall_s=60, output_mb=0), "output"),
        (Limits(memory_mb=330, cpu_s=60, wall_s=60), "memory"),
    ],
    ids=["time", "cpu", "output", "memory"],
)
def test_more_than_is_allowed_is_refused(
    cut: Cut, slides: Path, limits: Limits, detail: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        cut(slides, limits)
    assert (refused.value.code, refused.value.details) == ("limits", {"detail": detail})


def test_what_is_no_video_is_refused(cut: Cut, tmp_path: Path) -> None:
    whole = write_lecture(tmp_path / "a.mp4", 2, "160x90").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:3000])
    for source in (write_sound(tmp_path / "sound.mp4"), tmp_path / "cut.mp4"):
        with pytest.raises(FileRefused) as refused:
            cut(source)
        assert refused.value.code == "broken"


def write_gap(path: Path, seconds: int) -> Path:
    """A small video of two frames that lie far apart."""
    apart = f"fps=1,setpts=N*{seconds}/TB"
    return write_mp4(path, 2, "64x64", "-vf", apart, "-fps_mode", "passthrough")


@pytest.mark.parametrize(
    ("seconds", "detail"), [(100_000, "duration"), (3600, "frames")], ids=["days", "hour"]
)
def test_two_frames_are_no_long_video(cut: Cut, tmp_path: Path, seconds: int, detail: str) -> None:
    source = write_gap(tmp_path / "gap.mp4", seconds)
    assert source.stat().st_size < 10_000
    with pytest.raises(FileRefused) as refused:
        cut(source)
    assert (refused.value.code, refused.value.details) == ("limits", {"detail": detail})


def test_a_false_length_is_no_way_around_limits(cut: Cut, tmp_path: Path) -> None:
    source = claim_length(write_mp4(tmp_path / "a.mp4", 20, "64x64", "-c:v", "mpeg4"), 1)
    assert probe.probe(source).duration == 1
    assert cut(source).lengths["64"] == [6, 6, 6, 2]
    with pytest.raises(FileRefused) as refused:
        cut(source, Limits(memory_mb=2048, cpu_s=60, wall_s=60, output_mb=0))
    assert refused.value.code == "limits"


@pytest.mark.parametrize("fps", ["1", "5"])
def test_slide_shows_are_cut(cut: Cut, tmp_path: Path, fps: str) -> None:
    found = cut(write_mp4(tmp_path / "slides.mp4", 70, "64x64", "-r", fps))
    assert sum(found.lengths["64"]) == pytest.approx(70, abs=2.1)  # a frame more or less


def test_of_what_ffmpeg_says_only_the_first_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_MAX_TEXT", 1000)
    assert probe._read_stderr(["sh", "-c", "yes >&2"]) == b"y\n" * 500


def test_who_says_nothing_for_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_PROBE_S", 0.1)
    with pytest.raises(OutOfTime):
        probe._read_stderr(["sleep", "5"])


def test_the_probe_opens_nothing_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def note(command: list[str]) -> bytes:
        commands.append(command)
        return b""

    monkeypatch.setattr(probe, "_read_stderr", note)
    with pytest.raises(FileRefused):
        probe.probe(tmp_path / "a.mp4")
    text = " ".join(commands[0])
    assert "-protocol_whitelist file,pipe -threads 1 -f mov -i " in text


def test_a_name_in_the_video_opens_nothing(cut: Cut, tmp_path: Path) -> None:
    source = tmp_path / "list.mp4"
    source.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(FileRefused):
        cut(source)


# What the child says is not believed -----------------------------------------------------------


def told(**changes: object) -> dict[str, object]:
    rendition = {"side": 90, "width": 160, "height": 90, "codecs": "avc1.64000d"}
    return {"renditions": [rendition | {"durations": [6.0, 2.0]} | changes], "copied": True}


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    folder = tmp_path / "hls"
    (folder / "90").mkdir(parents=True)
    for name in ("init.mp4", "00000.m4s", "00001.m4s"):
        (folder / "90" / name).write_bytes(b"bytes")
    return folder


def test_what_fits_is_taken(pieces: Path) -> None:
    assert read_playlists(streaming._collect(told(), pieces)).lengths == {"90": [6.0, 2.0]}


@pytest.mark.parametrize(
    "changes",
    [
        {"codecs": 'avc1.64000d"\n#EXT-X-KEY:URI="http://elsewhere"'},
        {"side": 0},
        {"side": "../90"},
        {"side": 720},
        {"width": 10**9},
        {"durations": []},
        {"durations": [6.0, 2.0, 1.0]},
        {"durations": [float("nan"), 2.0]},
        {"durations": [0.0, 0.0]},
    ],
)
def test_what_does_not_fit_is_not_taken(pieces: Path, changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        streaming._collect(told(**changes), pieces)


def test_too_many_pieces_are_not_taken(pieces: Path) -> None:
    for count, complaint in ((10_001, "^durations$"), (10_000, "no piece")):
        with pytest.raises(ValueError, match=complaint):
            streaming._collect(told(durations=[6.0] * count), pieces)


def test_a_link_is_not_taken(pieces: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (pieces / "90" / "00001.m4s").unlink()
    (pieces / "90" / "00001.m4s").symlink_to(secret)
    with pytest.raises(ValueError, match="no piece"):
        streaming._collect(told(), pieces)


def test_the_peak_is_that_of_a_whole_piece() -> None:
    rendition = Rendition(90, 160, 90, "avc1.64000d", [6.0, 6.0, 0.01])
    assert streaming._entry(rendition, [6000, 12000, 1000]) == (rendition, 16000, 12656)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 854x480, 24 fps", "h264 (High)"),
        ("av1 (libdav1d) (Main) (av01 / 0x31307661), yuv420p10le, 8x8", "av1 (libdav1d) (Main)"),
        ("h264 ([27][0][0][0] / 0x1B), yuv420p, 16x16", "h264"),
    ],
)
def test_codecs_are_read_with_their_profile(line: str, expected: str) -> None:
    text = (
        f"  Duration: 00:01:02.50, start: 0, bitrate: 90 kb/s\n  Stream #0:0(und): Video: {line}\n"
    )
    streams = probe.parse_streams(text)
    assert (streams.codec, streams.duration, streams.kbps) == (expected, 62.5, 90)


def test_a_cover_is_no_video() -> None:
    text = "  Duration: 00:00:02.00, bitrate: N/A\n"
    text += "  Stream #0:0: Video: png, rgb24, 600x600, 90k tbr (attached pic)\n"
    with pytest.raises(FileRefused):
        probe.parse_streams(text)
    text += (
        "  Stream #0:1: Video: h264 (Main), yuv420p(tv, top first), 720x576 [SAR 16:15], 25 fps\n"
    )
    streams = probe.parse_streams(text)
    assert (streams.width, streams.height, streams.interlaced) == (768, 576, True)
