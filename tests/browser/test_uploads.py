"""Files that go by themselves: reloads, pauses, several at once, in a real Chromium."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import select

from edu.extensions import db, storage
from edu.materials.models import Material
from edu.storage.base import original_key
from edu.uploads.models import Upload
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.product import Product, make_product, wait_until
from tests.uploads.samples import large_pdf
from tests.uploads.sending import kill_server

pytestmark = pytest.mark.browser

PIECE = 5 * 1024 * 1024
SIZE = 12 * 1024 * 1024
SLOW = 6 * 1024 * 1024  # bytes a second


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """gunicorn alone: what is uploaded stays in `processing`."""
    with make_product(tmp_path_factory.mktemp("uploads"), UPLOAD_QUOTA_MB="100") as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture
def alice(browser: Browser, product: Product) -> Iterator[tuple[Page, Complaints]]:
    """Alice at the upload form."""
    complaints = Complaints()
    person = Person(browser, product, complaints).sign_in("alice@example.org")
    person.page.goto("/upload")
    yield person.page, complaints
    person.close()


class Line:
    """The network between a page and the server."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def set(self, rate: float, *, offline: bool = False) -> None:
        """Let the page send this many bytes a second; -1 for as many as it can."""
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        wanted = {"offline": offline, **conditions}
        self.session.send("Network.emulateNetworkConditions", wanted)


def fill(page: Page) -> None:
    page.locator("#subject").select_option(label="Математический анализ")
    expect(page.locator("#category optgroup")).to_have_count(0)  # the parts have arrived
    page.locator("#type").select_option("notes")


def send_form(page: Page) -> None:
    page.locator("#upload-form > .buttons button[type=submit]").click()


def take_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("EDU_SCREENSHOTS"):
        path = Path(folder) / "pages" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=True)


def received(product: Product) -> int:
    return product.ask(lambda: sum(db.session.scalars(select(Upload.received)))) or 0


def is_announced(product: Product, name: str) -> bool:
    named = select(Upload).where(Upload.name == name)
    return product.ask(lambda: db.session.scalar(named)) is not None


def hash_of(product: Product, address: str) -> str:
    """The hash of what the storage has for the material at this address."""
    number = int(address.rpartition("/")[2].partition("?")[0])

    def look() -> str:
        file = db.session.get_one(Material, number).file
        with storage().open(original_key(file.sha256)) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # an open file

    return str(product.ask(look))


def title_of(product: Product, address: str) -> str:
    number = int(address.rpartition("/")[2])
    return str(product.ask(lambda: db.session.get_one(Material, number).title))


def test_a_reloaded_tab_goes_on_where_it_was(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    line, path = Line(page), large_pdf(tmp_path / "Лекция 7.pdf", SIZE)
    line.set(SLOW)
    page.locator("#file").set_input_files(path)
    expect(page.locator("#arriving progress")).to_be_visible()
    expect(page.locator("#title")).to_have_value("Лекция 7")
    wait_until(lambda: received(product) == PIECE, 20, "the first piece has arrived")
    page.wait_for_timeout(300)  # amid the second piece
    pieces: list[Request] = []
    page.on("request", lambda sent: pieces.append(sent) if sent.method == "PATCH" else None)
    page.reload()
    line.set(-1)
    page.locator("#file").set_input_files(path)
    expect(page.locator("#arriving li")).to_have_attribute("data-state", "arrived")
    offsets = [int(sent.headers["upload-offset"]) for sent in pieces]
    assert PIECE <= offsets[0] < SIZE, "nothing was counted, or all of it"
    assert SIZE - offsets[0] <= SIZE - PIECE
    fill(page)
    send_form(page)
    page.wait_for_url("**/materials/*")
    expect(page.locator("h1")).to_have_text("Лекция 7")
    assert hash_of(product, page.url) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert product.ask(lambda: list(db.session.scalars(select(Upload)))) == []
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('tus::'))") == []
    assert complaints.list == []


def test_a_lost_network_and_a_killed_server_are_waited_for(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    complaints.expect("ERR_")  # the browser's own words about both
    line, path = Line(page), large_pdf(tmp_path / "Обрыв.pdf", SIZE)
    line.set(SLOW / 4)
    page.locator("#file").set_input_files(path)
    wait_until(lambda: received(product) >= PIECE, 20, "the first piece has arrived")
    row = page.locator("#arriving li")
    line.set(-1, offline=True)
    expect(row).to_have_attribute("data-state", "offline")
    take_picture(page, "upload-offline")
    line.set(SLOW / 50)  # however late the server is killed, not everything has arrived
    expect(row).to_have_attribute("data-state", "sending")
    kill_server(product, product.running[-1])
    expect(row).to_have_attribute("data-state", "again")
    line.set(-1)
    product.start_web()
    expect(row).to_have_attribute("data-state", "arrived")
    fill(page)
    send_form(page)
    page.wait_for_url("**/materials/*")
    assert hash_of(product, page.url) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert complaints.list == []


def test_the_form_waits_for_its_file(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    Line(page).set(SLOW)
    page.locator("#file").set_input_files(large_pdf(tmp_path / "waits.pdf", PIECE))
    fill(page)
    send_form(page)
    expect(page.locator("[data-wait]")).to_be_visible()
    page.locator("[data-pause]").click()
    expect(page.locator("[data-resume]")).to_be_focused()
    expect(page.locator("#arriving li")).to_have_attribute("data-state", "paused")
    page.locator("[data-resume]").press("Enter")
    page.wait_for_url("**/materials/*")
    expect(page.locator("h1")).to_have_text("waits")
    assert complaints.list == []


def test_a_cancelled_file_is_forgotten_by_the_server(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    Line(page).set(SLOW / 10)
    page.locator("#file").set_input_files(large_pdf(tmp_path / "unwanted.pdf", PIECE))
    wait_until(lambda: is_announced(product, "unwanted.pdf"), 10, "it is announced")
    page.locator("[data-cancel]").click()
    expect(page.locator("#arriving li")).to_have_count(0)
    wait_until(lambda: not is_announced(product, "unwanted.pdf"), 10, "it is gone")
    assert page.evaluate("document.querySelector('#file').required")
    assert complaints.list == []


def test_several_files_share_what_is_said_of_them(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    names = ["Ряды.pdf", "Пределы_функций.pdf", "Производная.pdf"]
    paths = [large_pdf(tmp_path / name, 50_000 + 1000 * i) for i, name in enumerate(names)]
    wrong = tmp_path / "archive.zip"
    wrong.write_bytes(b"PK")
    page.locator("#file").set_input_files([*paths, wrong])
    expect(page.locator("#file-errors")).to_contain_text("archive.zip")
    rows = page.locator("#arriving li")
    expect(rows).to_have_count(3)
    expect(page.locator("#title")).to_be_hidden()
    titles = rows.locator("[data-row-title]")
    expect(titles.nth(1)).to_have_value("Пределы функций")
    titles.nth(2).fill("Производная и дифференциал")
    for width, height in {1280: 800, 360: 740}.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            assert find_faults(page) == []
            take_picture(page, f"upload-many-{width}-{theme}")
    fill(page)
    send_form(page)
    for i, title in enumerate(["Ряды", "Пределы функций", "Производная и дифференциал"]):
        row = rows.nth(i)
        expect(row).to_have_attribute("data-state", "posted")
        address = row.locator("[data-link]").get_attribute("href") or ""
        assert re.fullmatch(r"/materials/\d+", address)
        assert title_of(product, address) == title
    take_picture(page, "upload-many-done")
    assert complaints.list == []


def test_among_several_a_known_file_is_asked_about(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    complaints.expect("422")
    one, two = (large_pdf(tmp_path / f"{name}.pdf", 60_000 + len(name)) for name in ("a", "bb"))
    page.locator("#file").set_input_files(one)
    fill(page)
    send_form(page)
    page.wait_for_url("**/materials/*")
    page.goto("/upload")
    page.locator("#file").set_input_files([one, two])
    fill(page)
    send_form(page)
    rows = page.locator("#arriving li")
    expect(rows.nth(1)).to_have_attribute("data-state", "posted")
    expect(rows.nth(0)).to_have_attribute("data-state", "refused")
    expect(rows.nth(0).locator("[data-link]")).to_have_text("Открыть имеющийся")
    rows.nth(0).locator("[data-again]").click()
    expect(rows.nth(0)).to_have_attribute("data-state", "posted")
    assert complaints.list == []


def test_a_file_is_replaced_in_the_same_way(
    alice: tuple[Page, Complaints], product: Product, tmp_path: Path
) -> None:
    page, complaints = alice
    first, newer = (large_pdf(tmp_path / f"{name}.pdf", 70_000) for name in ("one", "two"))
    page.locator("#file").set_input_files(first)
    fill(page)
    send_form(page)
    page.wait_for_url("**/materials/*")
    address = page.url
    page.goto(f"{address}/replace")
    page.locator("#file").set_input_files([first])
    page.locator("#file").set_input_files([newer])  # the later choice is the one
    expect(page.locator("#arriving li")).to_have_count(1)
    page.locator("#replace-form > .buttons button[type=submit]").click()
    page.wait_for_url(address)
    assert hash_of(product, address) == hashlib.sha256(newer.read_bytes()).hexdigest()
    assert complaints.list == []
