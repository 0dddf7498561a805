"""The machine that a number holds for, and what processes take of it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from edu.extensions import utcnow

MB = 1024 * 1024


def describe_machine() -> str:
    """Date, cores, processor, load and Python, in a line."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    cores = len(os.sched_getaffinity(0))
    return (
        f"{utcnow():%Y-%m-%d}, {cores} cores of {cpu[1] if cpu else platform.machine()}, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def memory_of(pid: int) -> tuple[float, float]:
    """Resident memory of a process in MB: all of it, and without mapped files."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    kilobytes = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.MULTILINE))
    return int(kilobytes["VmRSS"]) / 1024, int(kilobytes["RssAnon"]) / 1024


def cpu_seconds_of(pid: int) -> float:
    """CPU time that a process has taken so far, which others on the machine hardly change."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_of(folder: Path) -> float:
    """MB of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB
