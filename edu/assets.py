"""Addresses of the built static files, whose names carry a hash of their content."""

from __future__ import annotations

import json
from functools import lru_cache

from flask import url_for

from edu.config import ROOT

DIST = ROOT / "static" / "dist"
MANIFEST = DIST / "manifest.json"


class AssetsMissingError(RuntimeError):
    """The front end has not been built, or lacks a file that a template asks for."""


@lru_cache(maxsize=1)
def _read(changed: int) -> dict[str, str]:
    # `changed` (ns) makes a new build show without a restart: the pages name its files at once.
    names: dict[str, str] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return names


def asset(name: str) -> str:
    """The address of a built file such as `app.css`, or of a folder such as `pdfjs/`.

    Raises AssetsMissingError when there is no such file.
    """
    try:
        built = _read(MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise AssetsMissingError(f"{MANIFEST} is missing: run `make assets`") from error
    if name not in built:
        raise AssetsMissingError(f"{name} is not in {MANIFEST}: run `make assets`")
    return url_for("assets.file", name=built[name])
