"""How workers hold rows of the database: the names of their claims, and what becomes of the rows.

The database is the truth: a worker owns a row only as long as its claim stands in it and its
heartbeat is fresh. Every function here may run twice, or after a crash, with the same end.
"""

from __future__ import annotations

import functools
import os
import secrets
import socket
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from edu.extensions import change_rows, db, settings, utcnow


class ClaimLost(Exception):
    """Another worker has taken the row over; whatever this one holds is worth nothing."""


def new_claim() -> str:
    """A name for one attempt that tells which process on which host makes it."""
    return f"{this_process()}:{secrets.token_hex(6)}"


@functools.cache
def this_host() -> str:
    """This host, and among containers that share its name the one whose process ids these are."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def this_process() -> str:
    """What the claims of this process begin with, up to a colon."""
    return f"{this_host()}:{os.getpid()}"


def owner_is_dead(claim: str) -> bool:
    """True when the claim's process ran on this host and is gone: no need to wait for silence."""
    host, _, rest = claim.partition(":")
    pid = rest.partition(":")[0]
    if host != this_host() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Claims:
    """The rows of one model that workers take in hand, one worker at a time.

    The model has the columns `status`, `claim`, `heartbeat_at` and `attempts`; `key` is its id.
    `working` is the status of a row in hand, `left` what else is set when it is left to others.
    """

    def __init__(
        self, key: InstrumentedAttribute[int], working: str, left: Mapping[str, Any]
    ) -> None:
        self.key = key
        self.model: type[Any] = key.parent.class_
        self.working = working
        self.left = {"heartbeat_at": None, "claim": "", **left}

    def is_silent(self) -> ColumnElement[bool]:
        """Whether a row should be worked on and nobody does."""
        limit = utcnow() - timedelta(seconds=settings().heartbeat_timeout_s)
        beat = self.model.heartbeat_at
        return and_(self.model.status == self.working, or_(beat.is_(None), beat < limit))

    def release_dead(self) -> int:
        """Free the rows of processes of this host that are gone; counts them."""
        query = select(self.key, self.model.claim).where(
            self.model.status == self.working, self.model.heartbeat_at.is_not(None)
        )
        claims = db.session.execute(query).all()
        # The claim is asked for again: another worker may have taken the row since.
        return sum(
            change_rows(
                update(self.model)
                .where(self.key == number, self.model.claim == claim)
                .values(heartbeat_at=None)
            )
            for number, claim in claims
            if owner_is_dead(claim)
        )

    def give_back(self) -> int:
        """Before this process stops: leave its rows to others, without a lost attempt."""
        mine = self.model.claim.startswith(f"{this_process()}:", autoescape=True)
        back = update(self.model).where(self.model.status == self.working, mine)
        return change_rows(back.values(**self.left, attempts=self.model.attempts - 1))

    def take(self, number: int, *free: ColumnElement[bool], **values: Any) -> str | None:
        """Take a row in hand where it is `free`; None when another was faster.

        One UPDATE decides, so of two workers one gets it.
        """
        claim = new_claim()
        taken = update(self.model).where(self.key == number, *free)
        taken = taken.values(
            status=self.working,
            claim=claim,
            heartbeat_at=utcnow(),
            attempts=self.model.attempts + 1,
            **values,
        )
        return claim if change_rows(taken) else None

    def own(self, number: int, claim: str, /, **values: Any) -> None:
        """Change a row that this worker has in hand. Raises ClaimLost."""
        mine = update(self.model).where(
            self.key == number, self.model.claim == claim, self.model.status == self.working
        )
        if change_rows(mine.values(**values)) == 0:
            raise ClaimLost

    def leave_for_next(self, number: int, claim: str) -> bool:
        """After an attempt that broke down; False if it was the last. Raises ClaimLost."""
        row = db.session.get(self.model, number, populate_existing=True)
        if row is None:  # deleted meanwhile, with its file
            raise ClaimLost
        if row.attempts >= settings().max_attempts:
            return False
        self.own(number, claim, **self.left)
        return True

    def postpone(self, number: int, claim: str) -> None:
        """Leave a row for later, without a lost attempt. Raises ClaimLost."""
        self.own(number, claim, **self.left, attempts=self.model.attempts - 1)
