"""A sandbox for all tests of this folder, and the real files where there are some."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edu.media.process import Processed, process_file
from edu.media.sandbox import Sandbox
from tests.realdata import realdata

Process = Callable[[Path], Processed]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as shared:
        yield shared


@pytest.fixture
def process(sandbox: Sandbox, tmp_path: Path) -> Process:
    """Process one file under its own name."""

    def run(path: Path) -> Processed:
        workdir = tmp_path / "work"
        workdir.mkdir(exist_ok=True)
        return process_file(sandbox, path, path.name, workdir, lambda *_: None)

    return run


@pytest.fixture(scope="session")
def real() -> Path:
    folder = realdata()
    if folder is None:
        pytest.skip("no folder of real files: set EDU_REALDATA")
    return folder


@pytest.fixture(scope="session")
def manifest(real: Path) -> list[dict[str, str]]:
    """The rows of the corpus: file, pages, cyr_words, …"""
    with (real / "corpus" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
