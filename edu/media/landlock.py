"""Landlock: the kernel refuses every path, port and signal that was not allowed before.

The kernel's interface has versions; each adds rights. What the running one lacks is left out.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# System calls of one number on all architectures, and their constants, from linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_QUERY_VERSION = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REGULAR = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
# How many rights on files each version knows: bits from 0.
_RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_FROM, _SCOPES_FROM = 4, 6
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
READ = _READ_FILE | _READ_DIR
READ_AND_EXECUTE = READ | _EXECUTE
READ_AND_WRITE = _READ_FILE | _WRITE_FILE | _TRUNCATE
# Neither links nor devices: whoever takes the results would follow them.
OWN = READ | READ_AND_WRITE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REGULAR


def version() -> int:
    """The interface's version, 0 where the kernel has no Landlock or it is switched off."""
    if sys.platform != "linux":
        return 0
    try:
        return _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_QUERY_VERSION))
    except OSError:
        return 0


def restrict(rules: Iterable[tuple[Path, int]]) -> list[str]:
    """Allow this process, and all that it starts, these rights beneath these paths and no other.

    A path that does not exist is passed over. Returns what could not be had: "landlock", or parts
    of it. The process must have given up new privileges before. Raises OSError.
    """
    known = version()
    if not known:
        return ["landlock"]
    handled = (1 << _RIGHTS_OF_VERSION.get(known, 16)) - 1
    ruleset = _create(known, handled)
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & handled)
        _syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    lacking = {"landlock for ports": _NETWORK_FROM, "landlock for signals": _SCOPES_FROM}
    return [part for part, since in lacking.items() if known < since]


def _create(known: int, handled: int) -> int:
    attributes = struct.pack("=Q", handled)
    if known >= _NETWORK_FROM:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT_TCP)
    if known >= _SCOPES_FROM:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
    size = ctypes.c_size_t(len(attributes))
    return _syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint32(0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, place)
        _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, ctypes.c_uint32(0))
    finally:
        os.close(place)


def _syscall(number: int, *arguments: object) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"system call {number}: {os.strerror(code)}")
    return result
