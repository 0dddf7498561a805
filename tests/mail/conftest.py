"""A mail server, and an application that sends to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from edu.extensions import db
from edu.mail.models import Letter
from edu.mail.service import write_letter
from tests.conftest import MakeApp
from tests.smtp import SmtpServer


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A mail server that takes everything until it is told otherwise."""
    with SmtpServer() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def mail_app(request: pytest.FixtureRequest, make_app: MakeApp, server: SmtpServer) -> Flask:
    """An application that sends to `server`, on each database in turn."""
    changes = dict(server.env)
    if request.param == "postgres":
        changes["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    return make_app(**changes)


def write(address: str = "alice@example.org", *, key: str | None = None) -> int:
    """A letter in the outbox, committed; its id."""
    letter = write_letter("test", address, key=key)
    assert letter is not None
    db.session.commit()
    return letter.id


def look(letter_id: int) -> Letter:
    """The letter as the database has it."""
    query = select(Letter).where(Letter.id == letter_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def refuse(command: str, reply: str) -> Callable[[str], str | None]:
    """A judge that answers this to lines that begin so."""
    return lambda line: reply if line.startswith(command) else None
