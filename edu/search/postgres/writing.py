"""How documents get into the tables of an index, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from edu.search.base import IndexDocument
from edu.search.postgres.document import (
    COLUMNS,
    MARK,
    VECTOR,
    DocumentWords,
    digest_texts,
    document_columns,
)
from edu.search.postgres.sets import Connection, State
from edu.search.postgres.tables import NOW, SCHEMA

CHUNK_DOCUMENTS, CHUNK_CHARACTERS = 100, 2_000_000  # written at once


def write_batch(
    connection: Connection,
    state: State,
    documents: Iterable[IndexDocument],
    deletes: Iterable[int],
    live: bool,
) -> dict[int, int]:
    """Put documents in and take ids out; an id in both is put in. Words are counted when live.

    Returns id -> revision of what was put in.
    """
    added: dict[int, int] = {}
    _replace(connection, state, sorted(set(deletes)), {}, live)
    for chunk in _chunks(documents):
        _replace(connection, state, sorted(chunk), chunk, live)
        added |= {number: document.revision for number, document in chunk.items()}
    note_change(connection, state)
    return added


def _chunks(documents: Iterable[IndexDocument]) -> Iterator[dict[int, IndexDocument]]:
    """Yield documents by id, as many at once as memory is good for: a batch may be all books."""
    chunk: dict[int, IndexDocument] = {}
    size = 0
    for document in documents:
        chunk[document.id] = document
        size += sum(len(passage.text) for passage in document.passages)
        if len(chunk) >= CHUNK_DOCUMENTS or size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = {}, 0
    yield chunk


def _replace(
    connection: Connection,
    state: State,
    gone: list[int],
    wanted: dict[int, IndexDocument],
    live: bool,
) -> None:
    if not gone:
        return
    known = _digests(connection, state, gone)
    same = {
        n for n, document in wanted.items() if known.get(n, (b"",))[0] == digest_texts(document)
    }
    folded = [DocumentWords.of(document) for n, document in wanted.items() if n not in same]
    changed = [n for n in gone if n not in same]
    if live:
        _count_words(connection, state, changed, folded)
    _delete(connection, state, gone, changed)
    _insert_texts(connection, state, folded)
    lengths = {n: known[n][1:] for n in same}
    lengths |= {words.id: words.lengths for words in folded}
    _insert_documents(
        connection, state, [document_columns(d, lengths[n]) for n, d in wanted.items()]
    )


def _digests(connection: Connection, state: State, ids: list[int]) -> dict[int, Any]:
    query = (
        "SELECT id, digest, text_length, title_length, buckets "  # noqa: S608  # our own names
        f"FROM {state.tables.documents} WHERE id = ANY(%s)"
    )
    return {row[0]: row[1:] for row in connection.execute(query, [ids])}


def _count_words(
    connection: Connection, state: State, changed: list[int], folded: list[DocumentWords]
) -> None:
    """Keep up in how many documents each stem is."""
    texts, table = state.tables.texts, state.tables.words
    old = connection.execute(
        f"SELECT stem, count(*) FROM {texts}, unnest(tsvector_to_array(stems)) AS stem "  # noqa: S608  # our own names
        "WHERE document = ANY(%s) AND position(%s IN stem) = 0 GROUP BY stem",
        [changed, MARK],
    )
    counts = Counter(chain.from_iterable(words.text.positions for words in folded))
    counts.subtract(dict(old.fetchall()))
    moved = {stem: count for stem, count in counts.items() if count}
    connection.execute(
        f"INSERT INTO {table} AS known (stem, documents) "  # noqa: S608  # our own names
        "SELECT * FROM unnest(%s::text[], %s::integer[]) ON CONFLICT (stem) "
        "DO UPDATE SET documents = known.documents + excluded.documents",
        [list(moved), list(moved.values())],
    )


def _delete(connection: Connection, state: State, gone: list[int], changed: list[int]) -> None:
    tables = state.tables
    for table, column, ids in (
        (tables.documents, "id", gone),
        (tables.texts, "document", changed),
        (tables.occurrences, "document", changed),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])  # noqa: S608  # our own names


def _insert_texts(connection: Connection, state: State, folded: list[DocumentWords]) -> None:
    mean = state.mean_length or sum(words.length for words in folded) / max(len(folded), 1) or 1.0
    tables = state.tables
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {tables.texts} VALUES (%s, %s, {VECTOR})",  # noqa: S608  # our own names
            [
                (words.id, number, vector)
                for words in folded
                for number, vector in enumerate(words.vectors(mean))
            ],
        )
        with cursor.copy(f"COPY {tables.occurrences} FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "int4", "bytea"])
            for words in folded:
                for number, packed in words.buckets():
                    copy.write_row((words.id, number, packed))


def _insert_documents(connection: Connection, state: State, values: list[tuple[Any, ...]]) -> None:
    places = ", ".join(["%s"] * len(COLUMNS.split(",")))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {state.tables.documents} ({COLUMNS}) VALUES ({places})",  # noqa: S608  # our own names
            values,
        )


def note_change(connection: Connection, state: State) -> None:
    """Note the sums over all documents, and that the set has changed."""
    connection.execute(
        f"UPDATE {SCHEMA}.indexes SET (documents, text_length, title_length) = "  # noqa: S608  # our own names
        "(SELECT count(*), coalesce(sum(text_length), 0), coalesce(sum(title_length), 0) "
        f"FROM {state.tables.documents}), generation = greatest("
        f"(SELECT max(generation) + 1 FROM {SCHEMA}.indexes), {NOW}) "
        "WHERE number = %s",
        [state.number],
    )
