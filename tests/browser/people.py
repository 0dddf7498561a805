"""People in front of a browser, and what their browser complained of."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.product import PASSWORD, Product

PATIENCE_MS = 20_000


class Complaints:
    """Errors of the console, of scripts and of the content security policy, of all pages."""

    def __init__(self) -> None:
        self.list: list[str] = []
        self._expected: list[str] = []

    def expect(self, part: str) -> None:
        """The browser logs refused requests too; one of these is what the test wants."""
        self._expected.append(part)

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of the context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.list.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        serious = message.type == "error" or "Content Security Policy" in message.text
        if serious and not any(part in text for part in self._expected):
            self.list.append(text)


class Person:
    """Somebody with a browser of their own."""

    def __init__(
        self, browser: Browser, product: Product, complaints: Complaints, **options: Any
    ) -> None:
        self.product = product
        self.context = browser.new_context(
            base_url=product.url, locale="ru-RU", reduced_motion="reduce", **options
        )
        self.context.set_default_timeout(PATIENCE_MS)
        complaints.watch(self.context)
        self.page: Page = self.context.new_page()

    def sign_in(self, email: str, password: str = PASSWORD) -> Person:
        """Through the form, as people do."""
        self.page.goto("/login")
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(password)
        self.page.locator("main form button:not([type=button])").click()
        self.page.wait_for_url("**/")
        return self

    def close(self) -> None:
        """Close the browser window."""
        self.context.close()
