"""The real bot process against a Bot API on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot.flood import MOST
from edu.config import ROOT
from edu.telegram_chats.service import is_blocked
from tests.bot.bot_api import BotApi, Markup, run_bot_api
from tests.bot.conftest import CHARLIES_CHAT, SITE
from tests.bot.library import CONTENT, EVIL_TITLE
from tests.bot.process import run_bot

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group(name="bot")]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bot") / "bot.log"


@pytest.fixture(scope="module")
def api(library: Flask, library_env: dict[str, str], log: Path) -> Iterator[BotApi]:
    """The stand-in, with the bot polling it."""
    with run_bot_api() as served, run_bot(library_env, served, log):
        served.wait_for("deleteWebhook")
        yield served


@pytest.fixture
def copied_env(library: Flask, library_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same library in another folder, where nobody polls."""
    folder = tmp_path / "library"
    shutil.copytree(library_env["EDU_DATA"], folder)
    with closing(sqlite3.connect(folder / "edu.db")) as database, database:
        database.execute("DELETE FROM telegram_pollers")
    return {**library_env, "EDU_DATA": str(folder)}


def buttons(params: dict[str, Any]) -> dict[str, str]:
    """The buttons of a sent message: text to data or address."""
    rows = json.loads(params.get("reply_markup", "{}")).get("inline_keyboard", [])
    return {b["text"]: b.get("callback_data") or b["url"] for row in rows for b in row}


def labelled(params: dict[str, Any], words: str) -> str:
    """The data of the button whose text holds these words."""
    return next(data for text, data in buttons(params).items() if words in text)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_start_shows_the_menu_and_the_way_in(api: BotApi) -> None:
    api.say("/start", chat=10)
    sent = api.wait_for("sendMessage", chat=10)
    assert SITE in Markup(sent["text"]).links
    assert sent["parse_mode"] == "HTML"
    first = json.loads(sent["reply_markup"])["keyboard"][0]
    assert [button["text"] for button in first] == ["Search", "Library"]
    assert "Sign in" in buttons(api.wait_for("sendMessage", chat=10, after=1))


def test_commands_are_set_in_both_languages(api: BotApi) -> None:
    api.wait_for("setMyCommands", after=1)
    commands = {p.get("language_code"): p["commands"] for p in api.sent("setMyCommands", 1)}
    assert set(commands) == {None, "ru"}
    names = [each["command"] for each in json.loads(commands[None])]
    assert {"search", "library", "subjects", "help", "cancel", "login", "logout"} <= set(names)


def test_what_it_does_not_know_is_answered_with_the_way_to_help(api: BotApi) -> None:
    api.say("/nonsense", chat=11)
    assert "/help" in api.wait_for("sendMessage", chat=11)["text"]
    api.send(11, location={"latitude": 55.7, "longitude": 37.6})
    assert "/help" in api.wait_for("sendMessage", chat=11, after=1)["text"]


def test_a_search_finds_the_page_and_its_card_shows_it(api: BotApi) -> None:
    api.say("формула Грина", chat=12)
    sent = api.wait_for("sendMessage", chat=12)
    assert "Криволинейный интеграл" in sent["text"]
    assert json.loads(sent["link_preview_options"])["is_disabled"] is True
    api.press(sent["result"]["message_id"], buttons(sent)["1"], chat=12)
    card = api.wait_for("editMessageMedia", chat=12)
    assert "Формула" in json.loads(card["media"])["caption"]
    api.press(sent["result"]["message_id"], labelled(card, "Back"), chat=12)
    again = api.wait_for("sendMessage", chat=12, after=1)  # a picture cannot become a text
    assert again["text"] == sent["text"]
    assert [m["message_id"] for m in api.chats.shown(12)] == [again["result"]["message_id"]]


def test_a_file_is_sent_once_and_named_ever_after(api: BotApi) -> None:
    api.say("формула Грина", chat=21)
    sent = api.wait_for("sendMessage", chat=21)
    api.press(sent["result"]["message_id"], buttons(sent)["1"], chat=21)
    card = api.wait_for("editMessageMedia", chat=21)
    for turn in range(2):
        api.press(card["result"]["message_id"], labelled(card, "Download"), chat=21)
        document = api.wait_for("sendDocument", chat=21, after=turn)
        assert list(document["uploads"].values()) == [len(CONTENT)][turn:]
        if turn == 0:
            assert api.wait_for("sendChatAction", chat=21)["action"] == "upload_document"
            time.sleep(0.2)  # its name is being written down
    api.chats.files.clear()  # Telegram forgets
    api.press(card["result"]["message_id"], labelled(card, "Download"), chat=21)
    assert api.wait_for("sendDocument", chat=21, after=2)["uploads"]


def test_screens_take_each_others_place(api: BotApi) -> None:
    api.say("Library", chat=22)
    types = api.wait_for("sendMessage", chat=22)
    api.press(types["result"]["message_id"], labelled(types, "Lecture"), chat=22)
    assert api.wait_for("editMessageText", chat=22)["text"] != types["text"]
    api.say("Subjects", chat=22)
    api.wait_for("deleteMessage", chat=22)
    assert len(api.chats.shown(22)) == 1


def test_a_hostile_title_arrives_as_text(api: BotApi) -> None:
    api.say("тензор", chat=13)
    assert EVIL_TITLE in Markup(api.wait_for("sendMessage", chat=13)["text"]).plain


def test_pages_turn_forth_and_back_in_one_message(api: BotApi) -> None:
    api.say("Даламбера", chat=14)
    sent = api.wait_for("sendMessage", chat=14)
    message_id = sent["result"]["message_id"]
    api.press(message_id, buttons(sent)["▶"], chat=14)
    second = api.wait_for("editMessageText", chat=14)
    assert second["message_id"] == str(message_id)
    api.press(message_id, buttons(second)["◀"], chat=14)
    assert api.wait_for("editMessageText", chat=14, after=1)["text"] == sent["text"]


def test_a_foreign_button_reads_no_other_persons_search(api: BotApi) -> None:
    api.say("Даламбера", chat=15)
    sent = api.wait_for("sendMessage", chat=15)
    pressed = api.press(sent["result"]["message_id"], buttons(sent)["▶"], chat=16)
    answer = api.wait_for_answer(pressed)
    assert answer["show_alert"] == "true"
    assert "No access" in answer["text"]


@pytest.mark.parametrize("data", ["page:0:x", "material:show:1", "delete:1", "x" * 64])
def test_forged_buttons_have_no_access(api: BotApi, data: str) -> None:
    assert "No access" in api.wait_for_answer(api.press(1, data, chat=17))["text"]


def test_inline_results_have_titles_and_links(api: BotApi) -> None:
    answer = api.wait_for_answer(api.ask_inline("Криволинейный интеграл"))
    results = json.loads(answer["results"])
    assert results[0]["title"] == "Криволинейный интеграл"
    assert "★" in results[0]["description"]
    assert results[0]["url"].startswith(f"{SITE}/materials/")
    assert answer["is_personal"] == "false"
    assert json.loads(api.wait_for_answer(api.ask_inline(""))["results"])


def test_it_waits_as_long_as_telegram_demands(api: BotApi) -> None:
    api.refuse(18, 429, "Too Many Requests", retry_after=1)
    api.say("/start", chat=18)
    assert SITE in api.wait_for("sendMessage", chat=18)["text"]


def test_whoever_asks_too_fast_is_told_so_once(api: BotApi) -> None:
    pressed = [api.press(1, "x", chat=23) for _ in range(MOST + 5)]
    assert "too fast" in api.wait_for_answer(pressed[MOST])["text"]
    api.wait_for_answer(pressed[MOST - 1])
    answered = {params.get("callback_query_id") for _name, params in api.calls}
    assert not answered & set(pressed[MOST + 1 :])


def test_a_person_who_blocked_the_bot_is_marked(api: BotApi, library: Flask) -> None:
    def blocked(chat: int) -> bool:
        with library.app_context():
            return is_blocked(chat)

    api.refuse(19, 403, "Forbidden: bot was blocked by the user")
    api.say("/help", chat=19)
    wait_until(lambda: blocked(19))
    api.say("/help", chat=19)
    api.wait_for("sendMessage", chat=19)
    assert not blocked(19)
    api.block(19)
    wait_until(lambda: blocked(19))


def test_nothing_was_sent_that_telegram_refuses(api: BotApi, log: Path) -> None:
    faults = [each for each in api.refused if "wrong file identifier" not in each[1]]
    assert faults == []
    assert "Traceback" not in log.read_text("utf-8")


def test_after_a_restart_buttons_and_dialogues_go_on_and_sigterm_ends_it(
    copied_env: dict[str, str], tmp_path: Path
) -> None:
    with run_bot_api() as api:
        with run_bot(copied_env, api, tmp_path / "bot.log"):
            api.say("Даламбера", chat=CHARLIES_CHAT)
            sent = api.wait_for("sendMessage", chat=CHARLIES_CHAT)
            api.say("/collections", chat=CHARLIES_CHAT)
            listed = api.wait_for("sendMessage", chat=CHARLIES_CHAT, after=1)
            place = listed["result"]["message_id"]
            api.press(place, labelled(listed, "New collection"), chat=CHARLIES_CHAT)
            api.wait_for("editMessageText", chat=CHARLIES_CHAT)
        with run_bot(copied_env, api, tmp_path / "bot.log") as process:
            api.press(sent["result"]["message_id"], buttons(sent)["▶"], chat=CHARLIES_CHAT)
            second = api.wait_for("editMessageText", chat=CHARLIES_CHAT, after=1)
            assert "page 2" in second["text"]
            api.say("Ряды к зачёту", chat=CHARLIES_CHAT)
            made = api.wait_for("sendMessage", chat=CHARLIES_CHAT, after=2)
            assert "Ряды к зачёту (0)" in buttons(made)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def test_a_second_poller_says_so_and_ends_and_a_dead_one_is_replaced(
    copied_env: dict[str, str], tmp_path: Path
) -> None:
    with run_bot_api() as api:
        with run_bot(copied_env, api, tmp_path / "bot.log") as first:
            api.wait_for("deleteWebhook")
            with run_bot(copied_env, api, tmp_path / "second.log") as second:
                assert second.wait(30) == 3
            assert "polls already" in (tmp_path / "second.log").read_text("utf-8")
            first.kill()
            first.wait()
        with run_bot(copied_env, api, tmp_path / "third.log"):
            api.say("/help")
            api.wait_for("sendMessage")


def test_with_the_site_a_second_poller_waits_for_its_turn(
    copied_env: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "second.log"
    with run_bot_api() as api, run_bot(copied_env, api, tmp_path / "bot.log"):
        api.wait_for("deleteWebhook")
        with run_bot(copied_env, api, log, "--stay") as second:
            end = time.monotonic() + 30
            while "begins anew" not in log.read_text("utf-8"):
                assert time.monotonic() < end
                time.sleep(0.05)
            assert second.poll() is None
            second.send_signal(signal.SIGTERM)
            assert second.wait(10) == -signal.SIGTERM


def test_a_poller_elsewhere_ends_this_one(copied_env: dict[str, str], tmp_path: Path) -> None:
    with run_bot_api() as api:
        api.conflicts = 10
        with run_bot(copied_env, api, tmp_path / "bot.log") as process:
            assert process.wait(30) == 3
    assert "another process polls" in (tmp_path / "bot.log").read_text("utf-8")


def test_a_token_that_telegram_refuses_ends_the_start(
    copied_env: dict[str, str], tmp_path: Path
) -> None:
    with run_bot_api() as api:
        api.url += "/elsewhere"
        with run_bot(copied_env, api, tmp_path / "bot.log") as process:
            assert process.wait(20) == 2
    assert "does not accept TELEGRAM_BOT_TOKEN" in (tmp_path / "bot.log").read_text("utf-8")


def test_without_a_token_it_says_what_is_missing(library_env: dict[str, str]) -> None:
    env = {"PATH": os.environ["PATH"], **library_env, "TELEGRAM_BOT_TOKEN": ""}
    done = subprocess.run(
        [sys.executable, "telegram"], cwd=ROOT, env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 2
    assert b"TELEGRAM_BOT_TOKEN is not set" in done.stderr
