"""`make bench-media`: the real course files through the pipeline, beside plain readers of PDF."""

from __future__ import annotations

import csv
import functools
import logging
import multiprocessing
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from edu.media.pdf import extract_pdf
from edu.media.process import process_file
from edu.media.sandbox import Sandbox
from edu.media.timer import OutOfTime, at_most
from tests.bench.machine import describe_machine
from tests.bench.tables import say, show_table, verdict
from tests.realdata import realdata

WORD = re.compile("[А-Яа-яЁё]{2,}")
# Some real files keep pdfminer.six busy for minutes; what it has not read by then counts as unread,
# its pages and this time as they are.
PATIENCE_S = 60.0
SHARE_AIM, FILE_AIM, SPEED_AIM = 0.98, 0.90, 15.0


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the corpus as its manifest has it."""

    path: Path
    pages: int
    words: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a file: seconds, Cyrillic words, MB at most, whether it is text."""

    seconds: float
    words: int
    peak_mb: float
    text_ok: bool = True


def read_manifest(folder: Path) -> list[Row]:
    """The files of the corpus."""
    with (folder / "corpus" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [
            Row(folder / "corpus" / row["file"], int(row["pages"] or 0), int(row["cyr_words"]))
            for row in rows
        ]


def count_words(texts: Iterable[str]) -> int:
    """Cyrillic words of two letters and more, as the manifest counts them."""
    return sum(len(WORD.findall(text)) for text in texts)


def run_pipeline(rows: list[Row], workers: int) -> tuple[list[Reading], float]:
    """Inspection, text, picture and preview in the sandbox, by so many threads; and how long."""
    started = time.perf_counter()
    with Sandbox() as sandbox, ThreadPoolExecutor(workers) as threads:
        readings = list(threads.map(functools.partial(_process, sandbox), rows))
    return readings, time.perf_counter() - started


def _process(sandbox: Sandbox, row: Row) -> Reading:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = process_file(sandbox, row.path, row.path.name, Path(folder), lambda *_: None)
    words = count_words(f"{each.heading} {each.text}" for each in done.passages)
    return Reading(time.perf_counter() - started, words, done.peak_mb, done.text_ok)


def run_reader(read: Callable[[Path], Iterable[str]], rows: list[Row]) -> list[Reading]:
    """A plain reader over the same files, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read_all, args=(theirs, read, rows))
    process.start()
    theirs.close()
    readings: list[Reading] = ours.recv()
    process.join()
    return readings


def _read_all(answer: Connection, read: Callable[[Path], Iterable[str]], rows: list[Row]) -> None:
    readings = []
    for row in rows:
        started, words = time.perf_counter(), 0
        try:
            with at_most(PATIENCE_S):
                words = count_words(read(row.path))
        except OutOfTime:
            say(f"  not read within {PATIENCE_S:.0f} s: {row.path.name}")
        except Exception as error:  # whatever a reader fails with, it has read nothing
            say(f"  not read, {type(error).__name__}: {row.path.name}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        readings.append(Reading(time.perf_counter() - started, words, peak))
    answer.send(readings)


def read_with_ours(path: Path) -> Iterable[str]:
    """The step `text` of the pipeline alone."""
    return [page.text for page in extract_pdf(path, lambda *_: None).pages]


def read_with_pdfminer(path: Path) -> Iterable[str]:
    """pdfminer.six as its manual has it."""
    from pdfminer.high_level import extract_text

    return [extract_text(str(path))]


def read_with_pypdf(path: Path) -> Iterable[str]:
    """pypdf as its manual has it."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it tells of every odd font
    return [page.extract_text() for page in PdfReader(path).pages]


def summarise(
    name: str, rows: list[Row], readings: list[Reading], seconds: float
) -> tuple[object, ...]:
    """A line of the table: pages a second, share of words, worst file, memory."""
    return (
        name,
        len(rows),
        seconds,
        sum(row.pages for row in rows) / seconds,
        total_share(rows, readings),
        min(share for share, _row, _reading in _shares(rows, readings)),
        max(reading.peak_mb for reading in readings),
    )


def _shares(rows: list[Row], readings: list[Reading]) -> list[tuple[float, Row, Reading]]:
    pairs = zip(rows, readings, strict=True)
    return [(min(each.words / row.words, 1.0), row, each) for row, each in pairs if row.words]


def total_share(rows: list[Row], readings: list[Reading]) -> float:
    """Words found of those that a good extraction finds; more than that of a file counts as all."""
    found = sum(min(each.words, row.words) for row, each in zip(rows, readings, strict=True))
    return found / sum(row.words for row in rows)


def main() -> None:
    """Measure and print."""
    folder = realdata()
    if folder is None:
        raise SystemExit("no folder of real files: set EDU_REALDATA")
    say(describe_machine())
    rows = read_manifest(folder)
    pdfs = [row for row in rows if row.path.suffix == ".pdf"]
    say(f"{len(rows)} files, {sum(row.pages for row in pdfs)} pages of PDF\n")
    whole, _seconds = run_pipeline(rows, 1)
    readers = {
        "ours, text alone": read_with_ours,
        "pdfminer.six": read_with_pdfminer,
        "pypdf": read_with_pypdf,
    }
    found = {"ours, pipeline, one worker": run_pipeline(pdfs, 1)}
    found["ours, pipeline, two workers"] = run_pipeline(pdfs, 2)
    for name, read in readers.items():
        readings = run_reader(read, pdfs)
        found[name] = (readings, sum(each.seconds for each in readings))
    head = ("reader", "files", "s", "pages/s", "words found", "worst file", "peak MB")
    say("")
    show_table(head, [summarise(name, pdfs, *each) for name, each in found.items()])
    _judge(rows, whole)
    plain = found.pop("pdfminer.six")[1]
    for name, (_readings, seconds) in found.items():
        ratio = plain / seconds
        result = f" (aim {SPEED_AIM:.0f}): {verdict(ratio, SPEED_AIM)}" if "text" in name else ""
        say(f"{name} / pdfminer.six, pages a second: {ratio:.1f}{result}")


def _judge(rows: list[Row], readings: list[Reading]) -> None:
    total = total_share(rows, readings)
    say(f"words found, all files: {total:.2%} (aim {SHARE_AIM:.0%}): {verdict(total, SHARE_AIM)}")
    low = [each for each in _shares(rows, readings) if each[0] < FILE_AIM]
    for share, row, reading in low:
        say(f"  {row.path.name}: {share:.1%}{'' if reading.text_ok else ', marked as unread'}")
    unmarked = sum(reading.text_ok for _share, _row, reading in low)
    aim = verdict(unmarked, 0, at_most=True)
    say(f"files below {FILE_AIM:.0%}: {len(low)}, without the mark: {unmarked} (aim 0): {aim}")


if __name__ == "__main__":
    main()
