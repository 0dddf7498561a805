"""Subtitles and transcripts in the forms that people have them in, read into lines with times.

The reading of a stranger's file, `read_cues`, is for the sandbox; what comes out is written down as
WebVTT of our own by `write_vtt`, and only that is read back outside, by `read_vtt`.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from edu.media.errors import FileRefused
from edu.media.text import clean_text

MAX_BYTES = 2 * 1024 * 1024
MAX_CUES = 20_000
MAX_MS = 1_000_000_000  # as chapters: a million seconds
LONGEST_LINE_MS = 10_000  # a line of which only the beginning is known
SUFFIXES = (".vtt", ".srt", ".txt")

_HOUR_MS, _MINUTE_MS, _SECOND_MS = 3_600_000, 60_000, 1000
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.01  # of the characters of what is a text still
_MOST_BROKEN = 0.1  # of the letters beyond ASCII; a text that is not UTF-8 has hardly another
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_TIMES_LINE = re.compile(r"^[^\n]*\d[.,]\d{1,3}[^\S\n]*-->[^\S\n]*\d[^\n]*$", re.MULTILINE)
# Inside of a line, as karaoke has it: when each word is said.
_INNER_TIME = re.compile(r"<[\d:.,]+>")
_COMMA = re.compile(r"(?<=\d),(?=\d{3})")
_COLON = re.compile(r"(?<=\d):(?=\d)")
# Keeps two times that are spoken of from being taken for those of a line; falls out with cleaning.
_JOINER = ":\u2060"
_VOICE = re.compile(r"<v(?:\.[^<>\s]*)?[^\S\n]+([^<>\n]{1,100})>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>|<!--[^<>]*-->", re.IGNORECASE)
_LOOKS = re.compile(r"\{\\[^{}]*\}")  # of SubStation: {\an8}; other braces are somebody's sets
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)
_DIRECTIONS = re.compile("[\u061c\u2066-\u206f]")  # beside those that fall out of any text
_ROUNDS = 8  # of tags inside of tags; what is left then is no more than text
# 12:30, 1:02:03, 00:12:30.500, in brackets or not.
_TIME = r"[\[(]?(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?(?!:?\d)[\])]?"
_MARK = re.compile(
    rf"\s*{_TIME}(?:\s*(?:-->|[-–—])\s*{_TIME})?(?:\s*-->)?(?:\s*[-–—:|]\s+|\s*[-–—:|]?$|\s+|(?<=[\])]))(.*)"
)
_OWN = re.compile(r"(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said from `begin` to `end`, in milliseconds; lines of text, none of them empty."""

    begin: int
    end: int
    text: str


# Reading what a stranger sends ------------------------------------------------------------------


def read_cues(data: bytes) -> tuple[list[Cue], bool]:
    """Return the lines in order of time, and whether the file has times at all.

    A file without any is one text at the beginning. Raises FileRefused: empty, too_large, not_text,
    no_text, too_many.
    """
    if len(data) > MAX_BYTES:
        raise FileRefused("too_large", limit_mb=MAX_BYTES // 1024**2)
    text = _BLANK_LINES.sub("\n\n", decode(data))
    cues = list(_read_subtitles(text)) if _TIMES_LINE.search(text) else []
    is_vtt = text.lstrip().startswith("WEBVTT")
    if not cues and not is_vtt:
        cues = list(_read_transcript(text))
    timed = bool(cues) or is_vtt
    return tidy(cues if timed else [Cue(0, LONGEST_LINE_MS, text)]), timed


def decode(data: bytes) -> str:
    """Return the text with `\\n` line ends: UTF-8, UTF-16 with its mark, else Windows-1251.

    UTF-8 in which a few letters are broken, as where a file was cut off, is UTF-8 still.

    Raises FileRefused: empty, not_text.
    """
    if not data.strip():
        raise FileRefused("empty")
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
        else:
            text = _decode_bytes(data)
    except UnicodeDecodeError as error:
        raise FileRefused("not_text") from error
    if "\0" in text or len(_CONTROLS.findall(text)) > _MOST_CONTROLS * len(text):
        raise FileRefused("not_text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_bytes(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", errors="replace")  # the marks fall out with cleaning
    letters = sum(not char.isascii() for char in text)
    return text if text.count("\ufffd") <= _MOST_BROKEN * letters else data.decode("cp1251")


def _read_subtitles(text: str) -> Iterator[Cue]:
    """Have pysubs2 read WebVTT or SRT; what it keeps for styling is taken out of the lines."""
    from pysubs2 import SSAFile
    from pysubs2.formats.subrip import SubripFormat
    from pysubs2.formats.webvtt import WebVTTFormat

    is_vtt = text.lstrip().startswith("WEBVTT")
    reader = WebVTTFormat if is_vtt else SubripFormat
    found, said = SSAFile(), io.StringIO(_prepare(text, drop_notes=is_vtt))
    reader.from_file(found, said, "vtt" if is_vtt else "srt", keep_html_tags=True)
    voices = _Voices()
    for event in found:
        lines = event.text.replace(_JOINER, ":").replace(r"\N", "\n")
        yield Cue(event.start, event.end, _plain(_VOICE.sub(voices.name, lines)))


class _Voices:
    """Who speaks is told when it is another than before."""

    def __init__(self) -> None:
        self.last = ""

    def name(self, voice: re.Match[str]) -> str:
        before, self.last = self.last, voice[1].strip()
        return "" if self.last == before else f"{self.last}: "


def _prepare(text: str, *, drop_notes: bool) -> str:
    """Leave the reader what it reads as it is meant: it knows lines of times, and lines of text.

    Names of lines, notes and styles of WebVTT would become text of the line before; so would two
    times in a text become a line of times. Numbers are put behind each line, for the reader drops
    the last number that it sees.
    """
    if drop_notes:
        blocks = (block for block in text.split("\n\n") if "-->" in block)
        text = "\n\n1\n".join(_from_times(block) for block in blocks) + "\n\n1\n"
    lines = text.split("\n")
    return "\n".join(_read_comma(one) if "-->" in one else _keep_times(one) for one in lines)


def _read_comma(line: str) -> str:
    return _COMMA.sub(".", line)


def _from_times(block: str) -> str:
    lines = block.split("\n")
    at = next(at for at, line in enumerate(lines) if "-->" in line)
    return "\n".join(lines[at:])


def _keep_times(line: str) -> str:
    return _COLON.sub(_JOINER, _INNER_TIME.sub("", line))


def _plain(text: str) -> str:
    """Text without tags, also those that others were hidden in, and with its entities read."""
    for _ in range(_ROUNDS):
        text, found = _TAG.subn("", _LOOKS.sub("", text))
        if not found:
            break
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _read_transcript(text: str) -> Iterator[Cue]:
    """Yield what stands behind each mark of time, up to the next one."""
    begin = end = -1
    said: list[str] = []
    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark is None:
            said.append(line)
            continue
        if begin >= 0 or any(map(str.strip, said)):
            yield Cue(max(begin, 0), end, "\n".join(said))
        begin, said = _milliseconds(*mark.groups()[:4]), [mark[9]]
        end = _milliseconds(*mark.groups()[4:8]) if mark[7] else -1
    if begin >= 0:
        yield Cue(begin, end, "\n".join(said))


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    whole = int(hours or 0) * _HOUR_MS + int(minutes) * _MINUTE_MS + int(seconds) * _SECOND_MS
    return whole + int((fraction or "0").ljust(3, "0"))


# What holds of all lines ------------------------------------------------------------------------


def tidy(cues: Iterable[Cue]) -> list[Cue]:
    """Return the lines that say something, in order of time, each with an end behind its beginning.

    Raises FileRefused: no_text, too_many.
    """
    clean = (replace(cue, text=_clean(cue.text)) for cue in cues)
    said = sorted((cue for cue in clean if _says(cue)), key=lambda cue: cue.begin)
    if not said:
        raise FileRefused("no_text")
    said = _unroll(said)
    if len(said) > MAX_CUES:
        raise FileRefused("too_many", most=MAX_CUES)
    nexts = [*(cue.begin for cue in said[1:]), MAX_MS]
    return [_ended(cue, following) for cue, following in zip(said, nexts, strict=True)]


def _clean(text: str) -> str:
    lines = clean_text(_DIRECTIONS.sub("", text)).split("\n")
    return "\n".join(line for line in lines if line)


def _says(cue: Cue) -> bool:
    return 0 <= cue.begin < MAX_MS and any(map(str.isalnum, cue.text))


def _ended(cue: Cue, following: int) -> Cue:
    if cue.end > cue.begin:
        return replace(cue, end=min(cue.end, MAX_MS))
    likely = following if following > cue.begin else MAX_MS
    return replace(cue, end=min(likely, cue.begin + LONGEST_LINE_MS))


def _unroll(cues: list[Cue]) -> list[Cue]:
    """Take out what is shown again because the text rolls up, as recognised speech often is.

    Somebody who says the same twice is left alone: it has to be the habit of the whole file.
    """
    again = sum(_repeated(one, other) > 0 for one, other in pairwise(cues))
    if again < max(3, len(cues) // 3):
        return cues
    fresh = [cues[0]]
    for before, cue in pairwise(cues):
        lines = cue.text.split("\n")[_repeated(before, cue) :]
        if lines:
            fresh.append(replace(cue, text="\n".join(lines)))
    return fresh


def _repeated(before: Cue, cue: Cue) -> int:
    """How many lines at the beginning are the last ones of the line before."""
    old, new = before.text.split("\n"), cue.text.split("\n")
    if cue.begin > before.end + _SECOND_MS:
        return 0
    return next((n for n in range(min(len(old), len(new), 3), 0, -1) if old[-n:] == new[:n]), 0)


def fit(cues: list[Cue], duration: float | None, tolerance_s: float = 10.0) -> list[Cue]:
    """Return the lines that lie within a video; a little too late is what a cut end leaves behind.

    Raises FileRefused: too_late.
    """
    if duration is None:
        return cues
    end = round(duration * _SECOND_MS)
    if cues[-1].begin > end + tolerance_s * _SECOND_MS:
        raise FileRefused("too_late", last=cues[-1].begin // 1000, duration=round(duration))
    inside = [cue for cue in cues if cue.begin <= end]
    if not inside:
        raise FileRefused("too_late", last=cues[-1].begin // 1000, duration=round(duration))
    return [replace(cue, end=max(min(cue.end, end), cue.begin + 1)) for cue in inside]


# Our own WebVTT ---------------------------------------------------------------------------------


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return the lines as WebVTT."""
    blocks = (f"{_stamp(cue.begin)} --> {_stamp(cue.end)}\n{_escape(cue.text)}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, _SECOND_MS)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}.{rest:03}"


def _escape(text: str) -> str:
    return re.sub("[&<>]", lambda char: _ESCAPES[char[0]], text)


def read_vtt(text: str) -> list[Cue]:
    """Return what `write_vtt` wrote."""
    return [_read_own(block) for block in text.split("\n\n")[1:]]


def _read_own(block: str) -> Cue:
    times, _, said = block.strip("\n").partition("\n")
    found = _OWN.fullmatch(times)
    if found is None:
        raise ValueError(f"not of our own making: {times[:80]!r}")
    begin, end = _milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:])
    return Cue(begin, end, html.unescape(said))
