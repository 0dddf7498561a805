"""Suggestions while typing: by keyboard, by mouse, beside live results, and without script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from edu.accounts.service import create_user
from edu.extensions import db
from edu.search.indexing import rebuild_index
from edu.tree.service import ensure_category
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.product import PASSWORD, Product, make_product
from tests.samples import make_material

pytestmark = pytest.mark.browser

LINGERS_MS = 2000  # after which a panel that nobody is in has gone


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Series in three materials, a subject and a tag; Alice looks for them."""
    with make_product(tmp_path_factory.mktemp("typing"), DEFAULT_LOCALE="en") as made:
        assert made.flask("db", "upgrade")[0] == 0
        with made.app.app_context():
            series = ensure_category("Ряды", ensure_category("Анализ", aliases=["матан"]))
            alice = create_user("alice@example.org", PASSWORD, "Alice")
            db.session.commit()
            for title in ("Ряды Фурье", "Ряды Тейлора", "Числовые ряды"):
                make_material(alice.id, title=title, tags=("ряды",), category=series)
            rebuild_index()
            db.session.commit()
        made.start_web()
        yield made


def chosen(field: Locator) -> Locator:
    """The option that the field says is active."""
    name = field.get_attribute("aria-activedescendant")
    assert name
    return field.page.locator(f"#{name}")


def test_a_field_is_completed_by_keyboard(browser: Browser, product: Product) -> None:
    complaints = Complaints()
    alice = Person(browser, product, complaints).sign_in("alice@example.org")
    page = alice.page
    page.goto("/subjects")
    field = page.get_by_role("combobox", name="Search the materials")
    options = page.get_by_role("option")
    field.press_sequentially("р")
    field.press_sequentially("яд")
    expect(options).to_have_count(5)
    expect(field).to_have_attribute("aria-expanded", "true")
    assert find_faults(page) == []
    field.press("ArrowDown")
    assert "Ряды" in chosen(field).inner_text()
    field.press("End")
    assert chosen(field).get_attribute("aria-selected") == "true"
    assert "tag" in chosen(field).inner_text()
    field.press("Home")
    field.press("ArrowUp")
    assert field.get_attribute("aria-activedescendant") is None
    field.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("ряд")
    field.press_sequentially("ы ф")
    expect(options).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/materials/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ряды Фурье")
    assert complaints.list == []
    alice.close()


def test_own_searches_are_offered_and_forgotten(browser: Browser, product: Product) -> None:
    complaints = Complaints()
    alice = Person(browser, product, complaints).sign_in("alice@example.org")
    page = alice.page
    page.goto("/search?type=lecture")
    field, options = page.get_by_role("combobox"), page.get_by_role("option")
    field.press_sequentially("числовые")
    expect(page.locator("#results h3")).to_have_count(1)  # found while typing, and not kept
    field.press("Enter")
    expect(options).to_have_count(0)
    field.fill("")
    expect(page.locator("#results h3")).to_have_count(3)
    field.press("ArrowDown")
    expect(options).to_have_count(1)
    options.click()
    expect(field).to_have_value("числовые")
    expect(page.locator("#results h3")).to_have_count(1)
    assert "type=lecture" in page.url  # in the form the filters stay as they are
    field.fill("")
    field.press("ArrowDown")
    expect(options).to_have_count(1)
    field.press("ArrowDown")
    field.press("Delete")
    expect(options).to_have_count(0)
    assert complaints.list == []
    alice.close()


def test_the_panel_leaves_live_results_free(browser: Browser, product: Product) -> None:
    complaints = Complaints()
    charlie = Person(browser, product, complaints)
    page = charlie.page
    page.goto("/search")
    field, options = page.get_by_role("combobox"), page.locator("[role=option]:visible")
    field.press_sequentially("ряд")
    expect(options).to_have_count(5)
    expect(options).to_have_count(0)
    expect(page.locator("#results h3")).to_have_count(3)
    expect(field).to_be_focused()
    field.press("ArrowDown")  # opened by somebody, it stays
    expect(options).to_have_count(5)
    page.wait_for_timeout(LINGERS_MS)
    expect(options).to_have_count(5)
    field.press_sequentially("ы т")
    expect(options).to_have_count(1)
    field.press("ArrowDown")
    page.wait_for_timeout(LINGERS_MS)
    assert "Ряды Тейлора" in chosen(field).inner_text()
    field.fill("ряды ф")
    expect(options).to_contain_text("Ряды Фурье")
    options.hover()
    page.wait_for_timeout(LINGERS_MS)
    expect(options).to_have_count(1)
    page.mouse.move(1, 1)
    expect(options).to_have_count(0)
    assert complaints.list == []
    charlie.close()


def test_the_panel_stays_where_no_results_appear(browser: Browser, product: Product) -> None:
    charlie = Person(browser, product, Complaints())
    page = charlie.page
    page.goto("/subjects")
    page.get_by_role("combobox").press_sequentially("ряд")
    options = page.locator("[role=option]:visible")
    expect(options).to_have_count(5)
    page.wait_for_timeout(LINGERS_MS)
    expect(options).to_have_count(5)
    charlie.close()


def test_the_field_needs_no_script(browser: Browser, product: Product) -> None:
    charlie = Person(browser, product, Complaints(), java_script_enabled=False)
    page = charlie.page
    page.goto("/subjects")
    page.get_by_role("searchbox").fill("фурье")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#results h3")).to_have_text("Ряды Фурье")
    charlie.close()
