"""Notifications by the real bot process, which is killed again and again."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import close_all_sessions

from edu import create_app
from edu.accounts.service import create_user
from edu.config import load_settings
from edu.extensions import db
from edu.search.indexing import index_pending
from edu.telegram_outbox.models import MessageState, TelegramMessage
from edu.tree.service import ensure_category
from jobs.notifications import announce
from tests.bot import library as samples
from tests.bot.bot_api import TOKEN, BotApi, Markup, run_bot_api
from tests.bot.conftest import SITE
from tests.bot.process import run_bot
from tests.notifications.chats import make_crowd

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="notifier")]

READERS, MATERIALS, KILLS = 500, 20, 3
TITLES = [f"Лекция номер {number:02}" for number in range(MATERIALS)]


@pytest.fixture
def env(sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    shutil.copyfile(sqlite_template, tmp_path / "edu.db")
    bot = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_BOT_NAME": "konspekt_bot"}
    return {"EDU_DATA": str(tmp_path), "SITE_URL": SITE, "DEFAULT_LOCALE": "ru", **bot}


@pytest.fixture
def app(env: dict[str, str]) -> Iterator[Flask]:
    """The site and its worker, beside the bot's process."""
    app = create_app(load_settings(env, queue_immediate=True))
    with app.app_context():
        yield app
        close_all_sessions()
        db.engine.dispose()


def publish(app: Flask) -> None:
    """Twenty materials appear, and the worker tells who follows their subject."""
    with app.app_context():
        category = ensure_category("Ряды", slug="ryady")
        for title in TITLES:
            samples.add(title, ["Страница."], category=category)
        db.session.commit()
        assert index_pending()
        announce()


def count_told(api: BotApi) -> Counter[tuple[int, str]]:
    """How often each chat was told of each title."""
    counts: Counter[tuple[int, str]] = Counter()
    with api.changed:
        sent = [params for name, params in api.calls if name == "sendMessage"]
    for params in sent:
        plain = Markup(params["text"]).plain
        counts.update((int(params["chat_id"]), title) for title in TITLES if title in plain)
    return counts


def count_waiting() -> int:
    db.session.rollback()  # what other processes have written is seen by a new transaction only
    waiting = TelegramMessage.state.in_((MessageState.QUEUED, MessageState.HANDED))
    return db.session.scalar(select(func.count()).where(waiting)) or 0


def _has_sent(api: BotApi, count: int, process: subprocess.Popen[bytes]) -> bool:
    return len(api.sent_to) >= count or process.poll() is not None


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_each_title_arrives_once_although_the_bot_is_killed(
    app: Flask, env: dict[str, str], tmp_path: Path
) -> None:
    create_user("alice@example.org", samples.PASSWORD, "Alice")
    make_crowd(READERS, 1000, ensure_category("Ряды", slug="ryady").id)
    chance = random.Random()  # it may be killed at any moment, and every run tries others
    # As fast as these processors make it, so that a kill meets many messages on their way.
    quick, log = env | {"TELEGRAM_RATE": "1000"}, tmp_path / "bot.log"
    telling = threading.Thread(target=publish, args=(app,))
    with run_bot_api() as api:
        telling.start()
        for _kill in range(KILLS):
            goal = len(api.sent_to) + 1
            with run_bot(quick, api, log) as process:
                wait_until(partial(_has_sent, api, goal, process))
                assert process.poll() is None, log.read_text("utf-8")[-3000:]
                time.sleep(chance.uniform(0, 0.8))
                process.kill()
                process.wait()
        telling.join()
        with run_bot(quick, api, log):
            wait_until(lambda: count_waiting() == 0)
        told, refused = count_told(api), api.refused
        arrived = Counter(chat for _moment, chat in api.sent_to)
    assert not refused
    assert set(told.values()) == {1}
    # Of those that were on their way when it was killed, what had not left it is lost: the moment
    # between a commit and the bytes is too short for more than one.
    counts = select(TelegramMessage.chat_id, func.count()).group_by(TelegramMessage.chat_id)
    lost = sum(number - arrived[chat] for chat, number in db.session.execute(counts))
    assert 0 <= lost <= KILLS
    unsure = select(func.count()).where(TelegramMessage.message_id.is_(None))
    assert lost <= (db.session.scalar(unsure) or 0)
    if not lost:
        assert len(told) == READERS * MATERIALS
