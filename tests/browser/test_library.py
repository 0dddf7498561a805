"""Places that are kept while one reads, and collections that are filled and put in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF
from playwright.sync_api import Browser, Page, expect

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db
from edu.library.models import HistoryEntry
from edu.materials.models import Passage
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.browser.test_pages import WIDTHS, take_picture
from tests.media.samples import write_mp4
from tests.product import Product, make_product, wait_until
from tests.samples import make_material

pytestmark = pytest.mark.browser
PAGES, SECONDS = 12, 40


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages and three people."""
    with make_product(tmp_path_factory.mktemp("library")) as made:
        made.prepare()
        made.start_web()
        yield made


def long_pdf(path: Path) -> bytes:
    pdf = FPDF()
    pdf.set_font("helvetica", size=30)
    for number in range(1, PAGES + 1):
        pdf.add_page()
        pdf.cell(text=f"Page {number}")
    pdf.output(str(path))
    return path.read_bytes()


@pytest.fixture(scope="module")
def ids(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Ids of one published material of each kind."""
    folder = tmp_path_factory.mktemp("files")
    video = write_mp4(folder / "lecture.mp4", SECONDS, "160x90")
    content = {"pdf": long_pdf(folder / "long.pdf"), "docx": b"PK", "video": video.read_bytes()}
    text = "\n".join(["Длинный абзац о сходимости рядов и последовательностей."] * 30)
    sections = [Passage(number=n, heading=f"Раздел {n}", text=text) for n in range(1, 9)]

    def add() -> dict[str, int]:
        maria = find_user("maria@example.org")
        category = find_category("matematicheskiy-analiz/ryady")
        assert maria is not None
        made = {}
        for kind, data in content.items():
            passages = sections if kind == "docx" else []
            material = make_material(
                maria.id,
                title=f"Материал {kind}",
                kind=kind,
                content=data,
                category=category,
                passages=passages,
            )
            material.file.pages = PAGES if kind == "pdf" else None
            material.file.duration = float(SECONDS) if kind == "video" else None
            made[kind] = material.id
        db.session.commit()
        return made

    added: dict[str, int] = product.ask(add)
    return added


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the browsers complain of: nothing."""
    heard = Complaints()
    yield heard
    assert heard.list == []


@pytest.fixture
def alice(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Person]:
    """Alice in front of a browser of her own."""
    person = Person(browser, product, complaints).sign_in("alice@example.org")
    yield person
    person.close()


def kept_place(product: Product, material_id: int) -> int:
    """How far Alice has read, by the database."""

    def ask() -> int:
        entries = db.select(HistoryEntry.place).where(HistoryEntry.material_id == material_id)
        return db.session.scalar(entries) or 0

    place: int = product.ask(ask)
    return place


def test_a_document_is_continued_on_the_page_where_it_was_left(
    alice: Person, product: Product, ids: dict[str, int]
) -> None:
    page, address = alice.page, f"/materials/{ids['pdf']}"
    page.goto(address)
    expect(page.locator("[data-pdf].is-ready")).to_be_visible()
    page.wait_for_timeout(2000)
    assert kept_place(product, ids["pdf"]) == 0  # opening alone is not reading
    page.locator("[data-pdf-page]").fill("7")
    page.locator("[data-pdf-page]").press("Enter")
    wait_until(lambda: kept_place(product, ids["pdf"]) == 7, 10, "page 7 is kept")
    page.locator("[data-pdf-do=next]").click()
    page.goto("/")  # sooner than the timer: the page says it while it is being left
    wait_until(lambda: kept_place(product, ids["pdf"]) == 8, 10, "page 8 is kept")
    page.reload()
    link = page.locator(".reading a[href$='?page=8']")
    expect(link).to_contain_text("Материал pdf")
    page.goto(address)
    page.locator(".resume a").click()
    page.wait_for_url("**page=8")
    expect(page.locator("[data-pdf-page]")).to_have_value("8")


def test_a_text_is_continued_at_the_section_where_it_was_left(
    alice: Person, product: Product, ids: dict[str, int]
) -> None:
    page = alice.page
    page.goto(f"/materials/{ids['docx']}")
    page.locator("#section-5").scroll_into_view_if_needed()
    page.locator("#section-5").evaluate("(e) => e.scrollIntoView()")
    wait_until(lambda: kept_place(product, ids["docx"]) == 5, 10, "section 5 is kept")
    page.goto("/me/history")
    page.locator(f"a.button[href='/materials/{ids['docx']}?section=5#section-5']").click()
    expect(page.locator("#section-5 h2")).to_be_in_viewport()


def test_a_video_is_continued_at_its_second(
    alice: Person, product: Product, ids: dict[str, int]
) -> None:
    page = alice.page
    page.goto(f"/materials/{ids['video']}")
    video = page.locator("video")
    wait_until(lambda: video.evaluate("(v) => v.readyState") >= 1, 10, "the video can be sought")
    video.evaluate("(v) => { v.muted = true; v.currentTime = 20; return v.play(); }")
    wait_until(lambda: video.evaluate("(v) => v.currentTime") > 21, 10, "the video plays")
    video.evaluate("(v) => v.pause()")
    wait_until(lambda: kept_place(product, ids["video"]) >= 20, 10, "the second is kept")
    page.goto(f"/materials/{ids['video']}")
    page.locator(".resume a").click()
    page.wait_for_url(re.compile(r"\?t=2\d$"))
    wait_until(lambda: video.evaluate("(v) => v.currentTime") >= 20, 10, "it begins there")


def titles(page: Page) -> list[str]:
    return page.locator(".collection-items h3").all_inner_texts()


def test_a_collection_is_filled_from_materials_and_put_in_order(
    alice: Person, ids: dict[str, int]
) -> None:
    page = alice.page
    for number, kind in enumerate(ids):
        page.goto(f"/materials/{ids[kind]}")
        page.locator("#keep a").click()
        if number == 0:
            page.locator("#keep-new").fill("К экзамену")
            page.locator("#keep-new").press("Enter")
        else:
            page.locator(".keep-toggle", has_text="К экзамену").click()
        expect(page.locator(".keep-toggle[aria-pressed=true]")).to_have_text("К экзамену")
        assert find_faults(page) == []
    page.goto("/me/collections")
    page.get_by_role("link", name="К экзамену").click()
    pdf, docx, video = (f"Материал {kind}" for kind in ids)
    assert titles(page) == [pdf, docx, video]

    # By the keyboard: the focus stays on the button.
    page.locator(f"#down-{ids['pdf']}").press("Enter")
    expect(page.locator(".collection-items h3").first).to_have_text(docx)
    expect(page.locator(f"#down-{ids['pdf']}")).to_be_focused()

    # By the pointer: the last to the top.
    handle = page.locator(f"#item-{ids['video']} [data-drag]")
    with page.expect_response(lambda answer: answer.url.endswith("/order")) as saved:
        handle.hover()
        page.mouse.down()
        top = page.locator(f"#item-{ids['docx']}").bounding_box()
        assert top is not None
        page.mouse.move(top["x"] + 20, top["y"] + 5, steps=8)
        page.mouse.up()
    assert saved.value.status == 204
    assert titles(page) == [video, docx, pdf]
    page.reload()
    assert titles(page) == [video, docx, pdf]

    page.locator(f"#item-{ids['docx']} .item-note summary").click()
    page.locator(f"#item-{ids['docx']} textarea").fill("Начать отсюда")
    page.locator(f"#item-{ids['docx']} .item-note button").click()
    expect(page.locator(f"#item-{ids['docx']} .note")).to_have_text("Начать отсюда")


def test_pages_of_the_library_are_whole(
    browser: Browser, product: Product, complaints: Complaints, ids: dict[str, int]
) -> None:
    faults = []
    for width, height in WIDTHS.items():
        person = Person(
            browser, product, complaints, viewport={"width": width, "height": height}
        ).sign_in("alice@example.org")
        page = person.page
        page.goto("/me/collections")
        collection = page.locator(".collection-card a").first.get_attribute("href")
        addresses = {
            "history": "/me/history",
            "collections": "/me/collections",
            "public": "/collections",
            "collection": str(collection),
            "edit": f"{collection}/edit",
            "keep": f"/materials/{ids['pdf']}/collections",
            "home": "/",
        }
        for name, address in addresses.items():
            page.goto(address)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                faults += [f"{name} {width} {scheme}: {fault}" for fault in find_faults(page)]
                take_picture(page, f"library-{name}-{width}-{scheme}")
        person.close()
    assert faults == []


def test_without_javascript_a_collection_is_made_and_ordered(
    browser: Browser, product: Product, complaints: Complaints, ids: dict[str, int]
) -> None:
    # The form of signing in needs no script either.
    person = Person(browser, product, complaints, java_script_enabled=False)
    page = person.sign_in("charlie@example.org").page
    for kind in ("pdf", "docx"):
        page.goto(f"/materials/{ids[kind]}")
        page.locator("#keep a").click()
        page.wait_for_url("**/collections")
        if kind == "pdf":
            page.locator("#keep-new").fill("Без сценариев")
            page.locator(".keep-new button").click()
        else:
            page.locator(".keep-toggle").click()
        expect(page.locator(".keep-toggle[aria-pressed=true]")).to_have_count(1)
    page.goto("/me/collections")
    page.get_by_role("link", name="Без сценариев").click()
    page.locator(f"#up-{ids['docx']}").click()
    page.wait_for_url(f"**#item-{ids['docx']}")
    assert titles(page) == ["Материал docx", "Материал pdf"]
    person.close()
