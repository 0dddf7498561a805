"""Letters that stay in the outbox."""

from __future__ import annotations

import pytest

from jobs.mail import send_letters


@pytest.fixture(autouse=True)
def _letters_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is sent loses its text, which these tests want to read.
    monkeypatch.setattr(send_letters, "enqueue", lambda: None)
