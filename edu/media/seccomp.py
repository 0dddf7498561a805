"""A filter of system calls: what no parser needs and an attacker would.

Landlock and namespaces leave gaps that depend on the kernel and on the container: sockets in the
file system, sockets through io_uring. The filter works in nearly all of them.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

# The audit number of the architecture, and each call's number there.
_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_ARCHITECTURES = {"x86_64": (_X86_64, 0), "aarch64": (_AARCH64, 1)}
_SECCOMP = (317, 277)
_DENIED = {
    # Ways out: to other machines, to local services.
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    # Ways out of the process group, which is killed as one.
    "setpgid": (109, 154),
    "setsid": (112, 157),
    # Ways into other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    # Ways deeper into the kernel.
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
}
_SET_MODE_FILTER, _NO_SPECULATION_PENALTY = 1, 4
_LOAD_WORD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
# x86_64 has a second set of numbers for the same calls from here on.
_X32_FROM = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def apply() -> bool:
    """Let the denied calls fail with EPERM from now on, here and in all that is started.

    False where the machine or the kernel is not one this is written for, or does not agree. The
    process must have given up new privileges before.
    """
    found = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or found is None or sys.maxsize < 2**32:
        return False
    architecture, column = found
    code = _assemble(architecture, [numbers[column] for numbers in _DENIED.values()])
    program = _Program(len(code) // 8, code)
    result: int = ctypes.CDLL(None, use_errno=True).syscall(
        ctypes.c_long(_SECCOMP[column]),
        ctypes.c_uint(_SET_MODE_FILTER),
        ctypes.c_uint(_NO_SPECULATION_PENALTY),
        ctypes.byref(program),
    )
    return result == 0


def _assemble(architecture: int, denied: list[int]) -> bytes:
    """A program for the kernel's packet filter; every jump goes to the last line, the failure."""
    tests = [(_IF_AT_LEAST, _X32_FROM)] + [(_IF_EQUAL, number) for number in denied]
    lines = [
        _line(_LOAD_WORD, _ARCHITECTURE_AT),
        # Calls of another architecture have other numbers: none is let through.
        _line(_IF_EQUAL, architecture, otherwise=len(tests) + 2),
        _line(_LOAD_WORD, _NUMBER_AT),
    ]
    for left, (test, number) in zip(range(len(tests), 0, -1), tests, strict=True):
        lines.append(_line(test, number, then=left))
    lines += [_line(_RETURN, _ALLOW), _line(_RETURN, _FAIL | errno.EPERM)]
    return b"".join(lines)


def _line(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
