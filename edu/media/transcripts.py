"""Subtitles and transcripts that people send, read in the sandbox."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edu.media import captions
from edu.media.captions import Cue
from edu.media.errors import FileRefused
from edu.media.limits import Limits
from edu.media.sandbox import Sandbox

# A person waits for it, and an honest file takes a moment.
LIMITS = Limits(memory_mb=512, cpu_s=8, wall_s=15.0, output_mb=16)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a file says, and whether it says when."""

    cues: list[Cue]
    timed: bool


def read_transcript(sandbox: Sandbox, source: Path, work: Path) -> Transcript:
    """Read a file as `captions.read_cues` does. Raises FileRefused, SandboxError."""
    size = source.stat().st_size
    if size > captions.MAX_BYTES:
        raise FileRefused("too_large", limit_mb=captions.MAX_BYTES // 1024**2)
    if not size:
        raise FileRefused("empty")
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="captions-") as folder:
        found = sandbox.run("captions", source, Path(folder), "", _ignore, limits=LIMITS)
    return _judge(found.data)


def _judge(data: dict[str, Any]) -> Transcript:
    """What a parser that was taken over says is held to the same rules. Raises FileRefused."""
    try:
        cues = [Cue(int(begin), int(end), str(text)) for begin, end, text in data["cues"]]
        return Transcript(captions.tidy(cues), timed=bool(data["timed"]))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise FileRefused("broken", detail="result") from error


def _ignore(step: str, percent: int) -> None:
    """Nobody is told how far it is."""
