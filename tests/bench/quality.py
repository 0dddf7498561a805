"""Does what people look for come first? Ours beside plain engines, on the relevance sets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from edu.search.service import SearchInput, find_materials
from tests.bench.baselines import Baseline, PlainFts5, PlainWhoosh
from tests.bench.libraries import copy_library, corpus_texts, fill_with_texts, import_corpus
from tests.bench.relevance import (
    DEPTH,
    PAGE_AIM,
    QuerySet,
    Run,
    evaluate,
    read_pages,
    read_sets,
    read_texts,
)
from tests.bench.tables import say, show_table, verdict
from tests.product import Product, make_product
from tests.realdata import realdata
from tests.services import run_postgres

Scores = dict[str, dict[str, float]]  # engine -> measure -> value
Places = dict[tuple[str, str], list[int]]  # (query, document) -> pages that the hit opens at


def run_quality(only: str, misses: bool, with_postgres: bool) -> None:
    """Measure the sets with `only` in their names and print the tables; `misses` tells what does
    not come first.
    """
    data = realdata()
    if data is None:
        raise SystemExit("no real course files (EDU_REALDATA)")
    results: list[tuple[QuerySet, Scores]] = []
    with ExitStack() as stack:
        postgres = stack.enter_context(_postgres()) if with_postgres else None
        chosen = (s for s in read_sets(data / "relevance") if only in s.name)
        for name, sets in groupby(chosen, key=lambda s: s.library):
            results += _measure_library(data, name, list(sets), postgres, misses)
    _show(results, postgres is not None)


@contextmanager
def _postgres() -> Iterator[str | None]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(run_postgres())
        except pytest.skip.Exception as missing:
            say(f"without PostgreSQL: {missing}")
            yield None
        else:
            yield url


def _measure_library(
    data: Path, name: str, sets: list[QuerySet], postgres: str | None, misses: bool
) -> Iterator[tuple[QuerySet, Scores]]:
    with tempfile.TemporaryDirectory(prefix="edu-bench-") as folder, ExitStack() as stack:
        say(f"library {name} …")
        product = stack.enter_context(make_product(Path(folder) / "ours"))
        product.prepare()
        if name == "corpus":
            import_corpus(product, data)
            names, texts = corpus_texts(product.app)
        else:
            texts = read_texts(data / "relevance", name)
            names = fill_with_texts(product.app, texts)
        engines = {"ours": product.app}
        if postgres:
            twin = stack.enter_context(_twin(product, postgres, name))
            engines["ours, PostgreSQL"] = twin.app
        say(
            "; ".join(
                f"{n}: {type(a.extensions['edu.index']).__name__}" for n, a in engines.items()
            )
        )
        plain = (PlainWhoosh(texts, "ru" if name == "corpus" else "en"), PlainFts5(texts))
        for query_set in sets:
            yield query_set, _measure_set(data, query_set, engines, plain, names, misses)


@contextmanager
def _twin(product: Product, server: str, name: str) -> Iterator[Product]:
    """The same library on PostgreSQL, searched by PostgreSQL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = server.replace("/postgres", f"/{name}")
    with make_product(product.folder.with_name("twin"), DATABASE_URL=url) as twin:
        twin.prepare()
        copy_library(product.app, twin.app)
        yield twin


def _measure_set(
    data: Path,
    query_set: QuerySet,
    engines: dict[str, Flask],
    plain: tuple[Baseline, ...],
    names: dict[int, str],
    misses: bool,
) -> Scores:
    say(f"  {query_set.name}: {len(query_set.queries)} queries")
    scores: Scores = {}
    for engine, app in engines.items():
        run, places = _ask(app, query_set, names)
        scores[engine] = evaluate(query_set.grades, run)
        if query_set.name == "known items, exact":
            scores[engine]["page"] = _page_share(data, places)
        if misses:
            _show_misses(engine, query_set, run)
    for baseline in plain:
        run = _run(query_set, lambda text, engine=baseline: engine.find(text, DEPTH))  # type: ignore[misc]  # a default argument has no type in a lambda
        scores[baseline.name] = evaluate(query_set.grades, run)
    return scores


def _run(query_set: QuerySet, find: Callable[[str], list[str]]) -> Run:
    return {query: find(text) for query, text in query_set.queries.items()}


def _ask(app: Flask, query_set: QuerySet, names: dict[int, str]) -> tuple[Run, Places]:
    """Ask as the page and the API do."""
    run: Run = {}
    places: Places = {}
    for query, text in query_set.queries.items():
        with app.app_context():
            found = find_materials(SearchInput(text=text, per_page=DEPTH))
            run[query] = [names[item.material.id] for item in found.items]
            for item in found.items:
                numbers = [place.number for place in item.places]
                places[query, names[item.material.id]] = numbers
    return run, places


def _page_share(data: Path, places: Places) -> float:
    """Of the known items that were found, how many have the right page among their places."""
    pages = read_pages(data / "relevance")
    found = [(places[q, d], page) for q, d, page in pages if (q, d) in places]
    return sum(page in numbers for numbers, page in found) / max(len(found), 1)


def _show_misses(engine: str, query_set: QuerySet, run: Run) -> None:
    for query, grades in query_set.grades.items():
        score = evaluate({query: grades}, run)["ndcg"]
        if score < 0.999:
            text, wanted = query_set.queries[query], " ".join(sorted(grades))
            say(f"    {engine} {score:.2f} {query} «{text}» {wanted}: {' '.join(run[query][:3])}")


def _show(results: list[tuple[QuerySet, Scores]], with_postgres: bool) -> None:
    ours = ["ours", "ours, PostgreSQL"] if with_postgres else ["ours"]
    plain = [PlainWhoosh.name, PlainFts5.name]
    say("\nnDCG@10; Whoosh and FTS5 are plain indexes of the same texts\n")
    rows = []
    for query_set, scores in results:
        ndcg = {name: score["ndcg"] for name, score in scores.items()}
        best = max(ndcg[name] for name in plain)
        aim = (query_set.aim, verdict(ndcg["ours"], query_set.aim))
        values = [ndcg[name] for name in (*ours, *plain)]
        rows.append((query_set.name, len(query_set.grades), *values, *aim, ndcg["ours"] / best))
    show_table(("set", "queries", *ours, *plain, "aim", "", "ours / best plain"), rows)
    measures = ("recall", "mrr", "success1")
    details = [
        (q.name, name, *(scores[name][measure] for measure in measures))
        for q, scores in results
        for name in ours
    ]
    show_table(("set", "engine", "recall@10", "MRR", "success@1"), details)
    for _query_set, scores in results:
        for name in ours:
            if (share := scores[name].get("page")) is not None:
                say(
                    f"{name}: the right page is among the three places of {share:.1%} of the known "
                    f"items found (aim {PAGE_AIM:.0%}, {verdict(share, PAGE_AIM)})"
                )
