"""Real servers and workers, killed, restarted and asked."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.product import Product, make_product, show_logs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    show_logs(item, report)
    return report


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A migrated installation with subjects and the three people; nothing runs yet."""
    with make_product(tmp_path, HEARTBEAT_TIMEOUT_S="5") as made:
        made.prepare()
        yield made


@pytest.fixture
def empty_product(tmp_path: Path) -> Iterator[Product]:
    """An installation that has never been started."""
    with make_product(tmp_path) as made:
        yield made
