"""PDF text, page by page."""

from __future__ import annotations

import time
from pathlib import Path

import fpdf
import pytest

from edu.media import pdf
from edu.media.errors import FileRefused
from tests.media import samples


def extract(path: Path) -> pdf.PdfText:
    return pdf.extract_pdf(path, lambda *_: None)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    document = fpdf.FPDF()
    document.set_font("Helvetica", size=14)
    for number in range(1, 4):
        document.add_page()
        document.start_section(f"Chapter {number}")
        if number == 2:
            document.start_section("Limits", level=1)
        document.cell(text=f"Sentence on page {number}.")
    document.output(str(tmp_path / "book.pdf"))
    return tmp_path / "book.pdf"


def test_pages_carry_their_text_and_headings(book: Path) -> None:
    found = extract(book)
    assert found.page_count == 3
    assert found.pages[1] == pdf.PageText(2, "Chapter 2 · Limits", "Sentence on page 2.")
    assert found.outline[1:3] == [("Chapter 2", 2, 0), ("Limits", 2, 1)]
    assert found.text_ok


def test_progress_counts_pages(book: Path) -> None:
    calls: list[tuple[int, int]] = []
    pdf.extract_pdf(book, lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_scan_has_no_text(tmp_path: Path) -> None:
    found = extract(samples.page_pdf(tmp_path / "scan.pdf", b"0 0 100 100 re f"))
    assert (found.page_count, found.text_ok, found.pages[0].text) == (1, False, "")


def test_mojibake_is_not_passed_on(tmp_path: Path) -> None:
    found = extract(samples.mojibake_pdf(tmp_path / "bad.pdf"))
    assert (found.text_ok, found.pages[0].text) == (False, "")


def test_second_opinion_replaces_mojibake(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = "Sentence on page 2."
    texts, text_ok = pdf._judge(book, ["Sentence on page 1.", "\ufffd" * 30, "On page 3."])
    assert (texts[1], text_ok) == (good, True)
    monkeypatch.setattr(pdf, "_SECOND_OPINION_S", 0.0)
    texts, text_ok = pdf._judge(book, ["Sentence on page 1.", "\ufffd" * 30, "On page 3."])
    assert (texts[1], text_ok) == ("", True)


# The alarm may go off inside a destructor, where Python only reports it; then it goes off again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_second_opinion_keeps_to_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"BT /F1 8 Tf 20 700 Td " + b"(word) Tj 1 1 Td " * 60_000 + b"ET"
    slow = samples.page_pdf(tmp_path / "slow.pdf", content)
    monkeypatch.setattr(pdf, "_SECOND_OPINION_S", 0.3)
    # Of the processor's time: three seconds for the whole, whatever else this machine does.
    started = time.process_time()
    assert pdf._second_opinion(slow, [0]) == {}
    assert time.process_time() - started < 1.5


def test_page_tree_that_contains_itself_is_refused(tmp_path: Path) -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 5 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R 2 0 R] /Count 4 >>",
    ]
    with pytest.raises(FileRefused) as caught:
        pdf.check_pdf(samples.write_pdf(tmp_path / "loop.pdf", objects))
    assert caught.value.code == "broken"


def test_outline_loop_ends(tmp_path: Path) -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
        b"<< /First 5 0 R /Last 6 0 R >>",
        b"<< /Title (One) /Dest [3 0 R /Fit] /Next 6 0 R /Parent 4 0 R >>",
        b"<< /Title (Two) /Dest [3 0 R /Fit] /Next 5 0 R /First 5 0 R /Parent 4 0 R >>",
    ]
    found = extract(samples.write_pdf(tmp_path / "loop.pdf", objects))
    assert {title for title, _page, _level in found.outline} == {"One", "Two"}
    assert len(found.outline) < 10
