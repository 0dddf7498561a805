"""A message's way out of the outbox: written down once, handed over, ended.

Telegram knows no key by which it would take the same message once, so a message is HANDED in a
commit of its own just before its last bytes go out, and what is found HANDED after a crash counts
as sent: it must never come twice. What Telegram has refused goes back into the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from edu.claims import ClaimLost, owner_is_dead, this_process
from edu.extensions import change_rows, db, insert_if_absent, utcnow
from edu.sessions.models import UserSession
from edu.telegram_chats.models import TelegramChat
from edu.telegram_links.models import TelegramLink
from edu.telegram_outbox.models import MessageState, TelegramMessage

QUEUED, HANDED, SENT = MessageState.QUEUED, MessageState.HANDED, MessageState.SENT
OVER = (SENT, MessageState.DROPPED, MessageState.FAILED)
IN_MESSAGE = 10  # notifications
# After each refusal that may pass; the one after the last ends in `failed`.
WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600))
# No call of the Bot API takes as long: its process, on whatever host, is gone.
SILENCE = timedelta(minutes=5)
STALE = timedelta(days=3)  # what waited as long is no news any more
LATE = timedelta(minutes=10)
KEEP = timedelta(days=30)
MAX_ERROR = 300

# Chats that may be written to ------------------------------------------------------------------


def find_chats(user_ids: Iterable[int]) -> dict[int, list[int]]:
    """The chats of each person that act for them and have not blocked the bot; one query."""
    query = (
        select(TelegramLink.user_id, TelegramLink.chat_id)
        .join(UserSession, UserSession.id == TelegramLink.session_id)
        .outerjoin(TelegramChat, TelegramChat.chat_id == TelegramLink.chat_id)
        .where(TelegramLink.user_id.in_(list(user_ids)), UserSession.expires_at > utcnow())
        .where(TelegramChat.blocked_at.is_(None))
        .order_by(TelegramLink.id)
    )
    chats: dict[int, list[int]] = {}
    for user_id, chat_id in db.session.execute(query):
        chats.setdefault(user_id, []).append(chat_id)
    return chats


# Writing down ----------------------------------------------------------------------------------


def write_messages(
    user_id: int, notifications: Sequence[tuple[int, datetime]], due_at: datetime
) -> None:
    """Tell all chats of a person of these, (id, moment) each, as few messages as hold them."""
    for chat_id in find_chats([user_id]).get(user_id, ()):
        left = list(notifications)[_fill_waiting(chat_id, user_id, notifications) :]
        for start in range(0, len(left), IN_MESSAGE):
            part = left[start : start + IN_MESSAGE]
            # Some databases give the id of a deleted row to another one: the moment is of one only.
            number, moment = part[0]
            key = f"n:{chat_id}:{number}:{int(moment.timestamp())}"
            _write(key, chat_id, user_id, [each for each, _moment in part], due_at)


def _fill_waiting(chat_id: int, user_id: int, notifications: Sequence[tuple[int, datetime]]) -> int:
    """Put as many as there is room for into the last message that waits; how many that were."""
    waiting = select(TelegramMessage).filter_by(chat_id=chat_id, user_id=user_id, digest=False)
    waiting = waiting.filter_by(state=QUEUED.value, attempts=0)
    # Held until the commit where rows can be: whoever sends it waits, and sends the longer one.
    waiting = waiting.order_by(TelegramMessage.id.desc()).limit(1).with_for_update()
    last = db.session.scalar(waiting.execution_options(populate_existing=True))
    if last is None or len(last.notification_ids) >= IN_MESSAGE:
        return 0
    part = notifications[: IN_MESSAGE - len(last.notification_ids)]
    ids = [*last.notification_ids, *(number for number, _moment in part)]
    same = update(TelegramMessage).filter_by(id=last.id, state=QUEUED.value)
    return len(part) if change_rows(same.values(notification_ids=ids)) else 0


def write_messages_of_day(user_id: int, ids: list[int], day: str, due_at: datetime) -> bool:
    """The one message of a day to each chat of a person; False when they have had it."""
    chats = find_chats([user_id]).get(user_id, [])
    keys = {chat_id: f"digest:{user_id}:{day}:{chat_id}" for chat_id in chats}
    had = select(TelegramMessage.id).where(TelegramMessage.key.in_(keys.values()))
    if db.session.scalar(had.limit(1)) is not None:
        return False
    for chat_id, key in keys.items():
        _write(key, chat_id, user_id, ids, due_at, digest=True)
    return True


def _write(
    key: str, chat_id: int, user_id: int, ids: list[int], due_at: datetime, *, digest: bool = False
) -> None:
    insert_if_absent(
        TelegramMessage,
        key=key,
        chat_id=chat_id,
        user_id=user_id,
        notification_ids=ids,
        digest=digest,
        state=QUEUED.value,
        attempts=0,
        claim="",
        error="",
        due_at=due_at,
        created_at=utcnow(),
    )


def hasten(user_id: int) -> None:
    """Look anew at what waits for a person, who has changed when to be told."""
    waiting = update(TelegramMessage).filter_by(user_id=user_id, state=QUEUED.value, attempts=0)
    change_rows(waiting.values(due_at=utcnow()))


# Sending ---------------------------------------------------------------------------------------


def list_due(limit: int, skip: Collection[int] = ()) -> list[tuple[int, int]]:
    """(id, chat) of the oldest message that is due in each of some chats that are not skipped."""
    due = select(TelegramMessage.id, TelegramMessage.chat_id).where(
        TelegramMessage.state == QUEUED,
        TelegramMessage.due_at <= utcnow(),
        TelegramMessage.chat_id.not_in(skip),
    )
    rows = db.session.execute(due.order_by(TelegramMessage.due_at, TelegramMessage.id).limit(limit))
    chats: dict[int, int] = {}
    for number, chat_id in rows:
        chats.setdefault(chat_id, number)
    return [(number, chat_id) for chat_id, number in chats.items()]


def find_waiting(message_id: int) -> TelegramMessage | None:
    """The message as it stands now; None when it waits no longer."""
    found = db.session.get(TelegramMessage, message_id, populate_existing=True)
    return found if found is not None and found.state == QUEUED else None


def mark_handed(message_id: int, claim: str, told: Sequence[int]) -> None:
    """The last bytes go out next. Raises ClaimLost, and then they must not.

    `told` is what the message held when its text was made.
    """
    waiting = update(TelegramMessage).filter_by(id=message_id, state=QUEUED.value)
    values: dict[str, Any] = {"state": HANDED.value, "claim": claim, "claimed_at": utcnow()}
    if not change_rows(waiting.values(**values, attempts=TelegramMessage.attempts + 1)):
        raise ClaimLost
    present = db.session.get_one(TelegramMessage, message_id, populate_existing=True)
    chats = find_chats([present.user_id]).get(present.user_id, ())
    # Since its text was made more may have come, or the chat has ceased to act for the person.
    if present.notification_ids != list(told) or present.chat_id not in chats:
        raise ClaimLost


def mark_sent(message_id: int, claim: str, telegrams_id: int | None) -> None:
    """Telegram has taken it, or has not said; also when another process has noted so before."""
    mine = update(TelegramMessage).filter_by(id=message_id, claim=claim)
    mine = mine.where(TelegramMessage.state.in_((HANDED, SENT)))
    change_rows(mine.values(state=SENT.value, message_id=telegrams_id, error=""))


def put_back(
    message_id: int, claim: str, error: str, wait: timedelta | None = None, *, counts: bool = True
) -> None:
    """Telegram has refused it for the moment: again after `wait`, else a little later each time.

    What `counts` is given up in the end.
    """
    message = db.session.get_one(TelegramMessage, message_id, populate_existing=True)
    values: dict[str, Any] = {"state": QUEUED.value, "claim": "", "error": error[:MAX_ERROR]}
    if not counts:
        values["attempts"] = message.attempts - 1
    elif message.attempts > len(WAITS):
        values["state"] = MessageState.FAILED.value
    values["due_at"] = utcnow() + (wait or WAITS[min(message.attempts, len(WAITS)) - 1])
    mine = update(TelegramMessage).filter_by(id=message_id, claim=claim, state=HANDED.value)
    change_rows(mine.values(**values))


def postpone(message_id: int, until: datetime) -> None:
    """It is not to be sent before then."""
    waiting = update(TelegramMessage).filter_by(id=message_id, state=QUEUED.value)
    change_rows(waiting.values(due_at=until))


def postpone_chat(chat_id: int, until: datetime) -> None:
    """Nothing is to be sent to the chat before then."""
    waiting = update(TelegramMessage).filter_by(chat_id=chat_id, state=QUEUED.value)
    change_rows(waiting.where(TelegramMessage.due_at < until).values(due_at=until))


def drop(message_id: int, reason: str) -> None:
    """Nobody is to hear of it any more."""
    _end(message_id, MessageState.DROPPED, reason)


def fail(message_id: int, error: str) -> None:
    """Telegram will never take it."""
    _end(message_id, MessageState.FAILED, error)


def _end(message_id: int, state: MessageState, error: str) -> None:
    present = update(TelegramMessage).where(TelegramMessage.id == message_id)
    present = present.where(TelegramMessage.state.in_((QUEUED, HANDED)))
    change_rows(present.values(state=state.value, error=error[:MAX_ERROR]))


def drop_chat(chat_id: int, reason: str) -> None:
    """The chat is closed to the bot: all that waits for it goes."""
    waiting = update(TelegramMessage).filter_by(chat_id=chat_id, state=QUEUED.value)
    change_rows(waiting.values(state=MessageState.DROPPED.value, error=reason))


def release_dead(own: str) -> int:
    """Take for sent what processes had handed over that are gone; counts it.

    `own` is the claim of the process that asks, which is the only one of this number.
    """
    query = select(TelegramMessage.id, TelegramMessage.claim, TelegramMessage.claimed_at)
    query = query.where(TelegramMessage.state == HANDED, TelegramMessage.claim != own)
    gone = [
        number
        for number, claim, since in db.session.execute(query)
        if since is None
        or since < utcnow() - SILENCE
        or claim.startswith(f"{this_process()}:")
        or owner_is_dead(claim)
    ]
    handed = update(TelegramMessage).where(TelegramMessage.id.in_(gone))
    error = "the sender was gone before Telegram's answer"
    return change_rows(
        handed.where(TelegramMessage.state == HANDED).values(state=SENT.value, error=error)
    )


# Keeping order ---------------------------------------------------------------------------------


def tidy_messages() -> None:
    """Give up what has waited too long, and forget what is long over."""
    now = utcnow()
    stale = update(TelegramMessage).where(
        TelegramMessage.state == QUEUED, TelegramMessage.created_at < now - STALE
    )
    change_rows(stale.values(state=MessageState.DROPPED.value, error="waited too long"))
    old = delete(TelegramMessage).where(TelegramMessage.created_at < now - KEEP)
    change_rows(old.where(TelegramMessage.state.in_(OVER)))


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Messages that wait, those among them that should have gone minutes ago, and the failed."""

    waiting: int
    late: int
    failed: int


def outbox_status() -> OutboxStatus:
    """The outbox for the administrators' page."""
    state, late = TelegramMessage.state, TelegramMessage.due_at < utcnow() - LATE
    query = select(
        func.count().filter(state == QUEUED),
        func.count().filter(state == QUEUED, late),
        func.count().filter(state == MessageState.FAILED),
    ).where(state.in_((QUEUED, MessageState.FAILED)))
    return OutboxStatus(*db.session.execute(query).one())
