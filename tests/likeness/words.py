"""Texts of made-up words, and texts that differ from them by so much."""

from __future__ import annotations

import random
from pathlib import Path

import docx
from fpdf import FPDF

SYLLABLES = ("ba", "ro", "tin", "ke", "lus", "mi", "dor", "va", "sen", "qua", "pel", "os")


def make_text(words: int = 1500, seed: int = 1) -> list[str]:
    """Words of a vocabulary as uneven as that of a language."""
    chance = random.Random(seed)
    known = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(2000)]
    return [known[int(2000 * chance.random() ** 2)] for _ in range(words)]


def change_words(words: list[str], share: float, seed: int = 2) -> list[str]:
    """The text with this share of its words replaced, wherever they stand."""
    chance = random.Random(seed)
    return [f"other{n}" if chance.random() < share else word for n, word in enumerate(words)]


def write_pdf(path: Path, words: list[str], title: str = "", size: int = 12) -> Path:
    """A PDF of as many pages as it takes, each with a footer."""

    class Sheet(FPDF):
        def footer(self) -> None:
            self.set_y(-15)
            self.cell(0, 10, f"Page {self.page_no()}")

    sheet = Sheet()
    sheet.set_font("Helvetica", size=size)
    sheet.add_page()
    if title:
        sheet.cell(0, 10, title, new_x="LMARGIN", new_y="NEXT")
    sheet.multi_cell(0, 7, " ".join(words))
    sheet.output(str(path))
    return path


def write_docx(path: Path, words: list[str], title: str = "") -> Path:
    """The same as a DOCX of paragraphs."""
    document = docx.Document()
    if title:
        document.add_heading(title, 1)
    for start in range(0, len(words), 80):
        document.add_paragraph(" ".join(words[start : start + 80]))
    document.save(str(path))
    return path
