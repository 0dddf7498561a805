"""Many chats at once, for a moment; `make bench-bot` has more of them, and measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bot import run_load


@pytest.mark.processes
@pytest.mark.xdist_group(name="bot")
def test_twenty_chats_at_once_lose_nothing_and_hear_nothing_twice(tmp_path: Path) -> None:
    outcome = run_load(tmp_path, chats=20, seconds=3.0, think_s=0.6, lectures=10)
    assert len(outcome.deeds) >= 20
    assert outcome.lost() == []
    assert outcome.doubled() == []
    assert outcome.unfinished == 0
    assert outcome.errors() == []
