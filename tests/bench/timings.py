"""The same queries to every engine, one client, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask
from werkzeug.datastructures import MultiDict

from edu.search.forms import read_input
from edu.search.service import find_materials
from tests.bench.queries import BANDS, Asked
from tests.bench.tables import percentile, say, show_table

Times = dict[str, list[float]]  # engine -> milliseconds, in the order of the queries


def time_engine(ask: Callable[[Asked], object], queries: list[Asked]) -> list[float]:
    """Milliseconds of each query, after a warming-up."""
    for asked in queries[::5]:
        ask(asked)
    times = []
    for asked in queries:
        began = time.perf_counter()
        ask(asked)
        times.append((time.perf_counter() - began) * 1000)
    return times


def time_ours(app: Flask, queries: list[Asked]) -> list[float]:
    """Milliseconds of understanding, searching, counting and cutting snippets, without the page."""

    def ask(asked: Asked) -> None:
        with app.app_context():
            arguments = MultiDict({"q": asked.text, **asked.filters})
            find_materials(read_input(arguments, strict=True), counts=True)

    return time_engine(ask, queries)


def show_timings(queries: list[Asked], engines: Times) -> None:
    """Print p50 and p95 by number of words and band, and how ours stand to the plain ones."""
    plain = [name for name in engines if name not in ("page", "ours")]
    say(
        f"{len(queries)} queries, half of them with filters; ms, p50 / p95. page: the whole page "
        "over HTTP; ours: the same\nin process, with counts of choices and three places a hit; "
        f"{', '.join(plain)}: in process, 20 hits with a snippet each, and the total\n"
    )
    rows = []
    for number in (1, 2, 3):
        for band in BANDS:
            at = [n for n, q in enumerate(queries) if (q.words, q.band) == (number, band)]
            if at:
                rows.append((f"{number}, {band}", *_cells(engines, at)))
    for name, filtered in (("all, with filters", True), ("all, without", False)):
        at = [n for n, asked in enumerate(queries) if bool(asked.filters) == filtered]
        rows.append((name, *_cells(engines, at)))
    every = list(range(len(queries)))
    rows.append(("all", *_cells(engines, every)))
    show_table(("words", *engines), rows)
    for name in plain:
        shares = [_ratio(engines["ours"], engines[name], share) for share in (0.5, 0.95)]
        say(f"ours / {name}: p50 {shares[0]:.2f}, p95 {shares[1]:.2f}")
    say("")


def _cells(engines: Times, at: list[int]) -> list[str]:
    picked = [[times[n] for n in at] for times in engines.values()]
    return [f"{percentile(v, 0.5):.1f} / {percentile(v, 0.95):.1f}" for v in picked]


def _ratio(ours: list[float], other: list[float], share: float) -> float:
    return percentile(ours, share) / percentile(other, share)
