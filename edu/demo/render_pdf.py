"""Demo texts as PDF: numbered pages, an outline, boxed statements."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.fonts import FontFace

from edu.demo.glue import NO_BREAK, glue
from edu.demo.markup import Block, parse
from edu.demo.texts import MaterialSpec

PAGE_MM = (176, 250)  # B5, the size of a printed study guide; readable on a phone, too
MARGIN_MM = 18
LINE_MM = 6.0
BODY_PT = 10.5
INK = (28, 32, 40)
ACCENT = (38, 70, 122)
TINT = (240, 244, 250)
# A fixed date keeps the bytes, and so the hash by which duplicates are found, equal in every run.
CREATED = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)


def write_pdf(spec: MaterialSpec, target: Path, font_dir: Path) -> None:
    """Write the material as a PDF whose outline follows the headings of its text."""
    page = _Sheet(spec.title, font_dir)
    page.title_block(spec.title, spec.description)
    blocks = parse(spec.body)
    for number, block in enumerate(blocks):
        page.keep(page.need(blocks[number:]))
        page.draw(block)
    page.output(str(target))


class _Sheet(FPDF):
    """A document that knows how each kind of block looks."""

    def __init__(self, title: str, font_dir: Path) -> None:
        super().__init__(format=PAGE_MM)
        self.add_font("Text", "", font_dir / "DejaVuSans.ttf")
        self.add_font("Text", "B", font_dir / "DejaVuSans-Bold.ttf")
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 4)
        self.set_creation_date(CREATED)
        self.set_title(title)
        self.set_lang("ru-RU")
        self.running_title = title
        self.add_page()
        self.body_font()

    def footer(self) -> None:
        """Running title and page number."""
        self.set_y(-14)
        self.set_font("Text", size=8)
        self.set_text_color(110)
        self.cell(self.epw - 20, 5, self.running_title)
        self.cell(20, 5, str(self.page_no()), align="R")
        self.body_font()

    def body_font(self) -> None:
        """Go back to the look of running text."""
        self.set_font("Text", size=BODY_PT)
        self.set_text_color(*INK)

    def title_block(self, title: str, subtitle: str) -> None:
        """The head of the first page."""
        self.set_font("Text", "B", 17)
        self.set_text_color(*ACCENT)
        self.multi_cell(0, 8.5, title, align="L", new_x="LMARGIN", new_y="NEXT")
        self.set_font("Text", size=9)
        self.set_text_color(90)
        self.ln(1.5)
        self.multi_cell(0, 5, subtitle, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)
        self.set_draw_color(*ACCENT)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(4)
        self.body_font()

    def draw(self, block: Block) -> None:
        """Draw one block and the space after it."""
        getattr(self, f"draw_{block.kind}")(block)

    def paragraph(self, text: str, indent: float = 0) -> None:
        """Set wrapped text, `indent` mm from the left margin."""
        self.set_x(self.l_margin + indent)
        self.multi_cell(
            0, LINE_MM, glue(text), align="L", markdown=True, new_x="LMARGIN", new_y="NEXT"
        )

    def keep(self, height: float) -> None:
        """Go to a new page unless `height` mm are left on this one."""
        if self.will_page_break(height):
            self.add_page()

    def need(self, blocks: list[Block]) -> float:
        """The mm that must be free for the first block to start on this page.

        A heading stays with what follows it; boxes, short paragraphs and tables stay whole.
        """
        if not blocks:
            return 0
        first = blocks[0]
        if first.kind == "heading":
            return 14 + self.need(blocks[1:])
        if first.kind == "table":
            return min(len(first.rows), 9) * 11
        if first.kind == "code":
            return len(first.lines) * 5 + 4
        height = self.height_of(glue("\n".join(first.lines)), self.epw - 8)
        return height + 4 if first.kind == "statement" else min(height, 5 * LINE_MM)

    def draw_heading(self, block: Block) -> None:
        """A heading stays with what follows it and goes into the outline."""
        self.ln(3 if block.level == 1 else 1.5)
        self.start_section(block.text, level=block.level - 1)
        self.set_font("Text", "B", 14 if block.level == 1 else 11.5)
        self.set_text_color(*ACCENT)
        self.multi_cell(0, 7, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)
        self.body_font()

    def draw_text(self, block: Block) -> None:
        """A paragraph."""
        self.paragraph(block.text)
        self.ln(2.2)

    def draw_statement(self, block: Block) -> None:
        """A definition or theorem: tinted, with a bar at its left."""
        text = glue("\n".join(block.lines))
        width = self.epw - 8
        height = self.height_of(text, width)
        self.set_fill_color(*TINT)
        self.rect(self.l_margin, self.get_y(), self.epw, height + 4, style="F")
        self.set_fill_color(*ACCENT)
        self.rect(self.l_margin, self.get_y(), 1.2, height + 4, style="F")
        self.set_xy(self.l_margin + 5, self.get_y() + 2)
        self.multi_cell(
            width, LINE_MM, text, align="L", markdown=True, new_x="LMARGIN", new_y="NEXT"
        )
        self.ln(5)

    def height_of(self, text: str, width: float) -> float:
        """How many mm the text takes when it is set `width` mm wide."""
        lines = self.multi_cell(
            width, LINE_MM, text, align="L", markdown=True, dry_run=True, output="LINES"
        )
        return LINE_MM * len(cast(list[str], lines))

    def draw_formula(self, block: Block) -> None:
        """A centred line."""
        self.set_font("Text", size=BODY_PT + 0.5)
        self.set_text_color(*ACCENT)
        self.multi_cell(0, LINE_MM, block.text, align="C", new_x="LMARGIN", new_y="NEXT")
        self.ln(2.2)
        self.body_font()

    def draw_bullets(self, block: Block) -> None:
        """A list with dots."""
        self._items([("•", line) for line in block.lines])

    def draw_numbers(self, block: Block) -> None:
        """A list with numbers, counted from one."""
        self._items([(f"{number}.", line) for number, line in enumerate(block.lines, 1)])

    def _items(self, items: list[tuple[str, str]]) -> None:
        for mark, text in items:
            self.keep(self.height_of(glue(text), self.epw - 10))
            self.set_x(self.l_margin + 2)
            self.cell(8, LINE_MM, mark)
            self.paragraph(text, indent=10)
            self.ln(0.8)
        self.ln(1.4)

    def draw_code(self, block: Block) -> None:
        """Program text on a tinted ground, its indents kept by no-break spaces."""
        self.set_font("Text", size=9)
        self.set_fill_color(*TINT)
        text = "\n".join(line.replace("  ", NO_BREAK * 3) for line in block.lines)
        self.multi_cell(0, 5, text, align="L", fill=True, padding=2, new_x="LMARGIN", new_y="NEXT")
        self.ln(3)
        self.body_font()

    def draw_table(self, block: Block) -> None:
        """A table whose head repeats on every page."""
        self.set_font("Text", size=9.5)
        self.set_draw_color(170)
        self.set_fill_color(255)
        head = FontFace(emphasis="BOLD", fill_color=TINT)
        with self.table(
            headings_style=head, line_height=5.4, padding=1.2, text_align="LEFT", markdown=True
        ) as table:
            for cells in block.rows:
                table.row(cells)
        self.ln(4)
        self.body_font()
