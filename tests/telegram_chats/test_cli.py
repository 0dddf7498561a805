"""What a supervisor asks: does the bot live?"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from edu.extensions import db, utcnow
from edu.telegram_chats import service
from edu.telegram_chats.models import TelegramPoller
from edu.telegram_inbox.service import keep_updates
from tests.conftest import MakeApp

BOT = 4815162342
TOKEN = f"{BOT}:stand-in_token-of-the-tests"


def status(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["telegram", "status"])
    return done.exit_code, done.output


def test_the_status_says_whether_the_bot_lives(make_app: MakeApp) -> None:
    app = make_app(TELEGRAM_BOT_TOKEN=TOKEN)
    assert status(app)[0] == 1
    with app.app_context():
        service.take_poll(BOT)
        keep_updates(BOT, {1: "an update"})
        db.session.commit()
    code, said = status(app)
    assert code == 0
    assert "1 updates in hand" in said
    with app.app_context():
        late = utcnow() - service.SILENCE - timedelta(seconds=1)
        db.session.query(TelegramPoller).update({"heartbeat_at": late})
        db.session.commit()
    assert status(app)[0] == 1


def test_without_a_token_there_is_no_bot(make_app: MakeApp) -> None:
    code, said = status(make_app())
    assert code == 2
    assert "TELEGRAM_BOT_TOKEN" in said
