"""Documents as readers see them: previews with marked words, contents, pictures of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docx as python_docx
import pytest
from docx.oxml import parse_xml
from playwright.sync_api import Browser, expect

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db
from edu.materials.models import Material, MaterialStatus, Passage
from jobs.materials import process_material
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.browser.test_library import long_pdf
from tests.browser.test_pages import WIDTHS, take_picture
from tests.media.samples import CYRILLIC
from tests.media.test_docx import FRACTION
from tests.media.test_preview import picture
from tests.product import Product, make_product
from tests.samples import make_material

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages and three people."""
    with make_product(tmp_path_factory.mktemp("documents")) as made:
        made.prepare()
        made.start_web()
        yield made


def write_document(path: Path) -> bytes:
    document = python_docx.Document()
    for number in range(1, 6):
        document.add_heading(f"Раздел {number}", 1)
        for _line in range(8):
            document.add_paragraph(CYRILLIC)
    table = document.add_table(rows=2, cols=14)
    for cell in table._cells:
        cell.text = "признак сходимости"
    document.add_picture(picture(size=(1200, 300)))
    document.element.body.insert(1, parse_xml(FRACTION))
    document.save(str(path))
    return path.read_bytes()


@pytest.fixture(scope="module")
def ids(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Ids of a processed document and a PDF with two headings, both published."""
    folder = tmp_path_factory.mktemp("files")
    content = {
        "docx": write_document(folder / "a.docx"),
        "pdf": long_pdf(folder / "a.pdf"),
    }

    def add() -> dict[str, int]:
        maria, made = find_user("maria@example.org"), {}
        assert maria is not None
        category = find_category("matematicheskiy-analiz/ryady")
        for kind, data in content.items():
            status = MaterialStatus.PROCESSING if kind == "docx" else MaterialStatus.ACTIVE
            material = make_material(
                maria.id, status, title=f"О {kind}", kind=kind, content=data, category=category
            )
            made[kind] = material.id
            material.file.pages = 12 if kind == "pdf" else None
            material.file.text_ok = kind != "pdf"
        db.session.add(Passage(material_id=made["pdf"], number=9, heading="Ряды", text="ряды"))
        db.session.commit()
        process_material(made["docx"])
        assert db.session.get_one(Material, made["docx"]).status == MaterialStatus.ACTIVE
        return made

    added: dict[str, int] = product.ask(add)
    return added


@pytest.fixture
def alice(browser: Browser, product: Product) -> Iterator[Person]:
    """Alice in front of a browser that complains of nothing."""
    complaints = Complaints()
    person = Person(browser, product, complaints).sign_in("alice@example.org")
    yield person
    person.close()
    assert complaints.list == []


def test_a_preview_opens_at_its_section_with_the_words_marked(
    alice: Person, ids: dict[str, int]
) -> None:
    page = alice.page
    page.goto(f"/materials/{ids['docx']}?section=4&mark=предел#section-4")
    expect(page.locator("#section-4 h2")).to_be_in_viewport()
    expect(page.locator("#section-4 mark").first).to_have_text("Предел")
    expect(page.locator("#section-1 .formula")).to_have_text("v=s/t")
    image = page.locator(".prose img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 1200)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_preview_is_whole_wide_and_narrow(alice: Person, ids: dict[str, int], width: int) -> None:
    page = alice.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/materials/{ids['docx']}")
    assert find_faults(page) == []
    take_picture(page, f"preview-{width}")


def test_contents_of_a_pdf_lead_through_the_viewer(alice: Person, ids: dict[str, int]) -> None:
    page = alice.page
    page.goto(f"/materials/{ids['pdf']}")
    expect(page.locator("[data-pdf].is-ready")).to_be_visible()
    page.locator("[data-pdf-go='9']").click()
    expect(page.locator("[data-pdf-page]")).to_have_value("9")
    expect(page.locator(".text-lost")).to_be_visible()


def test_the_picture_of_a_page_is_drawn_by_the_site(alice: Person, ids: dict[str, int]) -> None:
    answer = alice.page.request.get(f"/materials/{ids['pdf']}/pages/9/picture")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.body()[8:12] == b"WEBP"
