"""The one process that polls: its place in the database, and the sign that it lives."""

from __future__ import annotations

import asyncio
import logging

from flask import Flask

from bot.handlers import Application
from bot.pictures import bot_id
from edu.extensions import db
from edu.telegram_chats.service import beat_poll, leave_poll, take_poll

log = logging.getLogger(__name__)
BEAT_S = 10.0


class Poller:
    """Holds the place from before the first poll until after the last."""

    def __init__(self, app: Flask) -> None:
        self.app, self.claim = app, ""

    def take(self) -> bool:
        """False while another process has the place."""
        with self.app.app_context():
            self.claim = take_poll(bot_id()) or ""
            db.session.commit()
        return bool(self.claim)

    def leave(self) -> None:
        """Let the next one in."""
        with self.app.app_context():
            leave_poll(bot_id(), self.claim)
            db.session.commit()

    def _beat(self) -> bool:
        with self.app.app_context():
            mine = beat_poll(bot_id(), self.claim)
            db.session.commit()
        return mine

    async def keep(self, application: Application) -> None:
        """Beat until the process ends, or has lost its place, which ends it."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                mine = await asyncio.to_thread(self._beat)
            except Exception:  # a database that is away for a moment: the place is kept meanwhile
                log.exception("the heartbeat was not written")
                continue
            if not mine:
                log.error("another process has taken over: this one ends")
                application.bot_data["conflict"] = True
                application.stop_running()
                return
