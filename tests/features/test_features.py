"""The scenarios, run by behave against the real bot process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edu.config import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="features")]


def test_the_scenarios_pass(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "telegram")])
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--no-color", "--format=progress", "tests/features"],
        cwd=ROOT,
        env=env | {"FEATURES_LOG": str(tmp_path / "bot.log"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,  # of a busy machine; alone a minute and a half
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
