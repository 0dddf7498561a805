"""`flask telegram …`"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from edu.extensions import settings, utcnow
from edu.telegram_chats import service
from edu.telegram_inbox.service import count_unfinished

telegram = AppGroup("telegram", help="The Telegram bot.")
NO_TOKEN = 2


@telegram.command("status")
def status() -> None:
    """Say whether the bot lives: 0 when it does, 1 when not, 2 without a token."""
    if not settings().telegram_token:
        click.echo("TELEGRAM_BOT_TOKEN is not set: there is no bot", err=True)
        sys.exit(NO_TOKEN)
    poller = service.find_poller()
    if poller is None or not service.is_polling(poller):
        click.echo("the bot does not run, or cannot reach the database", err=True)
        sys.exit(1)
    seconds = (utcnow() - poller.heartbeat_at).total_seconds()
    since, waiting = f"{poller.started_at:%Y-%m-%d %H:%M}", count_unfinished(poller.bot_id)
    click.echo(f"polling since {since} UTC, seen {seconds:.0f} s ago, {waiting} updates in hand")
