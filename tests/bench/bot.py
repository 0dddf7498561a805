"""`make bench-bot`: many chats at once; how long answers take, and whether any is lost.

Needs the folder `telegram` on the path.

The library is the bot's tests' with LECTURES more; of the chats every other acts for a person. The
bot is the real process, the Bot API and the people are another (`bot_people.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade

from edu import create_app
from edu.accounts import service as accounts
from edu.config import ROOT, load_settings
from edu.extensions import db
from edu.search.indexing import rebuild_index
from edu.telegram_chats.models import TelegramUpdate
from tests.bench.machine import cpu_seconds_of, describe_machine, memory_of
from tests.bench.tables import percentile, say
from tests.bot import library as samples
from tests.bot.bot_api import TOKEN
from tests.bot.conftest import SITE, link_chats
from tests.services import stopping

FIRST_CHAT = 10_000
LECTURES = 200
AIM_MS = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the people saw, MB of the bot by second, and its log."""

    deeds: list[dict[str, Any]]
    calls: dict[str, int]
    api_busy: float  # the share of a core that the Bot API took
    bot_busy: float
    memory: dict[int, float]
    unfinished: int  # updates that are kept as not dealt with
    log: str

    def times_ms(self, kind: str = "") -> list[float]:
        """How long answers took, in ms."""
        return [d["took_s"] * 1000 for d in self.deeds if d["kind"] == kind or not kind]

    def lost(self) -> list[dict[str, Any]]:
        """What was not answered."""
        return [d for d in self.deeds if not d["shown"] or (_pressed(d) and not d["told"])]

    def doubled(self) -> list[dict[str, Any]]:
        """What was answered more than once."""
        return [d for d in self.deeds if d["shown"] > 1 or d["told"] > 1]

    def errors(self) -> list[str]:
        """Lines of the bot's log that nobody wants to see."""
        return re.findall(r"^.*(?: ERROR | CRITICAL | WARNING |Traceback).*$", self.log, re.M)


def _pressed(deed: dict[str, Any]) -> bool:
    return deed["kind"] in ("card", "button")


def run_load(
    folder: Path, chats: int, seconds: float, think_s: float, lectures: int, rate: int = 30
) -> Outcome:
    """Make a library in the folder, start all and let the people live for so long."""
    env = {
        "EDU_DATA": str(folder),
        "SITE_URL": SITE,
        "DEFAULT_LOCALE": "en",
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_BOT_NAME": "konspekt_bot",
        "TELEGRAM_RATE": str(rate),
    }
    app = make_library(env, lectures, range(FIRST_CHAT, FIRST_CHAT + chats, 2))
    result, log = folder / "people.json", folder / "bot.log"
    with people(chats, seconds, think_s, result) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with bot({**env, "TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}, log) as pid:
            assert process.stdout.readline().strip() == b"begun"
            begun, cpu = time.monotonic(), cpu_seconds_of(pid)
            memory = watch_memory(pid, begun, seconds)
            assert process.stdout.readline().strip() == b"ended"
            busy = (cpu_seconds_of(pid) - cpu) / (time.monotonic() - begun)
    seen = json.loads(result.read_text("utf-8"))
    with app.app_context():
        left = db.session.query(TelegramUpdate).filter_by(done_at=None).count()
        db.engine.dispose()
    return Outcome(
        seen["deeds"], seen["calls"], seen["busy"], busy, memory, left, log.read_text("utf-8")
    )


def make_library(env: dict[str, str], lectures: int, linked: range) -> Flask:
    """The library, with these chats linked to accounts."""
    accounts.BCRYPT_ROUNDS = 4  # the accounts are made for this run
    app = create_app(load_settings(env, queue_immediate=True))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    samples.fill(app)
    with app.app_context():
        for number in range(lectures):
            text = f"Числовой ряд {number} сходится абсолютно. Признак Коши, пример {number}."
            samples.add(f"Лекция {number}: ряды и интегралы", [text, text * 5])
        db.session.commit()
        rebuild_index()
        db.session.commit()
    link_chats(app, "charlie", linked)
    return app


@contextmanager
def people(
    chats: int, seconds: float, think_s: float, result: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The process of the Bot API and its people."""
    arguments = map(str, (chats, seconds, think_s, FIRST_CHAT, result))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bot_people", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    with stopping(process):
        yield process
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def bot(env: dict[str, str], log: Path) -> Iterator[int]:
    """The bot's process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "telegram"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LOG_LEVEL": "INFO", **env},
            stdout=output,
            stderr=output,
        )
    with stopping(process):
        yield process.pid


def watch_memory(pid: int, begun: float, seconds: float) -> dict[int, float]:
    """Resident MB of a process after a sixth, a half and the whole of the time."""
    seen = {}
    for at in (seconds / 6, seconds / 2, seconds):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        seen[round(at)] = memory_of(pid)[0]
    return seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-bot")
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=8.0, help="seconds between two deeds")
    parser.add_argument("--lectures", type=int, default=LECTURES)
    parser.add_argument("--rate", type=int, default=30, help="new messages a second, TELEGRAM_RATE")
    parser.add_argument("--keep", type=Path, help="a folder for the bot's log")
    given = parser.parse_args()
    say(describe_machine())
    with tempfile.TemporaryDirectory(prefix="edu-bench-") as folder:
        outcome = run_load(
            Path(folder), given.chats, given.seconds, given.think, given.lectures, given.rate
        )
        if given.keep:
            shutil.copy(Path(folder) / "bot.log", given.keep)
    show(outcome, given.seconds)
    say(f"load at the end: {os.getloadavg()[0]:.1f}")
    if outcome.lost() or outcome.doubled() or outcome.unfinished:
        raise SystemExit("answers were lost, or came twice")


def show(outcome: Outcome, seconds: float) -> None:
    """Print what was measured."""
    count = len(outcome.deeds)
    say(f"{count} updates in {seconds:g} s, {count / seconds:.1f} a second")
    new = sum(outcome.calls.get(name, 0) for name in ("sendMessage", "sendPhoto"))
    say(f"{new / seconds:.1f} new messages a second, of which Telegram takes 30")
    for kind in ("menu", "search", "card", "button", ""):
        if times := outcome.times_ms(kind):
            p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
            aim = f" (aim {AIM_MS})" if kind == "menu" else ""
            say(f"{kind or 'all':>7}: {len(times):5}  p50 {p50:4.0f} ms  p95 {p95:4.0f} ms{aim}")
    say(
        f"lost {len(outcome.lost())}, doubled {len(outcome.doubled())}, "
        f"kept as unfinished {outcome.unfinished}, errors in the log {len(outcome.errors())}"
    )
    for line in outcome.errors()[:5]:
        say(f"  {line[:160]}")
    memory = ", ".join(f"{mb:.0f} MB at {at} s" for at, mb in outcome.memory.items())
    say(f"memory of the bot: {memory}")
    say(f"of a core: the bot {outcome.bot_busy:.2f}, the stand-in {outcome.api_busy:.2f}")


if __name__ == "__main__":
    main()
