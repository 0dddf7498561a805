"""A lecture on Alice's disk becomes the right page on Charlie's screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from edu.assets import DIST
from edu.extensions import db
from edu.mail.models import Letter
from tests.browser.people import Complaints, Person
from tests.product import Product, make_product
from tests.realdata import realdata

pytestmark = pytest.mark.browser
TITLE = "Лекция Алисы о несобственных интегралах"
WORDS = 5


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages without a worker: the test says when processing begins."""
    with make_product(tmp_path_factory.mktemp("story")) as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF of at least five pages, a real one where there is one."""
    if folder := realdata():
        return folder / "corpus" / "c003.pdf"
    pdf = FPDF()
    pdf.add_font("DejaVu", fname=str(DIST / "fonts" / "DejaVuSans.ttf"))
    pdf.set_font("DejaVu", size=12)
    topics = ("пределы", "производные", "ряды", "площади", "сходимость", "повторение")
    for number, topic in enumerate(topics, 1):
        pdf.add_page()
        line = f"Часть {number}: {topic} внимательно разбирают каждую неделю на примерах задач."
        pdf.multi_cell(0, text=line)
    path = tmp_path_factory.mktemp("pdf") / "lecture.pdf"
    pdf.output(str(path))
    return path


def phrase_of_page(path: Path, number: int) -> str:
    """Words that follow each other on a line of this page, and on no other page."""
    document = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    others = " ".join(" ".join(texts[: number - 1] + texts[number:]).split())
    word = r"[а-я]{4,}"
    for found in re.finditer(rf"{word}(?: {word}){{{WORDS - 1}}}", texts[number - 1]):
        if found[0] not in others:
            return found[0]
    raise LookupError(f"no phrase of {WORDS} words on page {number} of {path.name}")


def link_to(product: Product, email: str) -> str:
    """The link of the last letter to this address, which waits for the worker."""

    def read() -> str | None:
        youngest = select(Letter.text).where(Letter.address == email).order_by(Letter.id.desc())
        return db.session.scalar(youngest.limit(1))

    found = re.search(rf"{re.escape(product.url)}/\S+", product.ask(read) or "")
    assert found, f"no letter to {email}"
    return found[0]


def register(person: Person, name: str) -> None:
    page, email = person.page, f"{name.lower()}.new@example.org"
    page.goto("/register")
    page.locator("#name").fill(name)
    page.locator("#email").fill(email)
    page.locator("#password").fill("long enough for anybody")
    page.locator("main form button:not([type=button])").click()
    page.wait_for_url("**/register/sent")
    expect(page.locator("main")).to_contain_text(email)
    page.goto(link_to(person.product, email))
    page.locator("main form button:not([type=button])").click()
    page.wait_for_url("**/")
    expect(page.locator("header .avatar")).to_have_text(name[0])


def upload(page: Page, path: Path) -> str:
    """Fill in the form as a person does, send it, return the address of the material."""
    page.goto("/upload")
    page.locator("#file").set_input_files(path)
    expect(page.locator("#title")).to_have_value(path.stem)
    page.locator("#title").fill(TITLE)
    page.locator("#subject").select_option(index=1)
    # The whole subject, and parts that htmx has just fetched.
    expect(page.locator("#category option").nth(2)).to_be_attached()
    page.locator("#category").select_option(index=1)
    page.locator("#type").select_option("lecture")
    page.locator("#tags").fill("интегралы, 2 семестр")
    page.locator("#upload-form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/materials/\d+$"))
    return page.url


def give_stars(page: Page, stars: int) -> None:
    page.locator(f"label:has(#star-{stars})").click()
    expect(page.locator(f"#star-{stars}")).to_be_checked()


def shown_mean(page: Page) -> float:
    return float(page.locator(".rate-mean").inner_text().replace(",", "."))


def test_a_lecture_is_uploaded_reviewed_found_read_and_rated(
    browser: Browser, product: Product, lecture: Path
) -> None:
    complaints = Complaints()
    alice, charlie, maria = (Person(browser, product, complaints) for _ in range(3))

    # Alice registers, uploads and watches; nobody reloads the page.
    register(alice, "Alice")
    address = upload(alice.page, lecture)
    expect(alice.page.locator("#status progress")).to_be_visible()
    product.start_worker()
    expect(alice.page.locator("#status.notice-warn")).to_be_visible()
    alice.page.goto("/me/uploads")
    expect(alice.page.locator(".row .badge-warn")).to_be_visible()

    # Charlie must not even learn that it exists, nor get any of its bytes.
    charlie.sign_in("charlie@example.org")
    complaints.expect("404")
    for part in ("", "/file", "/thumbnail", "/status"):
        answer = charlie.page.request.get(address + part)
        assert answer.status == 404, part
    refused = charlie.page.goto(address)
    assert refused is not None
    assert refused.status == 404
    assert TITLE not in charlie.page.content()

    # Maria approves it in the queue.
    maria.sign_in("maria@example.org")
    expect(maria.page.locator("#pending-count")).to_have_text("1")
    maria.page.goto("/moderation")
    item = maria.page.locator(".queue-item").filter(has_text=TITLE)
    item.locator("form[action$='/approve'] button").click()
    expect(item).to_have_count(0)
    expect(maria.page.locator("#toasts .toast-success")).to_be_visible()
    expect(maria.page.locator("#pending-count")).to_be_hidden()

    # Charlie types a phrase of the fifth page; the address can be shared.
    phrase = phrase_of_page(lecture, 5)
    page = charlie.page
    page.goto("/search")
    place = page.locator(f"a.place[href^='{address.removeprefix(product.url)}?page=5&']")
    for _try in range(20):  # the index follows the approval within a second or two
        page.locator("#q").fill("")
        page.locator("#q").press_sequentially(phrase, delay=5)
        expect(page).to_have_url(re.compile(r"[?&]q=[^&]{20,}"))
        page.wait_for_timeout(400)
        if place.count():
            break
    expect(place).to_be_visible()
    expect(place.locator("mark").first).to_be_visible()
    shared = page.url
    page.goto("/")
    page.goto(shared)
    expect(page.locator("#q")).to_have_value(phrase)

    # The place opens in the viewer, on its page, with the words marked in sight.
    place.click()
    expect(page.locator("[data-pdf].is-ready")).to_be_visible()
    expect(page.locator("[data-pdf-page]")).to_have_value("5")
    marks = page.locator(".pdf-page[data-number='5'] .pdf-text mark")
    expect(marks.first).to_be_in_viewport()
    marked = " ".join(marks.all_inner_texts()).lower()
    assert sum(word[:4] in marked for word in phrase.split()) >= WORDS - 1

    # Two people rate it; everybody sees the weighted mean move.
    give_stars(page, 5)
    expect(page.locator(".rate-mean")).to_be_visible()
    before = shown_mean(page)
    maria.page.goto(address)
    give_stars(maria.page, 2)
    # The answer to the vote replaces the mean; «5,0» is what one vote has made of it.
    expect(maria.page.locator(".rate-mean")).not_to_have_text("5,0")
    page.goto(address)
    assert shown_mean(page) < before
    expect(page.locator("#star-5")).to_be_checked()

    assert complaints.list == []
    assert "Traceback" not in product.tails()
