"""Other ways in than a password: another site, and a code after the password."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from edu.accounts.service import find_user
from edu.second_factor.service import has_second_factor
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.product import PASSWORD, Product, make_product
from tests.providers import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, run_provider

pytestmark = pytest.mark.browser
NARROW = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def openid() -> Iterator[OpenIdProvider]:
    with run_provider(OpenIdProvider()) as provider:
        yield provider


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, openid: OpenIdProvider) -> Iterator[Product]:
    """A site that takes the provider's word."""
    env = {"OIDC_ISSUER": openid.url, "OIDC_NAME": "Campus"}
    env |= {"OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    with make_product(tmp_path_factory.mktemp("ways"), DEFAULT_LOCALE="en", **env) as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def person(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Person]:
    """Somebody with a small telephone, set to dark."""
    made = Person(browser, product, complaints, **NARROW)
    yield made
    made.close()
    assert complaints.list == []


def show(page: Page, path: str) -> None:
    page.goto(path)
    assert find_faults(page) == []


def test_dana_comes_in_through_campus(person: Person, openid: OpenIdProvider) -> None:
    page = person.page
    show(page, "/login?next=/me/identities")
    page.get_by_role("link", name="Continue with Campus").click()
    page.wait_for_url("**/me/identities")
    assert find_faults(page) == []
    assert "/authorize" in openid.asked
    expect(page.locator("main")).to_contain_text("dana@example.org")
    expect(page.locator("main")).to_contain_text("Your only way to sign in")


def test_alice_links_campus_and_unlinks_it(person: Person, openid: OpenIdProvider) -> None:
    openid.claims["sub"] = "alice-at-campus"
    page = person.sign_in("alice@example.org").page
    show(page, "/me/identities")
    page.locator("main").get_by_role("link", name="Campus").click()
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator("main")).not_to_contain_text("dana@example.org")


def test_maria_protects_her_account(person: Person, product: Product) -> None:
    page = person.sign_in("maria@example.org").page
    show(page, "/me/second-factor")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("img.qr")).to_be_visible()
    assert find_faults(page) == []
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    app = pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", ""))
    page.locator("#code").fill(app.now())
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert find_faults(page) == []
    spare = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    assert product.ask(lambda: has_second_factor(find_user("maria@example.org")))  # type: ignore[arg-type]  # Maria is there

    person.context.clear_cookies()
    for code in (spare, app.at(time.time() + 30)):
        page.goto("/login")
        page.locator("#email").fill("maria@example.org")
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button:not([type=button])").click()
        page.wait_for_url("**/login/code")
        assert find_faults(page) == []
        page.locator("#code").fill(code)
        page.locator("main form button:not([type=button])").click()
        page.wait_for_url("**/")
        expect(page.locator("header .avatar")).to_have_text("M")
        person.context.clear_cookies()
