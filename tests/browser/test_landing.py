"""Where a link into a material leads: to the second, the section, the page, with words marked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db, settings
from edu.materials.service import MaterialData, accept_file, upload_material
from edu.storage.incoming import copy_in
from jobs.materials import process_material
from tests.browser.people import Complaints, Person
from tests.media.samples import write_chapters, write_docx
from tests.product import Product, make_product, wait_until
from tests.realdata import realdata
from tests.samples import make_material, write_small_pdf

pytestmark = pytest.mark.browser

CHAPTERS = [(0, "Введение"), (4, "Признак Коши"), (8, "Признаки Даламбера")]
SHOWN = "(e) => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.top < innerHeight; }"
# Pages of lectures of real life, what is looked for, and words that are marked there: the last one
# runs over a line's end.
REAL_PAGES = [
    ("c016", 3, "евклидовы пространства", {"Евклидовы", "пространства", "пространство"}),
    ("c001", 14, "интегралы на неограниченном промежутке", {"Интегралы", "неограниченном"}),
    ("c016", 4, "относительно", {"отно-", "сительно"}),
]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with make_product(tmp_path_factory.mktemp("landing")) as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture(scope="module")
def names(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Published materials by name; the numbered ones only where there are real files."""
    folder = tmp_path_factory.mktemp("files")
    files = {
        "video": write_chapters(folder / "lecture.mp4", CHAPTERS, 12),
        "docx": write_docx(folder / "notes.docx"),
    }
    made: dict[str, int] = product.ask(lambda: {n: publish(path) for n, path in files.items()})
    if found := realdata():
        real = {name: found / "corpus" / f"{name}.pdf" for name in ("c001", "c016")}
        made |= product.ask(lambda: {name: show(path) for name, path in real.items()})
    return made


def publish(path: Path) -> int:
    """The id of a material that Maria has uploaded."""
    category = find_category("matematicheskiy-analiz")
    assert category is not None
    data = MaterialData(path.stem, "", [], "lecture", category)
    file = accept_file(copy_in(path, settings().data_dir / "incoming"))
    material = upload_material(find_user("maria@example.org"), data, file)
    db.session.commit()
    process_material(material.id)
    return material.id


def show(path: Path) -> int:
    """The id of a material whose text is not read: the viewer needs no more than the file."""
    maria = find_user("maria@example.org")
    assert maria is not None
    return make_material(maria.id, title=path.stem, content=path.read_bytes()).id


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the browser complained of in the end: nothing."""
    listening = Complaints()
    yield listening
    assert listening.list == []


@pytest.fixture
def visit(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Any]:
    """A new window: `visit(java_script_enabled=False)`."""
    opened: list[Person] = []

    def make(**options: Any) -> Page:
        opened.append(Person(browser, product, complaints, **options))
        return opened[-1].page

    yield make
    for person in opened:
        person.close()


def seconds(page: Page) -> float:
    return float(page.locator("video").evaluate("(v) => v.currentTime"))


def marked(page: Page) -> list[str]:
    return page.locator("mark").all_text_contents()


# Video ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_a_video_begins_at_the_second(names: dict[str, int], visit: Any, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)
    page.goto(f"/materials/{names['video']}?t=4")
    wait_until(lambda: seconds(page) >= 4, 10, "the video is at its second")
    assert seconds(page) < 5
    page.get_by_role("link", name="Признаки Даламбера").click()
    wait_until(lambda: seconds(page) >= 8, 10, "the video is at the chapter")
    assert page.url.endswith("?t=8")


def test_chapters_are_marked_and_follow_the_video(names: dict[str, int], visit: Any) -> None:
    page = visit()
    page.goto(f"/materials/{names['video']}?t=4&q=признак")
    assert marked(page) == ["Признак", "Признаки"]
    current = page.locator(".chapters [aria-current=true]")
    expect(current).to_contain_text("Коши")
    page.evaluate("window.untouched = true")
    page.get_by_role("link", name="Введение").click()
    expect(current).to_contain_text("Введение")
    assert page.evaluate("window.untouched")
    assert not page.locator("video").evaluate("(v) => v.paused")


# Documents ------------------------------------------------------------------------------------


def test_a_document_opens_at_the_section_with_the_words_marked(
    names: dict[str, int], visit: Any
) -> None:
    page = visit(viewport={"width": 800, "height": 300})
    page.goto(f"/materials/{names['docx']}?section=3&q=предел+последовательности#section-3")
    section = page.locator("#section-3")
    assert section.evaluate(SHOWN)
    assert section.locator("mark").all_text_contents() == ["Предел", "последовательности"]
    page.goto(f"/materials/{names['docx']}?section=3#section-3")
    assert marked(page) == []


@pytest.mark.parametrize(("name", "number", "query", "words"), REAL_PAGES)
def test_a_pdf_opens_at_the_page_with_the_words_marked(
    names: dict[str, int], visit: Any, name: str, number: int, query: str, words: set[str]
) -> None:
    if name not in names:
        pytest.skip("no real course files (EDU_REALDATA)")
    page = visit()
    page.goto(f"/materials/{names[name]}?page={number}&q={query}")
    shown = page.locator(f".pdf-page[data-number='{number}']")
    expect(shown.locator("mark").first).to_be_visible()
    assert words <= set(shown.locator("mark").all_text_contents())
    expect(page.locator("[data-pdf-page]")).to_have_value(str(number))
    assert shown.locator("mark").first.evaluate(SHOWN)


# Upload ---------------------------------------------------------------------------------------


def test_a_file_name_fills_in_what_it_tells(
    names: dict[str, int], visit: Any, tmp_path: Path
) -> None:
    page = visit()
    page.goto("/login")
    page.locator("#email").fill("alice@example.org")
    page.locator("#password").fill("correct horse battery")
    page.locator("main form button:not([type=button])").click()
    page.wait_for_url("**/")
    page.goto("/upload")
    file = write_small_pdf(tmp_path / "матан_2_семестр_2023-2024.pdf")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#semester")).to_have_value("2")
    expect(page.locator("#year")).to_have_value("2023")
    # What a person has chosen is not touched again.
    page.locator("#semester").select_option("")
    page.locator("#title").fill("Матан, 3 семестр")
    page.locator("#title").blur()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#semester")).to_have_value("")
