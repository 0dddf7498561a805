"""Chats that act for people, and what waits for them in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, select

from edu.accounts.models import User
from edu.extensions import db, utcnow
from edu.sessions.models import SessionKind, UserSession
from edu.subscriptions.models import Subscription, SubscriptionKind
from edu.telegram_chats.models import TelegramChat
from edu.telegram_links.models import TelegramLink
from edu.telegram_outbox.models import MessageState, TelegramMessage


def link(*pairs: tuple[int, int], locale: str = "") -> None:
    """Chats that act for people, as (person's id, chat) each; committed."""
    expires_at, kind = utcnow() + timedelta(days=180), SessionKind.TELEGRAM.value
    rows = [{"user_id": user, "kind": kind, "expires_at": expires_at} for user, _chat in pairs]
    added = insert(UserSession).returning(UserSession.id, sort_by_parameter_order=True)
    sessions = db.session.scalars(added, rows).all()
    links = [
        {"chat_id": chat, "user_id": user, "session_id": session, "name": "A", "tokens": b"-"}
        for (user, chat), session in zip(pairs, sessions, strict=True)
    ]
    db.session.execute(insert(TelegramLink), links)
    known = set(db.session.scalars(select(TelegramChat.chat_id)))
    chats = [
        {"chat_id": chat, "locale": locale, "dialogue": {}}
        for _user, chat in pairs
        if chat not in known
    ]
    if chats:
        db.session.execute(insert(TelegramChat), chats)
    db.session.commit()


def make_crowd(count: int, first_chat: int, category_id: int) -> list[int]:
    """People who follow a subject, each with a chat, from this number on; their ids."""
    rows = [
        {
            "email": f"reader-{first_chat}-{number}@example.org",
            "name": f"Reader {number}",
            "password_hash": "",
            "session_stamp": "-",
        }
        for number in range(count)
    ]
    added = insert(User).returning(User.id, sort_by_parameter_order=True)
    ids = list(db.session.scalars(added, rows))
    follow = {
        "kind": SubscriptionKind.SUBJECT.value,
        "target": str(category_id),
        "category_id": category_id,
    }
    db.session.execute(insert(Subscription), [{"user_id": user, **follow} for user in ids])
    link(*((user, first_chat + place) for place, user in enumerate(ids)))
    return ids


def messages_to(user_id: int) -> list[TelegramMessage]:
    query = select(TelegramMessage).where(TelegramMessage.user_id == user_id)
    query = query.execution_options(populate_existing=True)
    return list(db.session.scalars(query.order_by(TelegramMessage.id)))


def states(user_id: int) -> Sequence[MessageState]:
    return [MessageState(each.state) for each in messages_to(user_id)]


def make_due(*messages: TelegramMessage) -> None:
    """Their time has come."""
    for message in messages:
        message.due_at = utcnow() - timedelta(seconds=1)
    db.session.commit()
