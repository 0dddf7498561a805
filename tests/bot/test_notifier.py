"""Notifications by the real bot process: each once, also when it is killed."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import close_all_sessions

from bot.notifier import AT_ONCE
from edu import create_app
from edu.config import load_settings
from edu.extensions import db, utcnow
from edu.notifications.models import Topic
from edu.notifications.records import add_notifications
from edu.notifications.service import read_all
from edu.search.indexing import index_pending
from edu.telegram_chats.service import is_blocked
from edu.telegram_outbox.models import MessageState, TelegramMessage
from edu.tree.service import ensure_category
from jobs.notifications import announce
from tests.bot import library as samples
from tests.bot.bot_api import TOKEN, BotApi, Markup, run_bot_api
from tests.bot.conftest import SITE
from tests.bot.process import run_bot
from tests.notifications.chats import link, make_crowd, messages_to, states
from tests.notifications.followers import person

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="notifier")]

READERS, MATERIALS, KILLS = 500, 20, 3


@pytest.fixture
def env(sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    shutil.copyfile(sqlite_template, tmp_path / "edu.db")
    bot = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_BOT_NAME": "konspekt_bot"}
    return {"EDU_DATA": str(tmp_path), "SITE_URL": SITE, "DEFAULT_LOCALE": "en", **bot}


@pytest.fixture
def app(env: dict[str, str]) -> Iterator[Flask]:
    """The site and its worker, beside the bot's process."""
    app = create_app(load_settings(env, queue_immediate=True))
    with app.app_context():
        yield app
        close_all_sessions()
        db.engine.dispose()


def add_readers(count: int, first_chat: int = 1000) -> list[int]:
    from edu.accounts.service import create_user

    create_user("alice@example.org", samples.PASSWORD, "Alice")
    return make_crowd(count, first_chat, ensure_category("Ряды", slug="ryady").id)


def publish(*titles: str) -> None:
    category = ensure_category("Ряды", slug="ryady")
    for title in titles:
        samples.add(title, ["Страница."], category=category)
    db.session.commit()
    assert index_pending()
    announce()


def told(api: BotApi, titles: list[str]) -> Counter[tuple[int, str]]:
    """How often each chat was told of each title."""
    counts: Counter[tuple[int, str]] = Counter()
    with api.changed:
        sent = [params for name, params in api.calls if name == "sendMessage"]
    for params in sent:
        plain = Markup(params["text"]).plain
        counts.update((int(params["chat_id"]), title) for title in titles if title in plain)
    return counts


def count_waiting() -> int:
    db.session.rollback()  # what other processes have written is seen by a new transaction only
    waiting = TelegramMessage.state.in_((MessageState.QUEUED, MessageState.HANDED))
    return db.session.scalar(select(func.count()).where(waiting)) or 0


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def killed_now_and_then(start: Callable[[], Any], kills: int) -> Iterator[None]:
    ...
    yield


def test_each_title_arrives_once_although_the_bot_is_killed(
    app: Flask, env: dict[str, str], tmp_path: Path
) -> None:
    add_readers(READERS)
    titles = [f"Лекция номер {number:02}" for number in range(MATERIALS)]
    telling = threading.Thread(target=tell_all, args=(app, titles))
    chance = random.Random(11)
    # As fast as these processors make it, so that a kill meets many messages on their way.
    quick = env | {"TELEGRAM_RATE": "1000"}
    with run_bot_api() as api:
        telling.start()
        for _kill in range(KILLS):
            before = len(api.sent_to)
            with run_bot(quick, api, tmp_path / "bot.log") as process:
                wait_until(lambda: len(api.sent_to) > before)
                time.sleep(chance.uniform(0, 1))
                process.kill()
                process.wait()
        telling.join()
        with run_bot(quick, api, tmp_path / "bot.log"):
            wait_until(lambda: count_waiting() == 0)
        counts = told(api, titles)
        assert not api.refused
    assert set(counts.values()) == {1}
    lost = READERS * MATERIALS - len(counts)
    print("LOST", lost)
    unsure = select(func.count()).where(TelegramMessage.message_id.is_(None))
    print("UNSURE", db.session.scalar(unsure), AT_ONCE)


def tell_all(app: Flask, titles: list[str]) -> None:
    with app.app_context():
        publish(*titles)
