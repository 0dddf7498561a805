"""A letter's way out of the outbox: claim, hand over, end; and what a crash has left lying.

One worker has a letter at a time, by its claim; who has lost it changes nothing. A letter of which
nobody knows whether it has arrived (the process died, or the connection broke, after the last byte)
is judged by its key: notifications are taken for sent, for they must never come twice; everything
else is waited for, and sent again under the same Message-ID.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from edu.claims import new_claim, owner_is_dead
from edu.extensions import change_rows, db, utcnow
from edu.mail.models import Letter, LetterState

QUEUED, SENDING, HANDED = LetterState.QUEUED, LetterState.SENDING, LetterState.HANDED
IN_WORK = (SENDING, HANDED)
OVER = (LetterState.SENT, LetterState.LOGGED, LetterState.FAILED)
# After each failed attempt; the one after the last ends in `failed`.
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 360))
# While the server takes nothing at all, it is asked again after this.
PAUSE = timedelta(minutes=1)
# No exchange with a mail server takes as long: its worker, on whatever host, is gone.
SILENCE = timedelta(minutes=15)
STALE = timedelta(days=3)  # links in a letter that waited as long have expired
KEEP_FAILED_TEXT = timedelta(days=7)
KEEP = timedelta(days=90)
NEVER_TWICE = ("n:", "digest:")
MAX_ERROR = 300


class ClaimLost(Exception):
    """Another worker has taken the letter over, so this one must not send it."""


def list_due(limit: int) -> list[int]:
    """Ids of letters to send now. Those that somebody waits for go before notifications."""
    due = select(Letter.id).where(Letter.state == QUEUED, Letter.due_at <= utcnow())
    return list(db.session.scalars(due.order_by(Letter.key.is_not(None), Letter.id).limit(limit)))


def claim_letter(letter_id: int) -> Letter | None:
    """Take a letter in hand, which counts an attempt; None when another worker was first."""
    taken = update(Letter).where(
        Letter.id == letter_id, Letter.state == QUEUED, Letter.due_at <= utcnow()
    )
    values = {"state": SENDING.value, "claim": new_claim(), "claimed_at": utcnow()}
    if not change_rows(taken.values(**values, attempts=Letter.attempts + 1)):
        return None
    return db.session.get_one(Letter, letter_id, populate_existing=True)


def mark_handed(letter_id: int, claim: str) -> None:
    """The last byte goes out next. Raises ClaimLost, and then it must not."""
    _own(letter_id, claim, SENDING, state=HANDED.value)


def mark_sent(letter_id: int, claim: str) -> None:
    """The server has taken the letter."""
    _own(letter_id, claim, HANDED, **_ended(LetterState.SENT))


def mark_logged(letter_id: int, claim: str) -> None:
    """The letter went to the log, on a site that sends none."""
    _own(letter_id, claim, SENDING, **_ended(LetterState.LOGGED))


def put_back(letter_id: int, claim: str, error: str, *, lasting: bool = False) -> None:
    """The letter was refused: try again later, or never when that will not help."""
    letter = db.session.get_one(Letter, letter_id, populate_existing=True)
    if lasting or letter.attempts > len(WAITS):
        values: dict[str, Any] = {"state": LetterState.FAILED.value, "due_at": utcnow()}
    else:
        wait = WAITS[max(letter.attempts - 1, 0)]
        values = {"state": QUEUED.value, "due_at": utcnow() + wait}
    _own(letter_id, claim, *IN_WORK, **values, claim="", error=error[:MAX_ERROR])


def settle(letter_id: int, claim: str, error: str) -> None:
    """The attempt broke down, perhaps after the last byte: send again, unless it is in doubt."""
    letter = db.session.get_one(Letter, letter_id, populate_existing=True)
    if letter.state == HANDED and _never_twice(letter.key):
        mark_sent(letter_id, claim)
    else:
        put_back(letter_id, claim, error)


def postpone_all(letter_id: int, claim: str, error: str) -> None:
    """The server takes nothing just now, which is no letter's fault: all wait, none is blamed."""
    _own(letter_id, claim, SENDING, state=QUEUED.value, claim="", attempts=Letter.attempts - 1)
    due = update(Letter).where(Letter.state == QUEUED, Letter.due_at <= utcnow())
    change_rows(due.values(due_at=utcnow() + PAUSE, error=error[:MAX_ERROR]))


def release_dead() -> int:
    """Settle the letters that workers had in hand who are gone; counts them."""
    query = select(Letter).where(Letter.state.in_(IN_WORK))
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return sum(_release(letter) for letter in found if _is_abandoned(letter))


def _is_abandoned(letter: Letter) -> bool:
    silent = letter.claimed_at is None or letter.claimed_at < utcnow() - SILENCE
    return silent or owner_is_dead(letter.claim)


def _release(letter: Letter) -> int:
    back: dict[str, Any] = {"state": QUEUED.value, "claim": ""}
    if letter.state == HANDED and _never_twice(letter.key):
        back = _ended(LetterState.SENT)
    # Asked for again: its state may have moved on, or another worker may have released it.
    same = Letter.id == letter.id, Letter.claim == letter.claim, Letter.state == letter.state
    return change_rows(update(Letter).where(*same).values(**back))


def tidy_letters() -> None:
    """Give up what has waited too long, drop texts that wait for nobody, and very old rows."""
    now = utcnow()
    stale = update(Letter).where(Letter.state == QUEUED, Letter.created_at < now - STALE)
    change_rows(stale.values(state=LetterState.FAILED.value, due_at=now))
    failed = update(Letter).where(Letter.state == LetterState.FAILED, Letter.text != "")
    change_rows(failed.where(Letter.due_at < now - KEEP_FAILED_TEXT).values(text="", html=""))
    change_rows(delete(Letter).where(Letter.state.in_(OVER), Letter.created_at < now - KEEP))


def _never_twice(key: str | None) -> bool:
    return (key or "").startswith(NEVER_TWICE)


def _ended(state: LetterState) -> dict[str, Any]:
    """What a letter keeps that is done: no text, for it may hold secrets."""
    return {"state": state.value, "text": "", "html": "", "error": "", "sent_at": utcnow()}


def _own(letter_id: int, claim: str, /, *states: LetterState, **values: Any) -> None:
    mine = Letter.id == letter_id, Letter.claim == claim, Letter.state.in_(states)
    if not change_rows(update(Letter).where(*mine).values(**values)):
        raise ClaimLost
