"""The bot's process: one poller over the same services as the site."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from flask import Flask
from flask_babel import force_locale
from telegram import Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder
from telegram.request import HTTPXRequest

from bot import session
from bot.handlers import Application, Handlers
from bot.menu import list_commands
from bot.notifier import Notifier
from bot.poller import Poller
from bot.polling import PollRequest
from bot.updates import Inbox, InboxBot, Processor
from bot.watching import Watching
from edu import create_app
from edu.config import Settings, SettingsError
from edu.extensions import settings
from edu.hardening import forbid_inspection
from edu.site.preferences import LANGUAGES
from edu.site.startup import StartRefused, check_start

log = logging.getLogger(__name__)
# Those that wait for their turn, or for Telegram's, count too: they must not hold up the others.
CONCURRENT_UPDATES = 1024
THREADS = 8  # that compose answers: more would wait for each other, or for the database
CONNECTIONS = 32
POOL_S = 30.0
AGAIN_S = 60
# A message whose answer does not come in time is not sent again: it may have arrived.
ANSWER_S = 20.0
UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.INLINE_QUERY, Update.MY_CHAT_MEMBER]


class HidingFormatter(logging.Formatter):
    """Another formatter's lines with a secret blotted out, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secret: str) -> None:
        super().__init__()
        self.inner, self.secret = inner, secret

    def format(self, record: logging.LogRecord) -> str:
        """The line that `inner` makes, without the secret."""
        return self.inner.format(record).replace(self.secret, "<token>")


def hide_token(token: str) -> None:
    """Keep the token out of the log: it is a part of every address that the library calls."""
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(HidingFormatter(handler.formatter or logging.Formatter(), token))


def make_application(app: Flask, config: Settings, poller: Poller) -> Application:
    """The library's application with our handlers, for the Bot API at TELEGRAM_API_URL."""
    inbox = Inbox(app)
    bot = InboxBot(
        inbox,
        config.telegram_token,
        f"{config.telegram_api_url}/bot",
        f"{config.telegram_api_url}/file/bot",
        request=HTTPXRequest(
            connection_pool_size=CONNECTIONS, pool_timeout=POOL_S, read_timeout=ANSWER_S
        ),
        get_updates_request=PollRequest(connection_pool_size=1),
    )
    application: Application = (
        ApplicationBuilder()
        .bot(bot)
        .concurrent_updates(Processor(CONCURRENT_UPDATES, inbox, lambda: application.running))
        .post_init(partial(_begin, app, poller, inbox))
        .post_stop(partial(_end, inbox))
        .build()
    )
    handlers = Handlers(app, application)
    handlers.register()
    application.bot_data["notifier"] = Notifier(app, config, handlers.delivery)
    application.bot_data["watching"] = Watching(app, handlers.sender)
    return application


async def _begin(app: Flask, poller: Poller, inbox: Inbox, application: Application) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "screens"))
    application.bot_data["tasks"] = [
        asyncio.create_task(poller.keep(application)),
        asyncio.create_task(inbox.write_down()),
        asyncio.create_task(application.bot_data["notifier"].keep()),
        asyncio.create_task(application.bot_data["watching"].keep()),
    ]
    await introduce(app, application)
    for update in await inbox.load(application.bot):  # before whatever comes from now on
        await application.update_queue.put(update)


async def _end(inbox: Inbox, application: Application) -> None:
    tasks = application.bot_data["tasks"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)  # one of them may be writing
    await application.bot_data["notifier"].stop()
    await application.bot_data["watching"].stop()
    await inbox.flush()


async def introduce(app: Flask, application: Application) -> None:
    """Before the first poll: learn the bot's name, and tell Telegram the commands."""
    await asyncio.to_thread(_learn_name, app, application.bot.username)
    for locale in LANGUAGES:
        with app.app_context(), force_locale(locale):
            commands = list_commands()
        # Those without a language are for everybody else.
        code = None if locale == "en" else locale
        try:
            await application.bot.set_my_commands(commands, language_code=code)
        except TelegramError as error:  # the menu works without
            log.warning("the commands were not set: %s", error)


def _learn_name(app: Flask, username: str) -> None:
    with app.app_context():
        session.learn_name(username)


def main() -> int:
    """Answer until SIGINT or SIGTERM; 2 when the settings or Telegram forbid a start."""
    try:
        app = create_app()
        with app.app_context():
            check_start()
            config = settings()
    except (SettingsError, StartRefused) as error:
        print(error, file=sys.stderr)
        return 2
    if not config.telegram_token:
        print("TELEGRAM_BOT_TOKEN is not set: get one from @BotFather.", file=sys.stderr)
        return 2
    hide_token(config.telegram_token)
    forbid_inspection()
    # The library tries again in silence: without this line a dead network looks like a dead bot.
    log.info("connecting to %s", config.telegram_api_url)
    poller = Poller(app)
    if not poller.take():
        log.error("another bot process polls already: this one ends")
        print("Another bot process polls already: this one ends.", file=sys.stderr)
        return 3
    try:
        return run(make_application(app, config, poller))
    finally:
        poller.leave()


def try_again() -> None:
    """Begin anew after a while: a token that is refused, or is polled with elsewhere, is no reason
    for `flask start` to end the site.
    """
    log.warning("the bot begins anew in %d s, the site goes on meanwhile", AGAIN_S)
    with suppress(KeyboardInterrupt):
        time.sleep(AGAIN_S)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  this very process


def run(application: Application) -> int:
    """Poll until a signal; the exit status of the process."""
    # Durations as timedelta: the library is leaving plain seconds behind, and warns about them.
    os.environ["PTB_TIMEDELTA"] = "true"
    try:
        # A Telegram that cannot be reached must not take the site down with the bot: try on.
        application.run_polling(allowed_updates=UPDATES, bootstrap_retries=-1)
    except InvalidToken:
        log.error("Telegram does not accept TELEGRAM_BOT_TOKEN")  # the error itself quotes it
        return 2
    except Exception:  # the log's filter hides the token, which a bare traceback would show
        log.exception("the bot broke")
        return 1
    return 3 if application.bot_data.get("conflict") else 0
