"""The real bot process against a Bot API on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from edu.config import ROOT
from tests.bot.bot_api import TOKEN, BotApi, Markup, run_bot_api
from tests.bot.conftest import SITE
from tests.bot.library import EVIL_TITLE
from tests.services import stopping

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="bot")]


@contextmanager
def run_bot(env: dict[str, str], api: BotApi, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`python telegram`, polling; its log must never hold the token."""
    kept = {"PATH": os.environ["PATH"], "LOG_LEVEL": "DEBUG"}
    telegram = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "telegram"],
            cwd=ROOT,
            env=kept | env | telegram,
            stdout=output,
            stderr=output,
        )
    with stopping(process):
        yield process
    assert TOKEN not in log.read_text("utf-8")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bot") / "bot.log"


@pytest.fixture(scope="module")
def api(library: Flask, library_env: dict[str, str], log: Path) -> Iterator[BotApi]:
    """The stand-in, with the bot polling it."""
    with run_bot_api() as served, run_bot(library_env, served, log):
        served.wait_for("deleteWebhook")
        yield served


def buttons(params: dict[str, Any]) -> dict[str, str]:
    """The buttons of a sent message: text to data."""
    rows = json.loads(params.get("reply_markup", "{}")).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def test_start_is_answered(api: BotApi) -> None:
    api.say("/start", chat=10)
    sent = api.wait_for("sendMessage", chat=10)
    assert SITE in Markup(sent["text"]).links
    assert sent["parse_mode"] == "HTML"


def test_help_and_what_it_does_not_know_are_answered_alike(api: BotApi) -> None:
    for command in ("/help", "/nonsense"):
        api.say(command, chat=11)
    first = api.wait_for("sendMessage", chat=11)
    assert api.wait_for("sendMessage", chat=11, after=1)["text"] == first["text"]


def test_a_search_finds_the_page(api: BotApi) -> None:
    api.say("формула Грина", chat=12)
    sent = api.wait_for("sendMessage", chat=12)
    assert "Криволинейный интеграл" in sent["text"]
    assert "/materials/" in Markup(sent["text"]).links[0]
    assert buttons(sent) == {}
    assert json.loads(sent["link_preview_options"])["is_disabled"] is True


def test_a_hostile_title_arrives_as_text(api: BotApi) -> None:
    api.say("тензор", chat=13)
    assert EVIL_TITLE in Markup(api.wait_for("sendMessage", chat=13)["text"]).plain


def test_pages_turn_forth_and_back_in_one_message(api: BotApi) -> None:
    api.say("Даламбера", chat=14)
    sent = api.wait_for("sendMessage", chat=14)
    message_id = sent["result"]["message_id"]
    api.press(message_id, buttons(sent)["▶"], chat=14)
    second = api.wait_for("editMessageText", chat=14)
    assert (second["message_id"], list(buttons(second))) == (str(message_id), ["◀"])
    api.press(message_id, buttons(second)["◀"], chat=14)
    assert api.wait_for("editMessageText", chat=14, after=1)["text"] == sent["text"]


def test_a_foreign_button_reads_no_other_persons_search(api: BotApi) -> None:
    api.say("Даламбера", chat=15)
    sent = api.wait_for("sendMessage", chat=15)
    pressed = api.press(sent["result"]["message_id"], buttons(sent)["▶"], chat=16)
    answer = api.wait_for_answer(pressed)
    assert answer["show_alert"] == "true"
    assert "send it again" in answer["text"]


@pytest.mark.parametrize("data", ["page:0:x", "page:2:", "delete:1", "x" * 64])
def test_forged_buttons_are_answered_politely(api: BotApi, data: str) -> None:
    assert "send it again" in api.wait_for_answer(api.press(1, data, chat=17))["text"]


def test_it_waits_as_long_as_telegram_demands(api: BotApi) -> None:
    api.refuse(18, 429, "Too Many Requests", retry_after=1)
    api.say("/start", chat=18)
    assert SITE in api.wait_for("sendMessage", chat=18)["text"]


def test_a_person_who_blocked_the_bot_is_left_alone(api: BotApi, log: Path) -> None:
    api.refuse(19, 403, "Forbidden: bot was blocked by the user")
    api.say("/start", chat=19)
    end = time.monotonic() + 20
    while "blocked by the user" not in log.read_text("utf-8"):
        assert time.monotonic() < end
        time.sleep(0.05)
    api.say("/start", chat=20)
    api.wait_for("sendMessage", chat=20)
    assert "Traceback" not in log.read_text("utf-8")


def test_after_a_restart_old_buttons_ask_to_search_again_and_sigterm_ends_it(
    library: Flask, library_env: dict[str, str], tmp_path: Path
) -> None:
    with run_bot_api() as api:
        with run_bot(library_env, api, tmp_path / "bot.log"):
            api.say("Даламбера")
            sent = api.wait_for("sendMessage")
        with run_bot(library_env, api, tmp_path / "bot.log") as process:
            pressed = api.press(sent["result"]["message_id"], buttons(sent)["▶"])
            assert "send it again" in api.wait_for_answer(pressed)["text"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_a_token_that_telegram_refuses_ends_the_start(
    library: Flask, library_env: dict[str, str], tmp_path: Path
) -> None:
    with run_bot_api() as api:
        api.url += "/elsewhere"
        with run_bot(library_env, api, tmp_path / "bot.log") as process:
            assert process.wait(20) == 2
    assert "does not accept TELEGRAM_BOT_TOKEN" in (tmp_path / "bot.log").read_text("utf-8")


def test_without_a_token_it_says_what_is_missing(library_env: dict[str, str]) -> None:
    env = {"PATH": os.environ["PATH"], **library_env}
    done = subprocess.run(
        [sys.executable, "telegram"], cwd=ROOT, env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 2
    assert b"TELEGRAM_BOT_TOKEN is not set" in done.stderr
