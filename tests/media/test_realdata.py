"""Real course files come out whole; hostile ones end as their list says."""

from __future__ import annotations

import csv
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edu.media.errors import FileRefused
from edu.media.process import Processed, process_file
from edu.media.sandbox import Sandbox
from tests.media.conftest import Process
from tests.realdata import realdata

WORD = re.compile("[А-Яа-яЁё]{2,}")
REFUSED = {
    "p01_encrypted_rc4_user_pw.pdf": "encrypted",
    "p02_encrypted_aes256_r6.pdf": "encrypted",
    "p04_password_is_test.pdf": "encrypted",
    "p06_pages_loop.pdf": "broken",
    "g03_zero_bytes.pdf": "empty",
    "g04_html_named.pdf": "unknown_type",
    "d08_plain_zip.docx": "unknown_type",
    "d09_truncated.docx": "broken",
}
ACCEPTED = ("p03_encrypted_empty_user_pw.pdf", "p08_outlines_loop.pdf", "d10_xss_text.docx")


def hostile_rows() -> list[dict[str, str]]:
    folder = realdata()
    if folder is None:
        return []
    with (folder / "hostile" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", hostile_rows(), ids=lambda row: row["file"])
def test_hostile_file_ends_as_expected(row: dict[str, str], real: Path, process: Process) -> None:
    path = real / "hostile" / row["file"]
    started = time.monotonic()
    code = ""
    try:
        process(path)
    except FileRefused as refused:
        code = refused.code
    # Far below the limit of the sandbox, with room for the other tests that run beside it.
    assert time.monotonic() - started < 20
    assert code not in {"limits", "bomb"}
    assert code == REFUSED.get(row["file"], code)
    # Where the list says "reject", there is a refusal; what it accepts is accepted.
    if row["expected"].startswith(("reject/", "reject by", "reject 4", "accept,")):
        assert bool(code) is row["expected"].startswith("reject")
    assert row["file"] not in ACCEPTED or not code


def test_hostile_files_leave_the_zygote_alive(real: Path, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        for path in sorted((real / "hostile").glob("[!M]*.*")):
            try:
                process_file(sandbox, path, path.name, tmp_path, lambda *_: None)
            except FileRefused:
                continue
        assert len(sandbox._idle) == 1
        assert sandbox._idle[0].alive()


def test_script_in_a_document_is_plain_text(real: Path, process: Process) -> None:
    found = process(real / "hostile" / "d10_xss_text.docx")
    assert "<script>" in found.passages[0].text


def test_whole_corpus_is_read(
    real: Path, manifest: list[dict[str, str]], sandbox: Sandbox, tmp_path: Path
) -> None:
    def read(row: dict[str, str]) -> Processed:
        workdir = tmp_path / row["id"]
        workdir.mkdir()
        path = real / "corpus" / row["file"]
        return process_file(sandbox, path, path.name, workdir, lambda *_: None)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(read, manifest))
    wanted = found = 0
    for row, result in zip(manifest, results, strict=True):
        assert result.text_ok
        assert result.thumbnail is not None
        assert result.pages in (None, int(row["pages"] or 0))
        words = sum(len(WORD.findall(f"{p.heading} {p.text}")) for p in result.passages)
        wanted += int(row["cyr_words"])
        found += min(words, int(row["cyr_words"]))
        # None of them is a scan, so each has to come out by itself.
        assert words >= 0.9 * int(row["cyr_words"]), row["file"]
        if result.kind == "docx":
            check_preview(result)
    assert found >= 0.98 * wanted


def check_preview(result: Processed) -> None:
    """The preview of a real document has the same sections, and every word of the text."""
    assert result.preview is not None
    sections = dict(result.preview.sections)
    assert list(sections) == [passage.number for passage in result.passages]
    for passage in result.passages:
        shown = re.sub(r"<[^<>]*>", " ", sections[passage.number])
        words = len(WORD.findall(f"{passage.heading} {passage.text}"))
        assert len(WORD.findall(shown)) >= 0.97 * words


def test_videos_match_their_list(real: Path, process: Process) -> None:
    with (real / "video" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        found = process(real / "video" / row["file"])
        assert found.thumbnail is not None
        if row["duration"]:
            assert found.duration == pytest.approx(float(row["duration"]), abs=0.1)
            assert f" {found.width}x{found.height} " in f" {row['video']} "
