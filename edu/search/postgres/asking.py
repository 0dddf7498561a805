"""What a search asks the tables in SQL, and how the answers come back: as runs of bytes."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from edu.search.base import Facet, SearchFilters
from edu.search.facets import STARS
from edu.search.folding import unix_seconds
from edu.search.postgres.sets import Connection

_NONE: frozenset[int] = frozenset()
_SINGLE: tuple[Facet, ...] = ("type", "kind", "language", "semester", "year")
_TALLIED: tuple[Facet, ...] = (*_SINGLE, "rating", "category", "uploaded")


def quote_lexeme(lexeme: str) -> str:
    """The tsquery that asks for exactly this lexeme, whatever marks it holds."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def id_list(numbers: Iterable[int]) -> str:
    """An integer[] as PostgreSQL reads it: far quicker to write than a list of parameters."""
    return "{" + ",".join(map(str, numbers)) + "}"


def unpack_ids(packed: bytes | None) -> frozenset[int]:
    """Return what string_agg(int4send(id), '') has packed."""
    numbers = array("I", packed or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return frozenset(numbers)


def ask_holding(
    connection: Connection, texts: str, lexemes: list[str]
) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield for each lexeme the documents that hold it."""
    found = connection.execute(
        "SELECT asked.number, (SELECT string_agg(int4send(document), '') "  # noqa: S608  # our own names
        f"FROM {texts} WHERE stems @@ asked.query) "
        "FROM unnest(%s::tsquery[]) WITH ORDINALITY AS asked (query, number)",
        [[quote_lexeme(lexeme) for lexeme in lexemes]],
        binary=True,
    )
    for number, packed in found:
        yield lexemes[number - 1], unpack_ids(packed)


def ask_passing(connection: Connection, documents: str, filters: SearchFilters) -> frozenset[int]:
    """Return the documents that pass the filters."""
    conditions = list(_conditions(filters))
    if not all(_storable(value) for _, value in conditions):
        return _NONE
    where = " AND ".join(condition for condition, _ in conditions) or "true"
    query = f"SELECT string_agg(int4send(id), '') FROM {documents} WHERE {where}"  # noqa: S608  # our own names
    values = [value for _, value in conditions]
    row = connection.execute(query, values, binary=True).fetchone()
    return unpack_ids(row and row[0])


def _conditions(filters: SearchFilters) -> Iterator[tuple[str, Any]]:
    for name in ("type", "kind", "language"):
        if (value := getattr(filters, name)) is not None:
            yield f"{name} = %s", value
    if filters.material_id is not None:
        yield "id = %s", filters.material_id
    if filters.category_id is not None:
        yield "%s = ANY(category_ids)", filters.category_id
    if filters.year is not None:
        yield "year = %s", filters.year
    if filters.semesters is not None:
        yield "semester = ANY(%s)", list(filters.semesters)
    if filters.tags:
        yield "tags @> %s::text[]", list(filters.tags)
    if filters.rating_gte is not None:
        yield "rating >= %s", round(filters.rating_gte * 100)
    if filters.uploaded_after is not None:
        yield "created >= %s", unix_seconds(filters.uploaded_after)
    if filters.uploaded_before is not None:
        yield "created <= %s", unix_seconds(filters.uploaded_before)


def _storable(value: Any) -> bool:
    """Whether the database takes the text: what it cannot keep, no document has."""
    if isinstance(value, list):
        return all(_storable(each) for each in value)
    return not isinstance(value, str) or ("\0" not in value and _encodable(value))


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def ask_tallies(
    connection: Connection,
    documents: str,
    ids: Iterable[int] | None,
    moments: tuple[datetime, ...],
) -> dict[Facet, dict[Any, int]]:
    """Return the counts of every facet but the tags; None stands for all documents."""
    since = (f"((created >= {unix_seconds(m)})::integer << {n})" for n, m in enumerate(moments))
    sets = [*_SINGLE, "rating / 100", "category_ids", " | ".join(since) or "documents.id < 0"]
    where, values = _among(ids)
    found = connection.execute(
        f"SELECT grouping({', '.join(sets)}), count(*), {', '.join(sets)} "  # noqa: S608  # our own names
        f"FROM {documents} AS documents WHERE {where} "
        f"GROUP BY GROUPING SETS ({', '.join(f'({each})' for each in sets)})",
        values,
        prepare=False,
    )
    tallies: dict[Facet, Counter[Any]] = {facet: Counter() for facet in _TALLIED}
    for mask, count, *columns in found:
        # A bit is 0 for what the row is grouped by; the last one stands for the first column.
        at = next(i for i in range(len(sets)) if not mask >> (len(sets) - 1 - i) & 1)
        facet = _TALLIED[at]
        tallies[facet].update(dict.fromkeys(_choices(facet, columns[at]), count))
    return {facet: dict(tally) for facet, tally in tallies.items()}


def _choices(facet: Facet, value: Any) -> Iterable[Any]:
    """Return what a value counts for: a rating for all lower stars too, a path for each category
    on it, the bits of an upload for the moments since which it is there.
    """
    if facet == "rating":
        return (stars for stars in STARS if stars <= value)
    if facet == "category":
        return dict.fromkeys(value)
    if facet == "uploaded":
        return (place for place in range(int(value).bit_length()) if value >> place & 1)
    return () if value in (None, "") else (value,)


def ask_tags(connection: Connection, documents: str, ids: Iterable[int] | None) -> dict[Any, int]:
    """Return how many of the documents bear each tag."""
    where, values = _among(ids)
    found = connection.execute(
        f"SELECT tag, count(*) FROM (SELECT unnest(tags) AS tag FROM {documents} WHERE {where}) "  # noqa: S608  # our own names
        "AS borne GROUP BY tag",
        values,
        prepare=False,
    )
    return dict(found.fetchall())


def _among(ids: Iterable[int] | None) -> tuple[str, list[str]]:
    """Return a condition and its values. Many ids are looked up in a hash, made of a list that is
    planned for, while one passes over the narrow table; not one by one in the index of ids.
    """
    return ("true", []) if ids is None else ("id + 0 = ANY(%s::integer[])", [id_list(ids)])
