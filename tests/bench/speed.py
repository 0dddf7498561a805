"""How fast is search, how large, and does it stand while it is written? The real product."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text

from edu.extensions import db
from edu.materials.models import Material, MaterialStatus, Passage
from edu.search.indexing import rebuild_index
from edu.search.whoosh.store import IndexStore
from tests.bench.generated import add_pending, fill_library
from tests.bench.libraries import import_corpus
from tests.bench.live import Rebuild, rebuild_under_load, time_approvals, time_pages
from tests.bench.machine import cpu_seconds_of, memory_of, size_of
from tests.bench.plain import Fts5Table, Line, PlainTable, TsRankTable
from tests.bench.queries import Asked, choose_queries
from tests.bench.tables import percentile, say, show_table, verdict
from tests.bench.timings import show_timings, time_engine, time_ours
from tests.product import Product, descendants, make_product
from tests.realdata import realdata
from tests.services import run_postgres

EACH = 12  # queries of each number of words and band
APPROVALS = 10
PAGE_AIM_MS = {"corpus": 40, "generated": 120}
FINDABLE_AIM_S = 2
MEMORY_AIM_MB = 400
Measure = tuple[str, float, float | None, str]  # name, value, aim, verdict
_ACTIVE = Material.status == MaterialStatus.ACTIVE


def run_speed(size: int | None, backend: str) -> None:
    """Build the library, start the product, measure, print. `size` None: the real files."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edu-bench-")))
        server = _postgres(stack)
        env = {"SEARCH_LIMIT": "1000000 per minute"}
        if backend == "postgres":
            if server is None:
                raise SystemExit("PostgreSQL is not here")
            env["DATABASE_URL"] = _database(server, "ours")
        product = stack.enter_context(make_product(folder / "ours", **env))
        _build(product, size)
        plain = _plain_tables(product, folder, server)
        queries = product.ask(lambda: choose_queries(plain[0].documents_with(), EACH))
        _measure(product, queries, plain, PAGE_AIM_MS["generated" if size else "corpus"])


def _postgres(stack: ExitStack) -> str | None:
    try:
        return stack.enter_context(run_postgres())
    except pytest.skip.Exception as missing:
        say(f"without PostgreSQL: {missing}")
        return None


def _database(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.replace("/postgres", f"/{name}")


def _build(product: Product, size: int | None) -> None:
    data = realdata()
    product.prepare()
    if size is not None:
        took = _timed(lambda: product.ask(lambda: fill_library(size, data)))
        say(f"{size} materials made in {took:.0f} s, {size_of(product.data):.0f} MB of rows")
    elif data is not None:
        import_corpus(product, data)
    else:
        raise SystemExit("no real course files (EDU_REALDATA)")
    before = product.ask(_index_size)
    taken, took = time.process_time(), _timed(lambda: product.ask(_index))
    taken = time.process_time() - taken
    count = product.ask(lambda: db.session.scalar(select(func.count()).where(_ACTIVE)))
    grown = product.ask(_index_size) - (before if size else 0)
    say(
        f"ours: {count} indexed in {took:.1f} s ({taken:.1f} s of CPU), {count / took:.0f}/s; "
        f"{grown:.1f} MB"
    )


def _index() -> None:
    rebuild_index()
    db.session.commit()


def _index_size() -> float:
    """MB of the live index: a folder, or what PostgreSQL has grown by."""
    if "sqlite" in db.engine.dialect.name:
        root = Path(str(db.engine.url.database)).parent / "index"
        return size_of(IndexStore(root).live()[1])
    size = db.session.scalar(text("SELECT pg_database_size(current_database())"))
    return float(size or 0) / 2**20


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _plain_tables(
    product: Product, folder: Path, server: str | None
) -> tuple[Fts5Table] | tuple[Fts5Table, TsRankTable]:
    with product.app.app_context():
        began = time.perf_counter()
        fts5 = Fts5Table(folder, _lines())
        took = time.perf_counter() - began
        say(f"FTS5: indexed in {took:.1f} s; {size_of(folder / 'fts'):.1f} MB with the texts")
        if server is None:
            return (fts5,)
        began = time.perf_counter()
        ts_rank = TsRankTable(_database(server, "plain"), _lines())
        took = time.perf_counter() - began
        say(f"ts_rank: indexed in {took:.1f} s; {ts_rank.size():.1f} MB with the texts\n")
        return fts5, ts_rank


def _lines() -> Iterator[Line]:
    ids = db.session.scalars(select(Material.id).where(_ACTIVE).order_by(Material.id)).all()
    for material_id in ids:
        material = db.session.get_one(Material, material_id)
        texts = select(Passage.text).where(Passage.material_id == material_id)
        body = "\n".join(db.session.scalars(texts.order_by(Passage.number)))
        subject, mean = material.category.trail[0].id, material.rating_mean
        yield Line(material_id, material.title, body, subject, material.type, round(mean, 1))
        db.session.expunge(material)


def _measure(
    product: Product, queries: list[Asked], plain: tuple[PlainTable, ...], page_aim: int
) -> None:
    web = product.start_web()
    time_pages(product, queries[::5])  # the first requests of a process load what it needs
    serving = max(descendants(web.pid) or {web.pid}, key=lambda pid: memory_of(pid)[0])
    rows = _time_engines(product, serving, queries, plain, page_aim)
    worker = product.start_worker()
    # The first one waits for the worker's start besides.
    approvals = time_approvals(product, product.ask(lambda: add_pending(APPROVALS + 1)))[1:]
    rows.append(_row("approve to findable, s, median", percentile(approvals, 0.5), FINDABLE_AIM_S))
    rows.append(_row("approve to findable, s, longest", max(approvals), FINDABLE_AIM_S))
    rows += _rebuild_rows(rebuild_under_load(product, queries))
    resident, own = memory_of(serving)
    rows.append(_row("memory of the web process, MB", resident, MEMORY_AIM_MB))
    rows.append(_row("… without mapped files, MB", own))
    rows.append(_row("memory of the worker, MB", memory_of(worker.pid)[0]))
    show_table(("measure", "value", "aim: at most", ""), rows)


def _time_engines(
    product: Product,
    serving: int,
    queries: list[Asked],
    plain: tuple[PlainTable, ...],
    page_aim: int,
) -> list[Measure]:
    taken = cpu_seconds_of(serving)
    pages = [page.took for page in time_pages(product, queries)]
    taken = cpu_seconds_of(serving) - taken
    engines = {"page": pages, "ours": time_ours(product.app, queries)}
    engines |= {table.name: time_engine(table.ask, queries) for table in plain}
    show_timings(queries, engines)
    return [
        _row("page p50, ms", percentile(pages, 0.5)),
        _row("page p95, ms", percentile(pages, 0.95), page_aim),
        _row("CPU time of a page, ms, mean", taken * 1000 / len(pages)),
    ]


def _rebuild_rows(seen: Rebuild) -> list[Measure]:
    return [
        _row("pages asked for while the index is built anew", seen.asked),
        _row("errors meanwhile", seen.errors, 0),
        _row("empty answers meanwhile", seen.empty, 0),
        _row("page p95 meanwhile, ms", percentile(seen.times, 0.95)),
        _row("rebuild meanwhile, s", seen.seconds),
        _row("memory of the rebuild at its peak, MB", seen.peak),
    ]


def _row(name: str, value: float, aim: float | None = None) -> Measure:
    return name, value, aim, "" if aim is None else verdict(value, aim, at_most=True)
