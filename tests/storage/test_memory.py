"""Large files go through a small process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edu.config import ROOT
from tests.storage.standin import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, StandIn

MB = 1024 * 1024
# A process of its own: the stand-in's memory is not ours. Small things first, for what the library
# itself takes is not the file's.
SCRIPT = f"""
import hashlib, resource, sys
from pathlib import Path
from edu.storage.s3 import Bucket, S3Storage

folder, url = Path(sys.argv[1]), sys.argv[2]
bucket = Bucket("{BUCKET}", url, "{REGION}", "{ACCESS_KEY}", "{SECRET_KEY}")
storage = S3Storage(bucket, folder / "work")


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def round_trip(size, key):
    source, digest = folder / "source", hashlib.sha256()
    with source.open("wb") as out:
        for number in range(size // {MB}):
            piece = number.to_bytes(4, "big") * {MB // 4}
            digest.update(piece)
            out.write(piece)
    storage.save(source, key)
    for reading in (storage.open(key), storage.local_path(key)):
        seen = hashlib.sha256()
        with reading as given:
            stream = given if hasattr(given, "read") else given.open("rb")
            with stream:
                while chunk := stream.read({MB}):
                    seen.update(chunk)
        assert seen.hexdigest() == digest.hexdigest()


round_trip({MB}, "small")
before = peak()
round_trip(60 * {MB}, "large")
print(peak() - before)
"""


@pytest.mark.processes
def test_a_large_file_takes_little_memory(standin: StandIn, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), standin.url]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert standin.counts["put_part"] == 4
    assert int(done.stdout) < 40
