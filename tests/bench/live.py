"""What happens while the library is in use: a page is asked for, published, built anew."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.bench.queries import Asked
from tests.bench.visitor import Moderator, Page, Searcher
from tests.product import Product

POLL_S = 0.02
LONGEST_WAIT_S = 60.0


@dataclass(slots=True)
class Rebuild:
    """A rebuild while a client asks throughout."""

    seconds: float = 0.0
    asked: int = 0
    errors: int = 0
    empty: int = 0  # answers without any of the materials that were there before
    peak: float = 0.0  # MB of the process that builds
    times: list[float] = field(default_factory=list)  # ms


def time_pages(product: Product, queries: list[Asked]) -> list[Page]:
    """Ask for the page of every query, one after the other."""
    searcher = Searcher(product)
    pages = [searcher.search(asked) for asked in queries]
    searcher.close()
    if bad := [page.status for page in pages if page.status != 200]:
        raise RuntimeError(f"the page of results answered {bad[0]}\n{product.tails()}")
    return pages


def time_approvals(product: Product, pending: dict[int, str]) -> list[float]:
    """Seconds from pressing «approve» until search has the material, for each one."""
    moderator = Moderator(product)
    times = []
    for material_id, word in pending.items():
        began = time.perf_counter()
        moderator.approve(material_id)
        _wait_until_found(product, material_id, word)
        times.append(time.perf_counter() - began)
    return times


def _wait_until_found(product: Product, material_id: int, word: str) -> None:
    searcher, asked = Searcher(product), Asked(1, "rare", word)
    end = time.perf_counter() + LONGEST_WAIT_S
    while material_id not in searcher.search(asked).ids:
        if time.perf_counter() > end:
            raise TimeoutError(f"{material_id} is not found\n{product.tails()}")
        time.sleep(POLL_S)
    searcher.close()


def rebuild_under_load(product: Product, queries: list[Asked]) -> Rebuild:
    """Run `flask search rebuild` and ask for pages until it is done, and once more after it."""
    before = time_pages(product, queries)
    expected = [(q, page.ids) for q, page in zip(queries, before, strict=True) if page.ids]
    seen = Rebuild()
    began = time.perf_counter()
    process = product.spawn_flask("search", "rebuild", log="rebuild")
    searcher, endless = Searcher(product), cycle(expected)
    while process.poll() is None:
        _ask(searcher, *next(endless), seen)
        seen.peak = max(seen.peak, _peak(process))
        seen.seconds = time.perf_counter() - began
    for asked, ids in expected:
        _ask(searcher, asked, ids, seen)
    searcher.close()
    if process.returncode:
        raise RuntimeError(f"the rebuild failed\n{product.tails()}")
    return seen


def _ask(searcher: Searcher, asked: Asked, ids: frozenset[int], seen: Rebuild) -> None:
    seen.asked += 1
    try:
        page = searcher.search(asked)
    except OSError:  # no answer at all; the connection opens anew by itself
        searcher.close()
        seen.errors += 1
        return
    seen.times.append(page.took)
    seen.errors += page.status != 200
    seen.empty += page.status == 200 and not page.ids & ids


def _peak(process: subprocess.Popen[bytes]) -> float:
    try:
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    except OSError:  # it has just ended
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
