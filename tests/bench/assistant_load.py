"""`make bench-assistant-load`: twenty people ask at once; how long they wait, and how long others
wait for pages meanwhile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select

from edu.accounts import service as accounts
from edu.accounts.models import User
from edu.api.security import issue_token
from edu.assistant.models import Question
from edu.extensions import db
from edu.search.indexing import rebuild_index
from edu.tree.service import ensure_category
from tests.assistant.conftest import add
from tests.assistant.engines.test_native import real_model
from tests.bench.machine import describe_machine, memory_of
from tests.bench.tables import percentile, say
from tests.product import Product, make_product

PEOPLE = 20
LOOK_S = 1.0
LONGEST_S = 1800
PAGES_A_SECOND = 5
PATHS = ("/", "/subjects", "/search?q=ряды", "/login")
TOPICS = ("ряды", "пределы", "интегралы", "производные", "матрицы")
AIM_MS = 200


@dataclass(slots=True)
class Seen:
    """What one person saw: the state at each look, with how many were ahead."""

    begun: float = field(default_factory=time.monotonic)
    ahead: list[int] = field(default_factory=list)
    first_s: float = 0.0
    whole_s: float = 0.0
    status: str = ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-assistant-load")
    parser.add_argument("--engine", choices=("llamacpp", "composer"), default="llamacpp")
    parser.add_argument("--tokens", default="100", help="the longest answer")
    given = parser.parse_args()
    say(describe_machine())
    env = {"API_LIMIT": "100000 per minute", "SEARCH_LIMIT": "100000 per minute"}
    if given.engine != "composer":
        env |= {"ASSISTANT_MODEL": str(real_model()), "ASSISTANT_MAX_TOKENS": given.tokens}
    with (
        tempfile.TemporaryDirectory(prefix="edu-bench-") as folder,
        make_product(Path(folder), ASSISTANT_ENGINE=given.engine, **env) as product,
    ):
        product.prepare()
        tokens = product.ask(_fill)
        product.start_web()
        worker = product.start_assistant()
        _pages_while(product, lambda: time.sleep(5))  # what the first pages load is nobody's wait
        idle = _pages_while(product, lambda: time.sleep(10))
        seen: list[Seen] = []
        busy = _pages_while(product, lambda: seen.extend(_ask_all(product, tokens)))
        _show(product, seen, idle, busy)
        say(f"memory of the assistant's worker: {memory_of(worker.pid)[0]:.0f} MB")


def _fill() -> list[str]:
    """A small library, and tokens of so many people."""
    accounts_made = [
        accounts.create_user(f"student{n}@example.org", "correct horse battery", f"Student {n}")
        for n in range(PEOPLE)
    ]
    db.session.commit()
    tokens = [issue_token(person) for person in accounts_made]
    maria = db.session.scalars(select(User.id).where(User.name == "Maria")).one()
    subject = ensure_category("Математический анализ", aliases=["матан"])
    for number, topic in enumerate(TOPICS * 4):
        text = f"Определение и свойства: {topic}. Разобраны примеры и задачи. " * 12
        add(maria, f"Лекция {number}: {topic}", subject, text)
    rebuild_index()
    return tokens


def _ask_all(product: Product, tokens: list[str]) -> list[Seen]:
    with ThreadPoolExecutor(PEOPLE) as pool:
        texts = [f"Посоветуй лекции: {TOPICS[n % 5]}, билет {n}" for n in range(PEOPLE)]
        return list(pool.map(lambda pair: _ask(product, *pair), zip(tokens, texts, strict=True)))


def _ask(product: Product, token: str, text: str) -> Seen:
    seen = Seen()
    taken = _call(product, token, "/api/ai/assist", {"query": text})
    while time.monotonic() - seen.begun < LONGEST_S:
        answer = _call(product, token, f"/api/ai/assist/{taken['id']}")
        now, seen.status = time.monotonic() - seen.begun, answer["status"]
        if answer["wait"]:
            seen.ahead.append(answer["wait"]["ahead"])
        if answer["text"] and not seen.first_s:
            seen.first_s = now
        if seen.status not in ("waiting", "answering"):
            seen.whole_s = now
            break
        time.sleep(LOOK_S)
    return seen


def _call(product: Product, token: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
    headers["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(product.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _pages_while(product: Product, act: Any) -> list[float]:
    """Ask for pages evenly, each on a thread of its own; milliseconds of each."""
    took, stop = list[float](), threading.Event()

    def read(address: str) -> None:
        began = time.perf_counter()
        with urllib.request.urlopen(product.url + urllib.parse.quote(address, "/?=")) as answer:
            answer.read()
        took.append((time.perf_counter() - began) * 1000)

    def read_all() -> None:
        number = 0
        while not stop.wait(1 / PAGES_A_SECOND):
            threading.Thread(target=read, args=(PATHS[number % len(PATHS)],)).start()
            number += 1

    reader = threading.Thread(target=read_all)
    reader.start()
    act()
    stop.set()
    reader.join()
    return took


def _show(product: Product, seen: list[Seen], idle: list[float], busy: list[float]) -> None:
    falls = all(later <= before for one in seen for before, later in pairwise(one.ahead))
    with product.app.app_context():
        rows = db.session.scalars(select(Question).order_by(Question.started_at)).all()
        in_order = [row.id for row in rows] == sorted(row.id for row in rows)
        errors = sorted({row.error for row in rows if row.error})
    ended = sum(one.status == "answered" for one in seen)
    first, whole = [one.first_s for one in seen], [one.whole_s for one in seen]
    say(f"{ended} of {len(seen)} answered; errors: {', '.join(errors) or 'none'}")
    say(f"places fall: {falls}; answered in the order of asking: {in_order}")
    say(f"first text: p50 {percentile(first, 0.5):.1f} s, p95 {percentile(first, 0.95):.1f} s")
    say(f"whole answer: p50 {percentile(whole, 0.5):.1f} s, p95 {percentile(whole, 0.95):.1f} s")
    for name, times in (("idle", idle), ("while answering", busy)):
        say(
            f"pages, {name}: {len(times)}, p50 {percentile(times, 0.5):.0f} ms, "
            f"p95 {percentile(times, 0.95):.0f} ms (aim {AIM_MS})"
        )


if __name__ == "__main__":
    main()
