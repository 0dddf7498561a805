"""Workers that die while letters go out."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from edu.extensions import db
from edu.mail.models import Letter, LetterState
from edu.mail.service import write_letter
from tests.product import Product, kill_hard, make_product, wait_until
from tests.smtp import SmtpServer

pytestmark = pytest.mark.processes
LETTERS = 300
KILLS = 6


@pytest.fixture
def slow_server() -> Iterator[SmtpServer]:
    """A mail server that thinks for a moment before each answer, as those on the network do."""
    with SmtpServer(delay=0.002) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, slow_server: SmtpServer) -> Iterator[Product]:
    with make_product(tmp_path, **slow_server.env) as made:
        made.prepare()
        yield made


def write_notifications() -> None:
    for number in range(LETTERS):
        write_letter("test", f"p{number}@example.org", key=f"n:{number}:1")
    db.session.commit()


def count_unsent() -> int:
    unsent = select(func.count()).where(Letter.state != LetterState.SENT)
    return db.session.scalar(unsent) or 0


def test_each_notification_arrives_once_although_workers_are_killed(
    product: Product, slow_server: SmtpServer
) -> None:
    product.ask(write_notifications)
    for _ in range(KILLS):
        before = len(slow_server.messages)
        worker = product.start_worker()
        wait_until(lambda: len(slow_server.messages) > before, 60, "letters go out")  # noqa: B023  # called at once
        time.sleep(random.uniform(0.0, 0.6))
        kill_hard(worker)
        assert product.ask(count_unsent) > 0, "the worker was done: nothing was interrupted"
    product.start_worker()
    wait_until(lambda: product.ask(count_unsent) == 0, 90, "all letters are sent", step=0.2)
    arrived = Counter(mail.recipients[0] for mail in slow_server.messages)
    assert arrived == Counter(f"p{number}@example.org" for number in range(LETTERS))


def test_two_workers_send_each_letter_once(product: Product, slow_server: SmtpServer) -> None:
    product.ask(write_notifications)
    product.start_worker()
    product.start_worker()
    wait_until(lambda: product.ask(count_unsent) == 0, 90, "all letters are sent", step=0.2)
    arrived = Counter(mail.recipients[0] for mail in slow_server.messages)
    assert arrived == Counter(f"p{number}@example.org" for number in range(LETTERS))
    assert slow_server.connections > 1
