"""A clock that stands still, and people with an app for codes."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
import pytest

from edu.accounts.models import User
from edu.extensions import db
from edu.second_factor import service


@dataclass
class Clock:
    """Seconds since 1970, for codes only."""

    now: int = 1_800_000_000

    def time(self) -> float:
        """What the service asks for."""
        return float(self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which codes are judged."""
    made = Clock()
    monkeypatch.setattr(service, "time", made)
    return made


def set_up(user: User, clock: Clock) -> list[str]:
    """Give the person a second factor, committed; the spare codes."""
    service.begin_setup(user)
    pending = service.pending_setup(user)
    assert pending is not None
    code = pyotp.TOTP(pending.secret.replace(" ", "")).at(clock.now)
    codes = service.confirm_setup(user, code)
    db.session.commit()
    return codes
