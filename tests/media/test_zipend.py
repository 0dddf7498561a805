"""A ZIP's directory is judged before anything is made of it."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from edu.media.errors import FileRefused
from edu.media.inspect import sniff
from edu.media.zipend import check_end
from tests.media import samples

END_64 = struct.Struct("<4sQ2H2L4Q")


def archive(
    path: Path, entries: int, declared: int | None = None, length: int | None = None, gap: int = 0
) -> Path:
    """A ZIP of so many empty parts, with an end record that may tell something else."""
    local = b"PK\3\4" + bytes(26)
    directory = (b"PK\1\2" + bytes(42)) * entries
    count = entries if declared is None else declared
    size = len(directory) if length is None else length
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, len(local), 0)
    path.write_bytes(local + directory + bytes(gap) + end)
    return path


def large(path: Path, entries: int, shift: int = 0) -> Path:
    """The same with a record and locator for large archives."""
    local, directory = b"PK\3\4" + bytes(26), (b"PK\1\2" + bytes(42)) * entries
    at = len(local) + len(directory)
    numbers = (entries, entries, len(directory), len(local))
    record = END_64.pack(b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at + shift, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)
    path.write_bytes(local + directory + record + locator + end)
    return path


def code(path: Path) -> str:
    try:
        check_end(path)
    except FileRefused as refused:
        return refused.code
    return ""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "file.docx"


@pytest.mark.parametrize("declared", [400_000 & 0xFFFF, 1, 5000])
def test_directory_of_many_entries_costs_nothing(box: Path, declared: int) -> None:
    archive(box, 400_000, declared)
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(FileRefused) as caught:
        sniff(box, box.name)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "bomb"
    assert seconds < 0.5
    assert peak < 8 << 20


def test_number_of_entries_is_limited(box: Path) -> None:
    assert code(archive(box, 5_000)) == ""
    assert code(archive(box, 5_001)) == "bomb"
    assert code(archive(box, 5_001, declared=5)) == "bomb"
    assert code(large(box, 5_000)) == ""
    assert code(large(box, 70_000)) == "bomb"


@pytest.mark.parametrize(
    ("entries", "changes"),
    [
        (3, {"declared": 2}),
        (3, {"length": 46}),
        (3, {"gap": 9}),
        (3, {"length": 3 * 46 + 9, "gap": 9}),
        (0, {"length": 46}),
    ],
)
def test_end_that_contradicts_the_directory_is_broken(
    box: Path, entries: int, changes: dict[str, int]
) -> None:
    assert code(archive(box, entries, **changes)) == "broken"


def test_space_before_the_end_counts(box: Path) -> None:
    assert code(archive(box, 3, gap=5 << 20)) == "bomb"


def test_record_for_large_archives_has_one_place(box: Path) -> None:
    assert code(large(box, 3)) == ""
    assert code(large(box, 3, shift=-46)) == "broken"


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"PK\5\6", bytes(70_000), b"PK\6\7" + bytes(40)])
def test_file_without_an_end_is_broken(box: Path, data: bytes) -> None:
    box.write_bytes(data)
    assert code(box) == "broken"


def test_honest_archives_pass(box: Path) -> None:
    assert code(samples.write_docx(box)) == ""
    with zipfile.ZipFile(box, "a") as packed:
        packed.comment = b"a comment" * 99
    assert code(box) == ""
