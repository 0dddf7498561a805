"""Chats, the searches behind their buttons, files that Telegram has, and the one poller."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete, or_, select, update

from edu.accounts.models import User
from edu.accounts.service import get_active_user
from edu.claims import new_claim, owner_is_dead
from edu.errors import NotFound
from edu.extensions import change_rows, db, insert_if_absent, settings, utcnow
from edu.materials.models import Material
from edu.materials.service import get_visible
from edu.telegram_chats.models import TelegramChat, TelegramFile, TelegramPoller, TelegramSearch
from edu.telegram_links.models import TelegramLink

MAX_SEARCHES = 100  # of one chat
SEEN_EVERY = timedelta(minutes=1)
# A poller that has been silent for so long has lost its place.
SILENCE = timedelta(seconds=45)
LINK_S = 3600
KEEP_SILENT = timedelta(days=180)  # as long as a link lasts without use

# Chats ----------------------------------------------------------------------------------------


def open_chat(chat_id: int) -> TelegramChat:
    """The chat that has just written, made where it is new: it is not blocked any more."""
    now = utcnow()
    chat = db.session.get(TelegramChat, chat_id)
    if chat is None:
        insert_if_absent(TelegramChat, chat_id=chat_id, locale="", dialogue={}, seen_at=now)
        return db.session.get_one(TelegramChat, chat_id)
    if chat.blocked_at is not None or now - chat.seen_at > SEEN_EVERY:
        chat.blocked_at, chat.seen_at = None, now
        db.session.flush()
    return chat


def block_chat(chat_id: int) -> None:
    """The person has blocked the bot: nothing is sent there until they write again."""
    change_rows(
        update(TelegramChat)
        .where(TelegramChat.chat_id == chat_id, TelegramChat.blocked_at.is_(None))
        .values(blocked_at=utcnow())
    )


def is_blocked(chat_id: int) -> bool:
    """Whether nothing is to be sent there."""
    query = select(TelegramChat.blocked_at).where(TelegramChat.chat_id == chat_id)
    return db.session.scalar(query) is not None


def forget_chat(chat_id: int) -> None:
    """Drop what was searched for and begun in a chat; its language stays."""
    db.session.execute(delete(TelegramSearch).where(TelegramSearch.chat_id == chat_id))
    values: dict[str, Any] = {"dialogue": {}, "screen_id": None}
    change_rows(update(TelegramChat).where(TelegramChat.chat_id == chat_id).values(**values))


def replace_screen(chat_id: int, message_id: int | None) -> int | None:
    """The message that shows the present screen from now on; the one that did so before."""
    query = select(TelegramChat.screen_id).where(TelegramChat.chat_id == chat_id)
    earlier = db.session.scalar(query)
    chosen = update(TelegramChat).where(TelegramChat.chat_id == chat_id)
    change_rows(chosen.values(screen_id=message_id))
    return earlier


def remove_expired(now: datetime) -> int:
    """Forget chats that act for nobody and have long been silent; how many rows went."""
    linked = select(TelegramLink.chat_id)
    silent = TelegramChat.seen_at < now - KEEP_SILENT
    old = delete(TelegramChat).where(silent, TelegramChat.chat_id.not_in(linked))
    return change_rows(old)


# Searches behind buttons ----------------------------------------------------------------------


def remember_search(chat_id: int, wanted: str) -> int:
    """A number for the search in this chat; the same search has the same number."""
    own = select(TelegramSearch.id).filter_by(chat_id=chat_id, wanted=wanted)
    known = db.session.scalar(own.limit(1))
    if known is not None:
        return known
    search = TelegramSearch(chat_id=chat_id, wanted=wanted)
    db.session.add(search)
    db.session.flush()
    _forget_searches(chat_id)
    return search.id


def _forget_searches(chat_id: int) -> None:
    query = select(TelegramSearch.id).filter_by(chat_id=chat_id)
    oldest = db.session.scalar(query.order_by(TelegramSearch.id.desc()).offset(MAX_SEARCHES))
    if oldest is not None:
        old = (TelegramSearch.chat_id == chat_id, TelegramSearch.id <= oldest)
        change_rows(delete(TelegramSearch).where(*old))


def recall_search(chat_id: int, number: int) -> str | None:
    """The search of that number in this chat; None: forgotten, or never made here."""
    query = select(TelegramSearch.wanted).filter_by(chat_id=chat_id, id=number)
    return db.session.scalar(query)


# Files that Telegram has ----------------------------------------------------------------------


def find_file(bot_id: int, key: str) -> str:
    """Telegram's name for the bytes, "" while it has none."""
    kept = db.session.get(TelegramFile, (bot_id, key))
    return kept.file_id if kept else ""


def keep_file(bot_id: int, key: str, file_id: str) -> None:
    """Telegram has the bytes under this name from now on."""
    if not insert_if_absent(
        TelegramFile, bot_id=bot_id, key=key, file_id=file_id, created_at=utcnow()
    ):
        same = update(TelegramFile).filter_by(bot_id=bot_id, key=key)
        change_rows(same.values(file_id=file_id))


def forget_file(bot_id: int, key: str) -> None:
    """Telegram does not know the name any more."""
    change_rows(delete(TelegramFile).filter_by(bot_id=bot_id, key=key))


# Files by a signed link -----------------------------------------------------------------------


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="edu.telegram_chats file")


def sign_file(user: User | None, material: Material) -> str:
    """A word that opens the file of the material for an hour, as long as the person may see it."""
    return str(_signer().dumps([user.id if user else 0, material.id]))


def open_signed(token: str) -> Material:
    """The material of such a word. Raises NotFound, also when the hour is over."""
    try:
        user_id, material_id = _signer().loads(token, max_age=LINK_S)
    except BadData as error:
        raise NotFound(_("This link has expired. Ask the bot for the file once more.")) from error
    return get_visible(get_active_user(user_id) if user_id else None, material_id)


# The one poller -------------------------------------------------------------------------------


def take_poll(bot_id: int) -> str | None:
    """The claim of the process that may poll; None while another one does and lives."""
    now, claim = utcnow(), new_claim()
    if insert_if_absent(
        TelegramPoller, bot_id=bot_id, claim=claim, started_at=now, heartbeat_at=now
    ):
        return claim
    present = db.session.get_one(TelegramPoller, bot_id, populate_existing=True)
    dead = present.claim == "" or owner_is_dead(present.claim)
    free = TelegramPoller.heartbeat_at < now - SILENCE
    taken = update(TelegramPoller).where(
        TelegramPoller.bot_id == bot_id,
        or_(free, TelegramPoller.claim == present.claim) if dead else free,
    )
    values = {"claim": claim, "started_at": now, "heartbeat_at": now}
    return claim if change_rows(taken.values(**values)) else None


def beat_poll(bot_id: int, claim: str) -> bool:
    """Show that the poller lives; False when another one has taken its place."""
    mine = update(TelegramPoller).filter_by(bot_id=bot_id, claim=claim)
    return change_rows(mine.values(heartbeat_at=utcnow())) > 0


def leave_poll(bot_id: int, claim: str) -> None:
    """The poller ends: the next one need not wait."""
    mine = update(TelegramPoller).filter_by(bot_id=bot_id, claim=claim)
    change_rows(mine.values(claim=""))


def find_poller() -> TelegramPoller | None:
    """The poller that has shown itself last, if there ever was one."""
    query = select(TelegramPoller).order_by(TelegramPoller.heartbeat_at.desc())
    return db.session.scalar(query.limit(1))


def is_polling(poller: TelegramPoller) -> bool:
    """Whether it lives."""
    return bool(poller.claim) and utcnow() - poller.heartbeat_at < SILENCE
