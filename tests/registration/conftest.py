"""A mail server, and a site whose letters arrive there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.conftest import MakeApp
from tests.smtp import SmtpServer


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A mail server that takes everything."""
    with SmtpServer() as running:
        yield running


@pytest.fixture
def app(make_app: MakeApp, server: SmtpServer) -> Flask:
    """The application, whose letters go to `server` at once; CSRF checks off."""
    made = make_app(**server.env)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def letters_to(server: SmtpServer, name: str) -> list[str]:
    """The subjects of all letters to `name@example.org`, oldest first."""
    return [mail.subject for mail in server.sent_to(f"{name}@example.org")]


def path_in_letter(server: SmtpServer, name: str) -> str:
    """Where the link of the last letter to `name@example.org` leads, as a path."""
    return urlsplit(server.sent_to(f"{name}@example.org")[-1].link).path


def words(page: str) -> str:
    """What a page's main part says, without what differs from visit to visit."""
    main = page.partition('<main id="main"')[2].partition("</main>")[0]
    main = re.sub(r'name="csrf_token" value="[^"]*"', "", main)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())
