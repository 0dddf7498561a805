"""The real bot and the real worker with a slow model: a message grows, past the bot's death too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from edu.config import ROOT
from edu.extensions import db
from edu.telegram_chats.models import TelegramWatch
from tests.assistant.standin import run_model
from tests.bot.bot_api import BotApi, Markup, run_bot_api
from tests.bot.conftest import CHARLIES_CHAT
from tests.bot.process import run_bot
from tests.services import stopping

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="bot")]
CHAT = CHARLIES_CHAT
SAID = (
    "Числовой ряд сходится, если есть предел частичных сумм",
    "Признак Даламбера сравнивает соседние слагаемые между собой",
    "Когда отношение меньше единицы, сумма конечна",
    "При большем отношении ряд расходится наверняка",
    "Ровно единица оставляет вопрос открытым",
    "Тогда помогает интегральный способ Коши",
    "Знакочередующиеся примеры разбирает теорема Лейбница",
    "Абсолютная сходимость сильнее условной",
    "Степенные разложения имеют радиус и круг",
    "Равномерность проверяют мажорантой Вейерштрасса",
    "Почленное дифференцирование требует осторожности",
    "Наконец, тригонометрические разложения придумал Фурье",
)
PAUSE_S = 0.2  # between two words


@pytest.fixture
def api(library: Flask, library_env: dict[str, str], tmp_path: Path) -> Iterator[BotApi]:
    """The stand-in; a worker answers questions with a model that needs seconds for each."""
    whole = " ".join(f"{each} [1]." for each in SAID)
    with run_model(lambda _read: whole) as model, run_bot_api() as served:
        model.pause = PAUSE_S
        slow = {
            "ASSISTANT_ENGINE": "openai",
            "ASSISTANT_MODEL": "slow",
            "ASSISTANT_BASE_URL": f"http://127.0.0.1:{model.server_port}/v1",
        }
        with (tmp_path / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "jobs", "assistant"],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"]} | library_env | slow,
                stdout=log,
                stderr=log,
            )
        with stopping(worker):
            yield served


def test_a_message_grows_and_outlives_the_bot(
    library: Flask, library_env: dict[str, str], api: BotApi, tmp_path: Path
) -> None:
    log = tmp_path / "bot.log"

    def text() -> str:
        shown = api.chats.shown(CHAT)
        return Markup(shown[-1]["text"]).plain if shown else ""

    def count() -> int:
        return sum(each in text() for each in SAID)

    with run_bot(library_env, api, log) as bot:
        api.say("/assistant Что почитать о признаке Даламбера?", chat=CHAT)
        api.wait_until(lambda: count() >= 2)
        first = count()
        api.wait_until(lambda: count() > first)
        bot.kill()
        bot.wait()
    grown, edits = count(), len(api.sent("editMessageText", CHAT))
    assert grown < len(SAID), "the model was too fast for this test"
    with library.app_context():
        assert db.session.query(TelegramWatch).count() == 1
    with run_bot(library_env, api, log):
        api.wait_until(lambda: "Ask more" in str(api.chats.shown(CHAT)))
    assert len(api.chats.shown(CHAT)) == 1
    assert len(api.sent("sendMessage", CHAT)) == 1
    assert count() == len(SAID)
    assert edits <= 12  # not one for each word
    assert not api.refused
    typing = [each for each in api.sent("sendChatAction", CHAT) if each["action"] == "typing"]
    assert typing
