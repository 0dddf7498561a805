"""The real bot process, for tests and scenarios."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edu.config import ROOT
from tests.bot.bot_api import TOKEN, BotApi
from tests.services import stopping


@contextmanager
def run_bot(
    env: dict[str, str], api: BotApi, log: Path, *arguments: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python telegram`, polling; its log must never hold the token."""
    kept = {"PATH": os.environ["PATH"], "LOG_LEVEL": "DEBUG"}
    telegram = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": api.url}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "telegram", *arguments],
            cwd=ROOT,
            env=kept | env | telegram,
            stdout=output,
            stderr=output,
        )
    with stopping(process):
        yield process
    assert TOKEN not in log.read_text("utf-8")
