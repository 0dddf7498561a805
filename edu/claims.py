"""The names under which workers hold rows of the database, and who of them is gone for sure."""

from __future__ import annotations

import functools
import os
import secrets
import socket
from pathlib import Path


def new_claim() -> str:
    """A name for one attempt that tells which process on which host makes it."""
    return f"{this_process()}:{secrets.token_hex(6)}"


@functools.cache
def this_host() -> str:
    """This host, and among containers that share its name the one whose process ids these are."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def this_process() -> str:
    """What the claims of this process begin with, up to a colon."""
    return f"{this_host()}:{os.getpid()}"


def owner_is_dead(claim: str) -> bool:
    """True when the claim's process ran on this host and is gone: no need to wait for silence."""
    host, _, rest = claim.partition(":")
    pid = rest.partition(":")[0]
    if host != this_host() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
