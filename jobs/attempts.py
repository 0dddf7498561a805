"""One attempt at a row that a worker holds: its heartbeat, and how it ends whatever happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from edu.claims import ClaimLost
from edu.extensions import db
from edu.media.errors import FileRefused
from edu.storage.base import StorageUnavailable

log = logging.getLogger(__name__)
BEAT_EVERY_S = 1.0


class Heartbeat:
    """Writes progress into the row, at most once a second, and at each new step."""

    def __init__(self, write: Callable[[str, int], None]) -> None:
        self.write = write
        self.last, self.step = 0.0, ""

    def __call__(self, step: str, percent: int) -> None:
        """Called by the sandbox. Raises ClaimLost, which ends the child."""
        if step == self.step and time.monotonic() - self.last < BEAT_EVERY_S:
            return
        self.write(step, percent)
        db.session.commit()
        self.last, self.step = time.monotonic(), step


@dataclass(frozen=True)
class Attempt:
    """What is done with a row that is claimed, and with each of the ends that are not good.

    name: for the log. give_up(code) leaves it for the next attempt if there is one, and tells
    whether there was none; fail(refusal) is the end of it; passing: refusals (code, detail) that
    another attempt may cure. All of them may raise ClaimLost. ended(failed) comes after a commit.
    """

    name: str
    work: Callable[[], None]
    postpone: Callable[[], None]
    give_up: Callable[[str], bool]
    fail: Callable[[FileRefused], None]
    ended: Callable[[bool], object] = bool
    passing: Collection[tuple[str, str]] = ()

    def make(self) -> bool:
        """Work, commit, and never raise; False when the storage is silent and the row waits."""
        try:
            return self._make()
        except ClaimLost:
            db.session.rollback()
            log.warning("%s: another worker has taken it over", self.name)
            return True

    def _make(self) -> bool:
        try:
            self.work()
        except ClaimLost:
            raise
        except FileRefused as refused:
            db.session.rollback()
            log.info("%s: refused as %s %r", self.name, refused.code, refused.details)
            self._end_refused(refused)
        except StorageUnavailable:  # no fault of the file: the reconciler asks again in a minute
            db.session.rollback()
            log.warning("%s: the storage does not answer", self.name)
            self.postpone()
            db.session.commit()
            return False
        except Exception:  # a fault of ours or of the machine costs an attempt, never the worker
            db.session.rollback()
            log.exception("%s: the work broke down", self.name)
            self._give_up("crashed")
        return True

    def _end_refused(self, refused: FileRefused) -> None:
        if (refused.code, str(refused.details.get("detail", ""))) in self.passing:
            self._give_up(refused.code)
            return
        self.fail(refused)
        db.session.commit()
        self.ended(True)

    def _give_up(self, code: str) -> None:
        failed = self.give_up(code)
        db.session.commit()
        self.ended(failed)
