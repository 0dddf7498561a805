"""What a child process may use."""

from __future__ import annotations

import resource
from dataclasses import dataclass

_MB = 1024 * 1024
_OPEN_FILES = 256
_PROCESSES = 256


@dataclass(frozen=True)
class Limits:
    """Bounds of one run: address space, CPU time, wall time, bytes written.

    `output_mb` bounds each file that is written, and what the folder of the run grows by.
    """

    memory_mb: int = 1024
    cpu_s: int = 120
    wall_s: float = 180.0
    output_mb: int = 128


def apply(limits: Limits, *, own_users: bool = False) -> None:
    """Bind the current process, and every process that it starts, to `limits`.

    `own_users`: the system counts this user's processes apart from those outside the sandbox.
    Only then is their number bounded, threads included: it would bound the whole service.
    """
    cpu = max(1, limits.cpu_s)
    _lower(resource.RLIMIT_AS, limits.memory_mb * _MB)
    _lower(resource.RLIMIT_FSIZE, limits.output_mb * _MB)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if own_users:
        _lower(resource.RLIMIT_NPROC, _PROCESSES)
    # The soft limit kills with a signal that tells why; the hard one if that is ignored.
    _lower(resource.RLIMIT_CPU, cpu, cpu + 2)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never ask for more than this process itself was given."""
    ceiling = resource.getrlimit(kind)[1]
    wanted = (soft, soft if hard is None else hard)
    if ceiling != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], ceiling), min(wanted[1], ceiling))
    resource.setrlimit(kind, wanted)
