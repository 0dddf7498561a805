"""What is particular to the index in PostgreSQL: its limits, its locks, its tables."""

from __future__ import annotations

import random
import string
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from edu.config import ROOT
from edu.search.base import (
    IndexBusy,
    IndexDocument,
    IndexUnavailable,
    SearchFilters,
    SearchRequest,
    SimilarWord,
)
from edu.search.postgres import document as postgres_document
from edu.search.postgres import scoring as postgres_scoring
from edu.search.postgres.asking import quote_lexeme
from edu.search.postgres.index import PostgresIndex
from edu.search.postgres.tables import SCHEMA
from edu.search.whoosh.index import WhooshIndex
from tests.search.conftest import plain
from tests.search.rebuilds import rebuild
from tests.search.samples import DAY, ask, document, found


@pytest.fixture
def server(search_url: str, postgres_index: PostgresIndex) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside those of the index."""
    assert postgres_index.ids() == set()
    with psycopg.connect(plain(search_url), autocommit=True) as connection:
        yield connection


def value(server: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    row = server.execute(query, values).fetchone()
    return row and row[0]


@contextmanager
def other_process(url: str, code: str) -> Iterator[subprocess.Popen[str]]:
    """Run this with `index` at hand, wait until it has printed a line; kill -9 it at the end."""
    head = """import sys, time
from edu.search.postgres.index import PostgresIndex
from tests.search.samples import document
index = PostgresIndex(sys.argv[1])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", head + code, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


# Texts ----------------------------------------------------------------------------------------


def test_any_stem_is_a_lexeme(server: psycopg.Connection[Any]) -> None:
    chance = random.Random(3)
    marks = string.punctuation + " \t\n\u00a0яё\u0345\x01"
    odd = ["'", "\\", "\\'", "''", "'\\"]
    for lexeme in (*odd, *("".join(chance.choices(marks, k=5)) for _ in range(200))):
        query = "SELECT array_to_tsvector(ARRAY[%s]) @@ %s::tsquery"
        assert value(server, query, lexeme, quote_lexeme(lexeme)) is True
        assert value(server, query, lexeme + "x", quote_lexeme(lexeme)) is False


def test_stems_with_marks_in_them_are_found(postgres_index: PostgresIndex) -> None:
    postgres_index.update([document(1, "⑴ и ﱞ"), document(2, "⑵")], [])
    assert found(postgres_index, "⑴") == found(postgres_index, "ﱞ") == [1]
    assert found(postgres_index, "⑵") == [2]


def test_what_no_text_can_hold_filters_everything_out(postgres_index: PostgresIndex) -> None:
    postgres_index.update([document(1, "ряд")], [])
    for odd in ("\0", "\ud800", "'"):
        assert found(postgres_index, "ряд", type=odd) == found(postgres_index, tags=(odd,)) == []
    for number in (2**31, 2**70):
        assert found(postgres_index, category_id=number) == []
        assert found(postgres_index, year=number) == found(postgres_index, material_id=number) == []


def test_a_book_is_searched_to_its_end(postgres_index: PostgresIndex) -> None:
    pages = ["слово и дело " * 400 for _ in range(60)]
    pages.append("здесь ряды Фурье")
    postgres_index.update([document(1, *pages), document(2, "Фурье ряды")], [])
    (hit,) = ask(postgres_index, '"ряды Фурье"').hits
    assert (hit.id, [place.number for place in hit.places]) == (1, [61])
    assert found(postgres_index, "слово") == [1]


def test_more_words_than_one_vector_holds(
    postgres_index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_document, "PART_BYTES", 100)
    words = [f"слово{n}" for n in range(200)]
    for _ in range(2):
        postgres_index.update([document(1, " ".join(words)), document(2, "иное")], [])
        assert found(postgres_index, "слово0 слово199") == [1]
        assert postgres_index.count_documents([("слово0", "слово100", "слово199")]) == [1]
    postgres_index.update([], [1])
    assert found(postgres_index, "слово0") == []


# Order ----------------------------------------------------------------------------------------


def test_the_best_of_very_many_come_first(
    postgres_index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(2)
    texts = [["ряд"] * chance.choice((1, 1, 1, 2, 5, 9)) + ["сумма", "иное"] for _ in range(240)]
    titles = ("Ряд", "Иное", "Иное", "Иное")
    postgres_index.update(
        [document(n, " ".join(text), title=titles[n % 4]) for n, text in enumerate(texts)], []
    )
    monkeypatch.setattr(postgres_scoring, "EXACT", 1000)
    exact = [found(postgres_index, text) for text in ("ряд", "ряд сумма")]
    monkeypatch.setattr(postgres_scoring, "EXACT", 60)
    for text, first in zip(("ряд", "ряд сумма"), exact, strict=True):
        assert found(postgres_index, text) == first
        seen = [
            hit.id
            for page in range(1, 9)
            for hit in postgres_index.search(SearchRequest.of(text, page=page, per_page=30)).hits
        ]
        assert sorted(seen) == list(range(240))


def test_both_engines_give_the_same_answers(postgres_index: PostgresIndex, tmp_path: Path) -> None:
    whoosh = WhooshIndex.open_or_create(tmp_path / "index")
    documents = random_library(random.Random(11), 60)
    for index in (whoosh, postgres_index):
        rebuild(index, documents)
    filters = [
        SearchFilters(),
        SearchFilters(category_id=2, semesters=(1, 3)),
        SearchFilters(tags=("ряды",), rating_gte=2.0),
        SearchFilters(uploaded_after=DAY - timedelta(days=30), language="ru"),
    ]
    for text in (
        "предел",
        "ряд предел",
        "предел неизвестное",
        '"ряд сумма"',
        "-ряд",
        "",
        "сумма -ряд",
    ):
        for each in filters:
            moments = (DAY - timedelta(days=7), DAY - timedelta(days=30))
            request = SearchRequest.of(text, each, per_page=100, counts=True, moments=moments)
            ours, theirs = postgres_index.search(request), whoosh.search(request)
            assert (ours.total, ours.relaxed, ours.counts) == (
                theirs.total,
                theirs.relaxed,
                theirs.counts,
            )
            places = {hit.id: hit.places for hit in theirs.hits}
            assert {hit.id: hit.places for hit in ours.hits} == places
            # Whoosh keeps the lengths of documents in a byte each.
            scores = {hit.id: pytest.approx(hit.score, rel=0.1) for hit in theirs.hits}
            assert {hit.id: hit.score for hit in ours.hits} == scores
    whoosh.close()


def random_library(chance: random.Random, size: int) -> list[IndexDocument]:
    """Documents that differ in everything."""
    words = ["ряд", "предел", "сумма", "Функция", "и", "интеграл", "\n", "Метод"]
    return [
        document(
            number,
            *(" ".join(chance.choices(words, k=40)) for _ in range(chance.randint(1, 4))),
            title=" ".join(chance.choices(words, k=3)),
            tags=chance.sample(["ряды", "зачёт", "экзамен"], k=chance.randint(0, 2)),
            category_ids=chance.choice([[1], [1, 2], [1, 2, 3], [4]]),
            type=chance.choice(["lecture", "exam"]),
            kind=chance.choice(["pdf", "docx", "video"]),
            language=chance.choice(["", "ru", "en"]),
            semester=chance.choice([None, 1, 2, 3]),
            year=chance.choice([None, 2024, 2025]),
            rating=chance.choice([0.0, 2.5, 4.9, 5.0]),
            votes=chance.randint(0, 9),
            created=DAY - timedelta(days=chance.randint(0, 60)),
        )
        for number in range(1, size + 1)
    ]


# Words ----------------------------------------------------------------------------------------


def test_words_are_counted_as_documents_come_and_go(postgres_index: PostgresIndex) -> None:
    def similar() -> list[SimilarWord]:
        return postgres_index.similar_words("интегрл", 2, 5)

    assert similar() == []
    postgres_index.update([document(n, "интеграл и предел") for n in (1, 2)], [])
    (stem,) = {word.stem for word in similar()}
    assert [word.documents for word in similar()] == [2]
    postgres_index.update([document(2, "предел")], [])
    assert [word.documents for word in similar()] == [1]
    rebuild(postgres_index, [document(n, "интеграл") for n in range(3)])
    assert [word.documents for word in similar()] == [3]
    postgres_index.update([], range(3))
    assert similar() == []
    assert postgres_index.count_documents([(stem,)]) == [0]


def test_what_moves_only_numbers_leaves_the_words_alone(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any]
) -> None:
    def written() -> Any:
        return server.execute(f"SELECT xmin, document FROM {SCHEMA}.texts_1 ORDER BY 2").fetchall()  # noqa: S608  # our own name

    first = document(1, "ряд")
    postgres_index.update([first, document(2, "ряд")], [])
    before = written()
    postgres_index.update([replace(first, rating=5.0, votes=3, tags=[], revision=7)], [])
    assert written() == before
    assert found(postgres_index, "ряд", rating_gte=5) == [1]
    assert postgres_index.revisions() == {1: 7, 2: 0}
    postgres_index.update([replace(first, title="Предел")], [])
    assert written() != before
    assert found(postgres_index, "предел") == [1]


# Writers and readers --------------------------------------------------------------------------


@pytest.mark.processes
def test_a_killed_rebuild_goes_on_from_where_it_was(
    search_url: str, postgres_index: PostgresIndex
) -> None:
    postgres_index.update([document(1, "старое")], [])
    code = """
with index.rebuilding() as making:
    making.add([document(n, "новое", revision=n) for n in (1, 2)])
    print("ready", flush=True)
    time.sleep(60)
"""
    with other_process(search_url, code):
        assert found(postgres_index, "старое") == [1]
        with pytest.raises(IndexBusy), postgres_index.rebuilding():
            pass
        postgres_index.update([document(5, "старое")], [])  # nobody waits for a rebuild
    assert sorted(found(postgres_index, "старое")) == [1, 5]
    with postgres_index.rebuilding() as making:
        assert making.revisions() == {1: 1, 2: 2}
        making.add([document(3, "новое", revision=3)], [1])
        making.finish()
        assert making.revisions() == {2: 2, 3: 3}
    assert sorted(found(postgres_index, "новое")) == [2, 3]
    assert found(postgres_index, "старое") == []


@pytest.mark.processes
def test_two_writers_take_turns_and_a_killed_one_leaves_nothing(
    search_url: str, postgres_index: PostgresIndex
) -> None:
    postgres_index.update([document(1, "ряд")], [])
    hasty = PostgresIndex(search_url, lock_timeout=0.1)
    code = """
from edu.search.postgres.writing import write_batch
with index._store.writing() as (connection, state):
    write_batch(connection, state, [document(2, "ряд")], [1], live=True)
    print("ready", flush=True)
    time.sleep(60)
"""
    with other_process(search_url, code):
        with pytest.raises(IndexBusy):
            hasty.update([document(3, "ряд")], [])
        with pytest.raises(IndexBusy):
            hasty.optimize()
        assert found(hasty, "ряд") == [1]
    postgres_index.update([document(3, "ряд")], [])  # waits until the server has noticed
    assert postgres_index.ids() == {1, 3}
    hasty.disconnect()


def test_a_search_sees_one_state_whatever_is_swapped_in(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any]
) -> None:
    rebuild(postgres_index, [document(1, "старое")])
    with postgres_index._store.reading() as (connection, state):
        rebuild(postgres_index, [document(2, "новое"), document(3, "новое")])
        postgres_index.update([document(4, "новое")], [])
        count = f"SELECT count(*) FROM {state.tables.documents}"  # noqa: S608  # our own name
        row = connection.execute(count).fetchone()
        assert row == (1,)
    assert postgres_index.ids() == {2, 3, 4}


def test_only_the_last_but_one_index_is_kept(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any]
) -> None:
    for number in range(4):
        rebuild(postgres_index, [document(number)])
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'texts%%'"
    assert value(server, tables, SCHEMA) == 2


def test_no_transaction_is_left_open(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any]
) -> None:
    postgres_index.update([document(1, "ряд")], [])
    ask(postgres_index, "ряд")
    with pytest.raises(RuntimeError), postgres_index.rebuilding():
        raise RuntimeError
    busy = "application_name = 'search' AND state <> 'idle'"
    assert value(server, f"SELECT count(*) FROM pg_stat_activity WHERE {busy}") == 0  # noqa: S608  # constants
    assert value(server, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


@pytest.mark.parametrize("damage", ["TABLE {0}.occurrences_1", "TABLE {0}.words_1", "SCHEMA {0}"])
def test_an_index_that_was_dropped_says_so_and_is_made_anew(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any], damage: str
) -> None:
    postgres_index.update([document(1, "ряд")], [])
    before = postgres_index.generation()
    server.execute("SET client_min_messages = warning")
    server.execute(f"DROP {damage.format(SCHEMA)} CASCADE")
    with pytest.raises(IndexUnavailable):
        postgres_index.check()
    rebuild(postgres_index, [document(1, "ряд")])
    postgres_index.check()
    assert found(postgres_index, "ряд") == [1]
    assert postgres_index.generation() > before


def test_an_index_of_an_older_version_asks_for_a_rebuild_which_removes_it(
    search_url: str, server: psycopg.Connection[Any]
) -> None:
    server.execute("SET client_min_messages = warning")
    server.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    server.execute("CREATE SCHEMA search_1_0")
    fresh = PostgresIndex(search_url)
    with pytest.raises(IndexUnavailable):
        ask(fresh, "ряд")
    rebuild(fresh, [document(1, "ряд")])
    assert found(fresh, "ряд") == [1]
    assert value(server, "SELECT count(*) FROM pg_namespace WHERE nspname = 'search_1_0'") == 0
    fresh.disconnect()


def test_a_server_that_is_away_is_an_index_that_is_away() -> None:
    index = PostgresIndex("postgresql+psycopg://edu@127.0.0.1:1/edu")
    with pytest.raises(IndexUnavailable):
        ask(index, "ряд")


def test_a_lost_connection_is_replaced(
    postgres_index: PostgresIndex, server: psycopg.Connection[Any]
) -> None:
    postgres_index.update([document(1, "ряд")], [])
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'search'"
    )
    assert found(postgres_index, "ряд") == [1]
