"""Updates from Telegram: kept before Telegram forgets them, until each is dealt with.

Whether an update has been here before is asked by its id and a digest, never by order: ids begin
anew when nobody has written for a week.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from edu.extensions import change_rows, db, utcnow
from edu.telegram_chats.models import TelegramUpdate

MAX_ATTEMPTS = 3  # after a start, of an update with which the process has ended each time
TOO_OLD = timedelta(days=1)  # nobody waits for an answer any more
KEEP_DONE = timedelta(days=2)  # Telegram hands nothing over that is older than a day


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An update that a process has left behind: JSON, and the answers that were composed.

    `suspect`: it was tried before in this way, so it may be what ends the process.
    """

    update_id: int
    payload: str
    received_at: datetime
    suspect: bool = False
    replies: dict[str, str] = field(default_factory=dict)


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()[:32]


def keep_updates(bot_id: int, payloads: Mapping[int, str]) -> set[int]:
    """Keep updates, JSON by id; the ids of those that have not been here before."""
    columns = (TelegramUpdate.update_id, TelegramUpdate.digest)
    here = (TelegramUpdate.bot_id == bot_id, TelegramUpdate.update_id.in_(list(payloads)))
    known = {row.update_id: row.digest for row in db.session.execute(select(*columns).where(*here))}
    digests = {each: _digest(payload) for each, payload in payloads.items()}
    new = {each for each, digest in digests.items() if known.get(each) != digest}
    if reused := new & known.keys():
        change_rows(delete(TelegramUpdate).where(here[0], TelegramUpdate.update_id.in_(reused)))
    rows = [
        {"bot_id": bot_id, "update_id": each, "payload": payloads[each], "digest": digests[each]}
        for each in payloads
        if each in new
    ]
    if rows:
        db.session.execute(insert(TelegramUpdate), rows)
    return new


def take_unfinished(bot_id: int) -> list[Unfinished]:
    """What the process before has left behind, in the order in which it came.

    Taking it counts as an attempt, except for suspects: see count_attempt(). What was tried too
    often, or is too old, is done with.
    """
    open_ones = (TelegramUpdate.bot_id == bot_id, TelegramUpdate.done_at.is_(None))
    hopeless = or_(
        TelegramUpdate.attempts >= MAX_ATTEMPTS,
        TelegramUpdate.received_at < utcnow() - TOO_OLD,
    )
    _finish(and_(*open_ones, hopeless))
    query = select(TelegramUpdate).where(*open_ones)
    rows = db.session.scalars(
        query.order_by(TelegramUpdate.received_at, TelegramUpdate.update_id)
    ).all()
    found = [
        Unfinished(
            row.update_id,
            row.payload,
            row.received_at,
            row.attempts > 0,
            json.loads(row.replies or "{}"),
        )
        for row in rows
    ]
    first = (*open_ones, TelegramUpdate.attempts == 0)
    change_rows(update(TelegramUpdate).where(*first).values(attempts=1))
    return found


def count_attempt(bot_id: int, update_id: int) -> None:
    """An update is about to be tried once more: if the process ends with it, that was why."""
    same = update(TelegramUpdate).filter_by(bot_id=bot_id, update_id=update_id)
    change_rows(same.values(attempts=TelegramUpdate.attempts + 1))


def keep_reply(bot_id: int, update_id: int, replies: Mapping[str, str]) -> None:
    """Keep what an update is answered with, in the transaction that does what it asks for."""
    same = update(TelegramUpdate).filter_by(bot_id=bot_id, update_id=update_id, done_at=None)
    change_rows(same.values(replies=json.dumps(replies)))


def finish_updates(bot_id: int, done: Collection[int], left: Collection[int] = ()) -> None:
    """These are answered; those that are left were not begun, which is no fault of theirs."""
    if done:
        _finish(and_(TelegramUpdate.bot_id == bot_id, TelegramUpdate.update_id.in_(done)))
    if left:
        these = (TelegramUpdate.bot_id == bot_id, TelegramUpdate.update_id.in_(left))
        change_rows(update(TelegramUpdate).where(*these).values(attempts=0))


def count_unfinished(bot_id: int) -> int:
    """How many updates are in hand, or were left behind."""
    which = (TelegramUpdate.bot_id == bot_id, TelegramUpdate.done_at.is_(None))
    return db.session.scalar(select(func.count()).where(*which)) or 0


def _finish(which: ColumnElement[bool]) -> None:
    """What somebody wrote is not kept any longer than it is needed."""
    values = {"done_at": utcnow(), "payload": "", "replies": ""}
    change_rows(update(TelegramUpdate).where(which).values(**values))


def remove_expired(now: datetime) -> int:
    """Drop what Telegram cannot hand over again; how many rows went."""
    old = TelegramUpdate.received_at < now - KEEP_DONE
    return change_rows(delete(TelegramUpdate).where(old))
