"""What comes by mail and is followed in a browser: a new account, a forgotten password."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.product import Product, make_product, wait_until
from tests.smtp import SmtpServer

pytestmark = pytest.mark.browser
EMAIL = "alice.new@example.org"
FIRST, SECOND = "the first long password", "the second long password"


@pytest.fixture(scope="module")
def server() -> Iterator[SmtpServer]:
    """A mail server that takes everything."""
    with SmtpServer() as running:
        yield running


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, server: SmtpServer) -> Iterator[Product]:
    """Pages and the worker, which sends to `server`."""
    with make_product(tmp_path_factory.mktemp("letters"), **server.env) as made:
        made.prepare()
        made.start_web()
        made.start_worker()
        yield made


def next_link(server: SmtpServer, number: int) -> str:
    """The link of letter `number` to the new address, which is on its way."""
    wait_until(lambda: len(server.sent_to(EMAIL)) >= number, 30, f"letter {number} arrives")
    return server.sent_to(EMAIL)[number - 1].link


def press(person: Person) -> None:
    person.page.locator("main form button:not([type=button])").click()


def ask_for_account(person: Person) -> None:
    page = person.page
    page.goto("/register")
    for name, value in {"name": "Алиса", "email": EMAIL, "password": FIRST}.items():
        page.locator(f"#{name}").fill(value)
    press(person)
    page.wait_for_url("**/register/sent")
    expect(page.locator("main")).to_contain_text(EMAIL)


def test_letters_lead_to_an_account_and_to_a_new_password(
    browser: Browser, product: Product, server: SmtpServer
) -> None:
    complaints = Complaints()
    laptop, phone = (
        Person(browser, product, complaints, viewport={"width": width, "height": 740})
        for width in (1280, 360)
    )
    ask_for_account(laptop)
    assert find_faults(laptop.page) == []

    # The letter is opened on the telephone, where the password shows who it is.
    phone.page.goto(next_link(server, 1))
    assert find_faults(phone.page) == []
    phone.page.locator("#password").fill(FIRST)
    press(phone)
    phone.page.wait_for_url("**/")
    expect(phone.page.locator("header .avatar")).to_have_text("А")

    # The used link leads on, to a new password; setting it signs the telephone out.
    complaints.expect("410")
    laptop.page.goto(server.sent_to(EMAIL)[0].link)
    assert find_faults(laptop.page) == []
    laptop.page.locator("main a[href='/recover']").click()
    laptop.page.locator("#email").fill(EMAIL)
    press(laptop)
    laptop.page.wait_for_url("**/recover/sent")
    laptop.page.goto(next_link(server, 2))
    assert find_faults(laptop.page) == []
    laptop.page.locator("#password").fill(SECOND)
    press(laptop)
    laptop.page.wait_for_url("**/")
    expect(laptop.page.locator("header .avatar")).to_have_text("А")
    phone.page.goto("/me/devices")
    phone.page.wait_for_url(re.compile(r"/login\?next="))
    phone.sign_in(EMAIL, SECOND)
    phone.page.goto("/me/devices")
    expect(phone.page.locator(".plain-item")).to_have_count(2)

    assert complaints.list == []
    assert "Traceback" not in product.tails()
