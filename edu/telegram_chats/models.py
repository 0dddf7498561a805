"""What the bot remembers: chats, the searches behind their buttons, files that Telegram has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from edu.extensions import Model, UtcDateTime, utcnow


class TelegramChat(Model):
    """A private chat. `dialogue` says what the next text is an answer to, {} for nothing, and
    which files the person has given that are not sent on yet.

    `screen_id` is the message that the next screen takes the place of; `blocked_at` is set while
    the person does not want to hear of the bot.
    """

    __tablename__ = "telegram_chats"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    locale: Mapped[str] = mapped_column(String(8), default="")  # "" for Telegram's own
    dialogue: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    screen_id: Mapped[int | None] = mapped_column(BigInteger)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class TelegramSearch(Model):
    """What was searched for behind the buttons of a chat: `wanted` is one spelling, in JSON."""

    __tablename__ = "telegram_searches"
    __table_args__ = (Index("ix_telegram_searches_chat", "chat_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("telegram_chats.chat_id", ondelete="CASCADE")
    )
    wanted: Mapped[str] = mapped_column(Text)


class TelegramFile(Model):
    """A file that Telegram has: whoever sends it again names it. Names differ from bot to bot."""

    __tablename__ = "telegram_files"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    file_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class TelegramPoller(Model):
    """The one process that asks Telegram for updates, and when it last showed that it lives."""

    __tablename__ = "telegram_pollers"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    claim: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class TelegramUpdate(Model):
    """What Telegram has handed over, until it is dealt with: Telegram itself forgets it then.

    `payload` is the update as JSON, `digest` what tells it from another one of the same id. The row
    of what is done stays for a while, without the payload: Telegram may hand the same over again.
    `replies` are the answers (JSON, by number) to what has been done already, but not been shown.
    """

    __tablename__ = "telegram_updates"
    __table_args__ = (Index("ix_telegram_updates_done", "bot_id", "done_at"),)

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    payload: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(32))
    replies: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TelegramWatch(Model):
    """A message that shows an answer while it grows: whoever polls keeps it up to date.

    `message_id` is None until the message is there; the row goes when the whole answer is shown.
    """

    __tablename__ = "telegram_watches"

    question_id: Mapped[int] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True
    )
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    shown: Mapped[str] = mapped_column(String(64), default="")  # a hash of what it shows
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
