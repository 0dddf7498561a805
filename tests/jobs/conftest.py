"""Jobs without their pauses."""

from __future__ import annotations

import pytest

from jobs import search


@pytest.fixture(autouse=True)
def _no_gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    # The pause saves commits of the index under load; here it would only cost a second each.
    monkeypatch.setattr(search, "GATHER_S", 0.0)
