"""What the scenarios share: a library, the Bot API's stand-in, and the real bot process."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flask_migrate import upgrade

from bot.delivery import HARMLESS
from edu import create_app
from edu.accounts import service as accounts
from edu.config import ROOT, load_settings
from edu.extensions import db
from tests.bot import library as samples
from tests.bot.bot_api import TOKEN, run_bot_api
from tests.bot.conftest import SITE, link_chat
from tests.bot.process import run_bot
from tests.features.world import World


def before_all(context: Any) -> None:
    """One library and one bot for all scenarios; each has a chat of its own."""
    accounts.BCRYPT_ROUNDS = 4  # the account is made for the tests
    context.stack = ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="features-"))
    context.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    env = {
        "EDU_DATA": str(folder),
        "SITE_URL": SITE,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_BOT_NAME": "konspekt_bot",
        "DEFAULT_LOCALE": "ru",
        "LOGIN_LIMIT": "1000 per minute",  # scenarios sign in one after the other
    }
    app = create_app(load_settings(env, queue_immediate=True))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    samples.fill(app)
    context.stack.callback(_dispose, app)
    context.api = context.stack.enter_context(run_bot_api())
    context.bot = ExitStack()
    context.env, context.app, context.start_bot = env, app, start_bot
    context.log = Path(os.environ.get("FEATURES_LOG", str(folder / "bot.log")))
    context.chats = itertools.count(101)
    context.running = {}  # what a step sets on the context itself goes with its scenario
    start_bot(context)


def start_bot(context: Any) -> None:
    """The bot, on the data that it had before."""
    running = run_bot(context.env, context.api, context.log)
    context.running["bot"] = context.bot.enter_context(running)


def _dispose(app: Any) -> None:
    with app.app_context():
        db.engine.dispose()


def before_scenario(context: Any, scenario: Any) -> None:
    """A chat that nobody has written in before."""
    chat = next(context.chats)
    context.world = World(context.api, context.app, chat)
    context.killed = False
    context.refused_before = len(context.api.refused)
    if "linked" in scenario.effective_tags:
        link_chat(context.app, "charlie", chat)


def after_scenario(context: Any, scenario: Any) -> None:
    """The bot has sent nothing that Telegram would refuse.

    One that was killed may show again what it has shown: Telegram says so, and nothing follows.
    """
    faults = context.api.refused[context.refused_before :]
    if context.killed:
        faults = [fault for fault in faults if not fault[1].startswith(HARMLESS)]
    assert not faults, faults


def after_all(context: Any) -> None:
    """Stop the bot and throw the library away."""
    context.bot.close()
    context.stack.close()
