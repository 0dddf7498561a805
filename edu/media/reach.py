"""What a process that parses strangers' files can reach: its one file and one folder.

Every part is best effort, for kernels and containers differ; what is lacking is told by name.
The zygote calls `isolate` once, each child `confine` before it opens the file.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from edu.hardening import forbid_inspection, prctl
from edu.media import landlock, seccomp

_CODE = Path(__file__).resolve().parents[1]
_PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 38, 36
_NEW_USERS, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_CAPABILITY_VERSION_3 = 0x20080522
# Root reads the files of other users by this one; a container's root often has to.
_CAP_DAC_OVERRIDE = 1 << 1
# From here on the kernel counts a user's processes in each user namespace of its own.
_COUNTS_BY_NAMESPACE = (5, 14)
_FFMPEG_VARIABLES = ("FFMPEG_BINARY", "IMAGEIO_FFMPEG_EXE")

missing: list[str] = []
own_users = False


def isolate() -> None:
    """Leave the machine's network and become the parent of every orphan among descendants.

    Notes what is lacking in `missing`, and in `own_users` whether the user's processes are now
    counted apart from those outside.
    """
    global own_users
    try:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
    except OSError:
        missing.append("subreaper")
    # Root in a namespace of users would lose its rights on other users' files; it may do without.
    users = 0 if os.geteuid() == 0 else _NEW_USERS
    if not _unshare(users | _NEW_NETWORK | _NEW_IPC):
        missing.append("namespaces")
    elif users:
        own_users = _kernel() >= _COUNTS_BY_NAMESPACE
    _programs_once()  # each child inherits what is found here


def confine(source: Path, workdir: Path, font: Path | None) -> list[str]:
    """Give up everything but reading `source` and the program's own files, writing `workdir`.

    Returns the names of the parts that this machine lacks, those of `isolate` among them.
    """
    lacking = list(missing)
    if not forbid_inspection():
        lacking.append("protection from inspection")
    try:
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
    except OSError:
        return [*lacking, "no new privileges", "landlock", "system call filter"]
    try:
        lacking += landlock.restrict(_rules(source, workdir, font))
    except OSError:
        lacking.append("landlock")
    if not _drop_capabilities():
        lacking.append("dropped capabilities")
    if not seccomp.apply():  # the last: it takes calls away
        lacking.append("system call filter")
    return lacking


def _rules(source: Path, workdir: Path, font: Path | None) -> Iterator[tuple[Path, int]]:
    yield source, landlock.READ
    yield workdir, landlock.OWN
    yield Path("/dev/null"), landlock.READ_AND_WRITE
    for file in (font, Path("/dev/urandom"), Path("/etc/ld.so.cache")):
        if file is not None:
            yield file, landlock.READ
    for folder in _programs_once():
        yield folder, landlock.READ_AND_EXECUTE


@functools.cache
def _programs_once() -> tuple[Path, ...]:
    return tuple(path for path in dict.fromkeys(_programs()) if path.exists())


def _programs() -> Iterator[Path]:
    """Where code is: Python and its packages, this package, the system's libraries, ffmpeg."""
    yield _CODE
    # Not the prefixes themselves: a virtual environment may be the folder of the installation.
    for prefix in {sys.prefix, sys.base_prefix}:
        yield Path(prefix, "lib")
        yield Path(prefix, "lib64")
    # Packages may lie apart, a user's own for instance; the other entries could be anything.
    yield from (Path(entry) for entry in sys.path if entry.endswith("-packages"))
    yield Path("/usr")
    yield from Path("/").glob("lib*")
    yield from (Path("/nix/store"), Path("/gnu/store"))
    yield from map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")))
    yield from _ffmpeg()


def _ffmpeg() -> Iterator[Path]:
    names = [os.environ.get(variable, "") for variable in _FFMPEG_VARIABLES]
    for name in (*filter(None, names), "ffmpeg", f"{sys.prefix}/bin/ffmpeg"):
        found = shutil.which(name)
        if found:
            binary = Path(found).resolve()
            yield binary
            yield binary.parents[1] / "lib"


def _unshare(flags: int) -> bool:
    if sys.platform != "linux":
        return False
    result: int = ctypes.CDLL(None, use_errno=True).unshare(ctypes.c_int(flags))
    return result == 0


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(filter(str.isdigit, minor)) or 0)


def _drop_capabilities() -> bool:
    """Keep none, as root only the one for reading; a new program gets none back."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
    held = ctypes.create_string_buffer(24)
    if libc.capget(header, held) != 0:
        return False
    permitted = struct.unpack("=6I", held.raw)[1]
    kept = permitted & _CAP_DAC_OVERRIDE if os.geteuid() == 0 and not own_users else 0
    result: int = libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))
    return result == 0
