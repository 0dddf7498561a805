"""The update in hand: whatever it does is done once, though it may be answered twice.

A process may end between the commit of what an update asks for and the message that says so. So the
answer is kept in that commit, and the next process shows it without asking the screen again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from edu.extensions import db
from edu.telegram_inbox.service import keep_reply

if TYPE_CHECKING:
    from bot.replies import Reply


@dataclass(slots=True)
class Handling:
    """An update in hand. `replies` are the answers of an earlier try; `again`: this is a later one.

    `left`: it was not dealt with, so the next process shall.
    """

    bot_id: int
    update_id: int
    replies: dict[str, str] = field(default_factory=dict)
    again: bool = False
    suspect: bool = False
    composed: int = 0
    left: bool = False


in_hand: ContextVar[Handling | None] = ContextVar("update in hand", default=None)


def leave() -> None:
    """The process is about to stop: this update stays for the next one."""
    handling = in_hand.get()
    if handling is not None:
        handling.left = True


def is_again() -> bool:
    """Whether a process before this one has begun with the update in hand."""
    handling = in_hand.get()
    return handling is not None and handling.again


def once(make: Callable[[], Reply]) -> Reply:
    """What `make` answers; what it answered when its work was done in an earlier process.

    Within an app context. Commit after it: the answer is kept together with what was changed.
    """
    handling = in_hand.get()
    if handling is None:
        return make()
    handling.composed += 1
    number = str(handling.composed)
    if number in handling.replies:
        return _read(handling.replies[number])
    with _noting_changes() as changes:
        reply = make()
        db.session.flush()
    if changes:  # an answer that has changed nothing may as well be composed anew
        handling.replies[number] = _write(reply)
        keep_reply(handling.bot_id, handling.update_id, handling.replies)
    return reply


@contextmanager
def _noting_changes() -> Iterator[list[str]]:
    """A list that is not empty after the session has written something."""
    session, changes = db.session(), list[str]()

    def flushed(*_args: object) -> None:
        changes.append("flush")

    def executed(state: Any) -> None:
        if not state.is_select:
            changes.append("statement")

    event.listen(session, "after_flush", flushed)
    event.listen(session, "do_orm_execute", executed)
    try:
        yield changes
    finally:
        event.remove(session, "after_flush", flushed)
        event.remove(session, "do_orm_execute", executed)


def _adapter() -> Any:
    from pydantic import TypeAdapter

    from bot.replies import Reply

    return TypeAdapter(Reply)


def _write(reply: Reply) -> str:
    return str(_adapter().dump_json(_plain(reply)).decode())


def _plain(reply: Reply) -> Reply:
    """Without bytes: whoever is shown a card a second time does without its picture."""
    then = _plain(reply.then) if reply.then else None
    picture = reply.picture if reply.picture and reply.picture.file_id else None
    return replace(reply, picture=picture, then=then)


def _read(kept: str) -> Reply:
    reply: Reply = _adapter().validate_json(kept)
    return reply
