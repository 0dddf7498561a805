"""The subject tree under an administrator's hand: dragging, buttons, and neither."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from edu.accounts.models import Role
from edu.accounts.service import create_user
from edu.catalog.service import list_tree, walk
from edu.extensions import db
from edu.tree.service import ensure_category
from tests.browser.people import Complaints, Person
from tests.product import PASSWORD, Product, make_product, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Two subjects, one of two parts, and Ada, who administers them."""
    with make_product(tmp_path_factory.mktemp("tree"), DEFAULT_LOCALE="en") as made:
        assert made.flask("db", "upgrade")[0] == 0
        with made.app.app_context():
            maths = ensure_category("Maths")
            ensure_category("Physics")
            ensure_category("Series", maths)
            ensure_category("Limits", maths)
            create_user("ada@example.org", PASSWORD, "Ada", role=Role.ADMIN)
            db.session.commit()
        made.start_web()
        yield made


def paths(product: Product) -> list[str]:
    return list(product.ask(lambda: [category.path for category in walk(list_tree())]))


def line(page: Page, name: str) -> Locator:
    return page.locator(".tree-row").filter(has=page.get_by_role("link", name=name, exact=True))


def drag(page: Page, name: str, onto: str, part: float) -> None:
    """Take a line by its handle and let go over another, at this part of its height."""
    handle = line(page, name).locator("[data-tree-drag]").bounding_box()
    target = line(page, onto).bounding_box()
    assert handle
    assert target
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(target["x"] + 80, target["y"] + target["height"] / 2, steps=3)
    page.mouse.move(target["x"] + 80, target["y"] + target["height"] * part, steps=3)
    page.mouse.up()


def settles(product: Product, wanted: list[str]) -> None:
    wait_until(lambda: paths(product) == wanted, 10, f"the tree {wanted}")


def test_the_tree_is_put_in_order(browser: Browser, product: Product) -> None:
    complaints = Complaints()
    ada = Person(browser, product, complaints).sign_in("ada@example.org")
    page = ada.page
    page.goto("/admin/subjects")

    drag(page, "Limits", "Series", 0.1)
    settles(product, ["maths", "maths/limits", "maths/series", "physics"])
    expect(page.locator(".tree-name a")).to_have_text(["Maths", "Limits", "Series", "Physics"])

    drag(page, "Series", "Physics", 0.5)
    settles(product, ["maths", "maths/limits", "physics", "physics/series"])
    expect(page.locator(".tree-name a")).to_have_text(["Maths", "Limits", "Physics", "Series"])

    drag(page, "Physics", "Maths", 0.1)
    settles(product, ["physics", "physics/series", "maths", "maths/limits"])
    expect(page.locator(".tree-name a")).to_have_text(["Physics", "Series", "Maths", "Limits"])

    drag(page, "Maths", "Limits", 0.5)  # into its own part: it stays where it is
    up = page.get_by_role("button", name="Move “Maths” up")
    up.focus()
    page.keyboard.press("Enter")
    settles(product, ["maths", "maths/limits", "physics", "physics/series"])
    expect(page.locator(".tree-name a").first).to_have_text("Maths")
    assert complaints.list == []
    ada.close()


def test_the_tree_needs_no_script(browser: Browser, product: Product) -> None:
    ada = Person(browser, product, Complaints(), java_script_enabled=False)
    ada.sign_in("ada@example.org").page.goto("/admin/subjects")
    ada.page.get_by_role("button", name="Move “Limits” up").click()
    assert paths(product) == ["maths", "maths/limits", "maths/series", "physics"]
    ada.close()
