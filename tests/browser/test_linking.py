"""A chat is linked with an account: the page in a browser, the chat's side as the bot does it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from bot import session
from bot.people import find_person
from bot.replies import Reply
from edu.accounts.service import block_user, find_user
from edu.extensions import db, utcnow
from edu.oauth.models import AuthorizationCode
from edu.telegram_links import service
from edu.telegram_links.models import TelegramLink
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.product import PASSWORD, Product, make_product

pytestmark = pytest.mark.browser
NARROW = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
CHAT, OTHER_CHAT = 1001, 1002
NAME = "Alice Liddell (@alice)"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A site whose bot is called library_bot."""
    env = {"TELEGRAM_BOT_TOKEN": "1:secret", "TELEGRAM_BOT_NAME": "library_bot"}
    with make_product(tmp_path_factory.mktemp("linking"), DEFAULT_LOCALE="en", **env) as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture
def person(browser: Browser, product: Product) -> Iterator[Person]:
    """Somebody with a small telephone, who has not signed in."""
    complaints = Complaints()
    made = Person(browser, product, complaints, **NARROW)
    yield made
    made.close()
    assert complaints.list == []


class Chat:
    """A private chat, as the bot sees it."""

    def __init__(self, product: Product, chat_id: int) -> None:
        self.product, self.id = product, chat_id

    def ask(self) -> str:
        """/login: the address of the consent page."""

        def begin() -> str:
            address = service.begin_linking(self.id, NAME)
            db.session.commit()
            return address

        address: str = self.product.ask(begin)
        assert address.startswith(f"{self.product.url}/oauth/authorize?")
        return address

    def start(self, code: str) -> Reply:
        """/start CODE."""

        def tell() -> Reply:
            reply = session.accept_code(find_person(self.id, "en"), code)
            db.session.commit()
            return reply

        told: Reply = self.product.ask(tell)
        return told

    @property
    def name(self) -> str:
        """Of the person whom the chat acts for."""

        def look() -> str:
            user = find_person(self.id, "en").user
            return user.name if user else ""

        name: str = self.product.ask(look)
        return name


@pytest.fixture
def chat(product: Product) -> Chat:
    return Chat(product, CHAT)


@pytest.fixture
def other_chat(product: Product) -> Chat:
    return Chat(product, OTHER_CHAT)


def answer(page: Page, button: str) -> str:
    """Press it; what Telegram is led to tell the bot. Nobody is there behind t.me."""
    with page.expect_request("https://t.me/**") as led:
        page.get_by_role("button", name=button, exact=True).click()
    address = urlsplit(led.value.url)
    assert (address.path, [*parse_qs(address.query)]) == ("/library_bot", ["start"])
    return parse_qs(address.query)["start"][0]


def allow(person: Person, chat: Chat) -> str:
    page = person.context.new_page()
    page.goto(chat.ask())
    code = answer(page, "Allow")
    page.close()  # before it learns that nobody is there
    return code


def test_alice_links_her_chat_and_unlinks_it(person: Person, chat: Chat, other_chat: Chat) -> None:
    page = person.page
    page.goto(chat.ask())
    page.wait_for_url("**/login?**")  # signing in first, and back to the question
    page.locator("#email").fill("alice@example.org")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button:not([type=button])").click()
    page.wait_for_url("**/oauth/authorize?**")
    expect(page.locator("main")).to_contain_text(NAME)
    expect(page.locator("main")).to_contain_text("alice@example.org")
    assert find_faults(page) == []
    code = answer(page, "Allow")
    assert "Welcome, Alice" in chat.start(code).text
    assert (chat.name, other_chat.name) == ("Alice", "")

    page = person.context.new_page()
    page.goto("/me/devices")
    expect(page.locator("main")).to_contain_text("Telegram")
    page.goto("/me/telegram")
    expect(page.locator("main")).to_contain_text(f"Linked as {NAME}")
    assert find_faults(page) == []
    page.get_by_role("button", name=f"Unlink {NAME}").click()
    expect(page.locator("main")).not_to_contain_text(NAME)
    assert chat.name == ""


def test_alice_says_no(person: Person, chat: Chat) -> None:
    page = person.sign_in("alice@example.org").page
    address = chat.ask()
    page.goto(address)
    told = answer(page, "Deny")
    assert "nothing is linked" in chat.start(told).text
    assert chat.name == ""
    again = person.context.request.get(address)
    assert again.status == 410


def test_codes_work_once_in_their_chat_and_in_time(
    person: Person, chat: Chat, other_chat: Chat, product: Product
) -> None:
    person.sign_in("alice@example.org")

    code = allow(person, chat)
    assert "another chat" in other_chat.start(code).text
    assert chat.start(code).failed
    assert (chat.name, other_chat.name) == ("", "")

    code = allow(person, chat)
    product.ask(expire_codes)
    assert chat.start(code).failed
    assert chat.name == ""

    code = allow(person, chat)
    assert not chat.start(code).failed
    assert chat.name == "Alice"
    assert chat.start(code).failed  # a replay, which ends the link
    assert chat.name == ""


def expire_codes() -> None:
    db.session.query(AuthorizationCode).update({"expires_at": utcnow()})
    db.session.commit()


def test_a_revoked_token_and_an_ended_session_end_the_link(
    person: Person, chat: Chat, product: Product
) -> None:
    page = person.sign_in("alice@example.org").page
    chat.start(allow(person, chat))
    assert chat.name == "Alice"

    def refresh_token() -> str:
        row = db.session.query(TelegramLink).filter_by(chat_id=CHAT).one()
        kept = service._unseal(row)
        assert kept is not None
        return kept.refresh

    form = {"client_id": "telegram", "token": product.ask(refresh_token)}
    assert person.context.request.post("/oauth/revoke", form=form).ok
    assert chat.name == ""

    chat.start(allow(person, chat))
    assert chat.name == "Alice"
    page = person.context.new_page()
    page.goto("/me/devices")
    page.locator("li", has_text="Telegram").get_by_role("button", name="Sign out").click()
    expect(page.locator("main ul.plain-list")).not_to_contain_text("Telegram")
    assert chat.name == ""


def test_a_blocked_person_is_out_of_the_chat(person: Person, chat: Chat, product: Product) -> None:
    person.sign_in("charlie@example.org")
    chat.start(allow(person, chat))
    assert chat.name == "Charlie"

    def block() -> None:
        user = find_user("charlie@example.org")
        assert user is not None
        block_user(user, blocked=True)
        db.session.commit()

    product.ask(block)
    assert chat.name == ""
