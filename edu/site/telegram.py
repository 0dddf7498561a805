"""What the site knows of its bot in Telegram."""

from __future__ import annotations

from edu.admin.models import SiteSetting
from edu.extensions import db, insert_if_absent, settings

# Not one of those that administrators change: the bot itself learns its name from Telegram.
ROW = "telegram_bot_name"


def bot_name() -> str:
    """The bot's name without @: what the settings say, else what it has learned; "" for no bot."""
    if not settings().telegram_token:
        return ""
    if settings().telegram_bot_name:
        return settings().telegram_bot_name
    kept = db.session.get(SiteSetting, ROW)
    return kept.value if kept else ""


def keep_bot_name(name: str) -> None:
    """Tell the site, which is another process, what Telegram calls the bot. Commit after."""
    if not insert_if_absent(SiteSetting, name=ROW, value=name):
        db.session.get_one(SiteSetting, ROW).value = name
        db.session.flush()


def bot_address(start: str = "") -> str:
    """Where the chat with the bot opens; `start` is what it is told then."""
    address = f"https://t.me/{bot_name()}"
    return f"{address}?start={start}" if start else address
