"""The demo content is complete, correct in form, readable and the same in every run."""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import cast

import docx
import pypdfium2
import pytest
from fpdf import FPDF
from fpdf.fonts import TTFFont

from edu.demo.markup import parse, spans
from edu.demo.render import FONTS, render_material
from edu.demo.texts import MaterialSpec, demo_materials, read_material
from edu.demo.tree import category_paths, subject_tree
from edu.media.video import read_chapters, read_info

ROOT = Path(__file__).resolve().parents[2]
MATERIALS = demo_materials()
RATERS = {"alice", "boris", "vera", "maria", "teacher"}
TYPES = {"lecture", "seminar", "problems", "textbook", "exam", "notes"}


def only(kind: str) -> list[MaterialSpec]:
    """The materials of one kind."""
    return [spec for spec in MATERIALS if spec.kind == kind]


@pytest.fixture(scope="module")
def font_dir() -> Path:
    """Where the front-end build, or EDU_FONT_DIR, keeps the fonts."""
    for folder in (Path(os.environ.get("EDU_FONT_DIR", "-")), ROOT / "static/dist/fonts"):
        if all((folder / name).is_file() for name in FONTS):
            return folder
    pytest.skip("no fonts: run `make assets` or set EDU_FONT_DIR")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, font_dir: Path) -> dict[str, Path]:
    """Every material drawn once, by slug."""
    folder = tmp_path_factory.mktemp("demo")
    return {spec.slug: render_material(spec, folder, font_dir) for spec in MATERIALS}


def test_there_are_enough_materials_of_every_kind_and_type() -> None:
    kinds = Counter(spec.kind for spec in MATERIALS)
    assert len(MATERIALS) >= 14
    assert kinds["pdf"] >= 7
    assert kinds["docx"] >= 4
    assert kinds["video"] >= 2
    assert {spec.type for spec in MATERIALS} >= TYPES


@pytest.mark.parametrize("spec", MATERIALS, ids=lambda spec: spec.slug)
def test_a_material_can_be_put_into_the_library(spec: MaterialSpec) -> None:
    assert spec.category_path in set(category_paths(subject_tree()))
    assert spec.type in TYPES | {"other"}
    assert spec.kind in {"pdf", "docx", "video"}
    assert spec.uploader in {"alice", "maria", "teacher"}
    assert spec.uploader not in spec.ratings
    assert set(spec.ratings) <= RATERS
    assert set(spec.ratings.values()) <= {1, 2, 3, 4, 5}
    assert 3 <= len(spec.tags) <= 15
    assert 0 < len(spec.title) <= 200
    assert spec.semester is None or 1 <= spec.semester <= 12
    assert spec.year is None or 2000 <= spec.year <= 2100


def test_slugs_are_unique_among_siblings_and_fit_into_addresses() -> None:
    paths = list(category_paths(subject_tree()))
    assert len(paths) == len(set(paths))
    assert all(re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)*", path) for path in paths)


def test_subjects_answer_to_what_students_call_them() -> None:
    aliases = {alias: subject.slug for subject in subject_tree() for alias in subject.aliases}
    assert aliases["матан"] == "matematicheskiy-analiz"
    assert aliases["линал"] == "lineynaya-algebra"
    assert aliases["тервер"] == "teoriya-veroyatnostey"
    assert aliases["диффуры"] == "differencialnye-uravneniya"
    assert aliases["дискретка"] == "diskretnaya-matematika"


def test_an_alias_belongs_to_one_subject_only() -> None:
    aliases = [alias for subject in subject_tree() for alias in subject.aliases]
    assert len(aliases) == len(set(aliases))


@pytest.mark.parametrize("spec", MATERIALS, ids=lambda spec: spec.slug)
def test_tables_are_rectangular_and_bold_marks_are_paired(spec: MaterialSpec) -> None:
    for block in parse(spec.body):
        assert len({len(row) for row in block.rows}) <= 1
        assert all(line.count("**") % 2 == 0 for line in block.lines)


def test_a_broken_source_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lost.md"
    path.write_text("no front matter", encoding="utf-8")
    with pytest.raises(ValueError, match=r"lost\.md"):
        read_material(path)


def test_markup_becomes_blocks() -> None:
    blocks = parse(
        "# Глава\n## Часть\nодин\nдва\n\n> a\n> b\n$ x = 1\n- p\n  q\n|a|b|\n|c| |\n1. n"
    )
    assert [block.kind for block in blocks] == [
        "heading", "heading", "text", "statement", "formula", "bullets", "table", "numbers",
    ]  # fmt: skip
    assert blocks[1].level == 2
    assert blocks[2].text == "один два"
    assert blocks[5].lines == ["p q"]
    assert blocks[6].rows == [["a", "b"], ["c", ""]]
    assert spans("a **b** c") == [("a ", False), ("b", True), (" c", False)]


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"DejaVuSans\.ttf"):
        render_material(MATERIALS[0], tmp_path, tmp_path)


def test_the_bytes_are_the_same_in_every_run(
    files: dict[str, Path], font_dir: Path, tmp_path: Path
) -> None:
    for spec in (only(kind)[0] for kind in ("pdf", "docx", "video")):
        again = render_material(spec, tmp_path, font_dir)
        assert digest(again) == digest(files[spec.slug]), spec.slug


def test_files_differ_from_each_other(files: dict[str, Path]) -> None:
    assert len({digest(path) for path in files.values()}) == len(MATERIALS)


def test_every_character_has_a_glyph(font_dir: Path) -> None:
    text = {char for spec in MATERIALS for char in spec.title + spec.description + spec.body}
    for name in FONTS:
        sheet = FPDF()
        sheet.add_font("Text", "", font_dir / name)
        known = cast(TTFFont, sheet.fonts["text"]).cmap
        assert {char for char in text - {"\n"} if ord(char) not in known} == set()


@pytest.mark.parametrize("spec", only("pdf"), ids=lambda spec: spec.slug)
def test_a_pdf_has_full_pages_and_an_outline(spec: MaterialSpec, files: dict[str, Path]) -> None:
    with pypdfium2.PdfDocument(files[spec.slug]) as document:
        assert 4 <= len(document) <= 8
        pages = [text_of(document, number) for number in range(len(document))]
        outline = [item.get_title() for item in document.get_toc()]
    assert outline == [block.text for block in parse(spec.body) if block.kind == "heading"]
    assert sum(len(page.split()) for page in pages) > 900
    assert all(len(page.split()) > 100 for page in pages[:-1])
    assert all(page.rstrip().endswith(str(number)) for number, page in enumerate(pages, 1))


def test_a_phrase_of_the_third_page_is_found_there(files: dict[str, Path]) -> None:
    with pypdfium2.PdfDocument(files["predel-posledovatelnosti"]) as document:
        pages = [text_of(document, number) for number in range(len(document))]
    found = [number for number, page in enumerate(pages, 1) if "о двух милиционерах" in page]
    assert found == [3]


@pytest.mark.parametrize("spec", only("docx"), ids=lambda spec: spec.slug)
def test_a_docx_has_headings_and_tables(spec: MaterialSpec, files: dict[str, Path]) -> None:
    document = docx.Document(str(files[spec.slug]))
    styles = Counter(p.style.name for p in document.paragraphs if p.style)
    tables = [block.rows for block in parse(spec.body) if block.kind == "table"]
    assert styles["Title"] == 1
    assert styles["Heading 1"] >= 3
    assert len(document.tables) == len(tables) >= 2
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert cells == [text.replace("**", "") for row in tables[0] for text in row]


@pytest.mark.parametrize("spec", only("video"), ids=lambda spec: spec.slug)
def test_a_video_can_start_before_it_is_loaded(spec: MaterialSpec, files: dict[str, Path]) -> None:
    data = files[spec.slug].read_bytes()
    assert data[4:8] == b"ftyp"
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert b"avc1" in data
    assert b"mp4a" in data
    assert len(data) < 400_000


@pytest.mark.parametrize("spec", only("video"), ids=lambda spec: spec.slug)
def test_the_slides_of_a_video_are_its_chapters(spec: MaterialSpec, files: dict[str, Path]) -> None:
    chapters = read_chapters(files[spec.slug], read_info(files[spec.slug]))
    slides = [block.text for block in parse(spec.body) if block.kind == "heading"]
    assert [chapter.heading for chapter in chapters] == slides
    assert chapters[0].second == 0


def test_most_materials_say_when_they_are_studied() -> None:
    assert len({spec.semester for spec in MATERIALS} - {None}) >= 3
    assert len({spec.year for spec in MATERIALS} - {None}) >= 3


def text_of(document: pypdfium2.PdfDocument, index: int) -> str:
    """The text of a page, any run of white space as one space."""
    return " ".join(document[index].get_textpage().get_text_bounded().split())


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
