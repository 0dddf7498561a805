"""The one sandbox of a worker process."""

from __future__ import annotations

import functools

from edu.assets import DIST
from edu.extensions import settings
from edu.media.sandbox import Limits, Sandbox

FONT = DIST / "fonts" / "DejaVuSans.ttf"


@functools.cache
def _sandbox(limits: Limits) -> Sandbox:
    # One for the process: it keeps a child-maker for each thread that asks at the same time.
    return Sandbox(limits, font=FONT if FONT.is_file() else None)


def shared_sandbox() -> Sandbox:
    """The sandbox with the limits that the settings set for reading a file."""
    config = settings()
    limits = Limits(
        memory_mb=config.media_memory_mb, cpu_s=config.media_cpu_s, wall_s=config.media_wall_s
    )
    return _sandbox(limits)
