"""The bot's settings, and what it keeps out of the log."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from bot.main import HidingFormatter
from edu.config import SettingsError, load_settings
from tests.bot.bot_api import TOKEN


def test_a_token_is_never_shown_by_the_settings(tmp_path: Path) -> None:
    settings = load_settings({"EDU_DATA": str(tmp_path), "TELEGRAM_BOT_TOKEN": TOKEN})
    assert settings.telegram_token == TOKEN
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert TOKEN not in repr(settings)


def test_a_token_that_cannot_be_one_is_refused_without_repeating_it(tmp_path: Path) -> None:
    env = {"EDU_DATA": str(tmp_path), "TELEGRAM_BOT_TOKEN": "not/a-token"}
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN") as refused:
        load_settings(env)
    assert "not/a-token" not in str(refused.value)


def test_the_log_hides_the_token_in_messages_and_tracebacks() -> None:
    record = logging.makeLogRecord({"msg": "POST /bot%s/getMe", "args": (TOKEN,)})
    try:
        raise ValueError(f"the token {TOKEN}")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = HidingFormatter(logging.Formatter(), TOKEN).format(record)
    assert "POST /bot<token>/getMe" in line
    assert "ValueError: the token <token>" in line
