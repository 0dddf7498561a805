"""The tables of one index in PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple

from edu.search.folding import FORMAT

LAYOUT = 1  # raised whenever the tables below change; FORMAT stands for what words mean
SCHEMA = f"search_{FORMAT}_{LAYOUT}"

# Microseconds, by which generations are counted, so that they grow past an index that was
# dropped by hand.
NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

HOME_DDL = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.indexes (
    number integer PRIMARY KEY,
    role text NOT NULL,
    generation bigint NOT NULL,
    documents integer NOT NULL DEFAULT 0,
    text_length bigint NOT NULL DEFAULT 0,
    title_length bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS one_of_each ON {SCHEMA}.indexes (role) WHERE role <> 'former'
"""

# documents: what results are filtered, sorted and counted by. texts: the stems, for the index of
# words. occurrences: weights and positions of the stems, in buckets (packing.py).
# words: every stem with the number of its documents.
DDL = """
CREATE TABLE {documents} (
    id integer PRIMARY KEY,
    revision bigint NOT NULL,
    digest bytea NOT NULL,
    packed bytea NOT NULL,
    type text NOT NULL,
    kind text NOT NULL,
    language text NOT NULL,
    semester integer,
    year integer,
    rating integer NOT NULL,
    created bigint NOT NULL,
    category_ids integer[] NOT NULL,
    tags text[] NOT NULL,
    text_length integer NOT NULL,
    title_length integer NOT NULL,
    buckets integer NOT NULL
);
CREATE TABLE {texts} (
    document integer NOT NULL,
    part integer NOT NULL,
    stems tsvector NOT NULL,
    PRIMARY KEY (document, part)
);
ALTER TABLE {texts} ALTER stems SET STATISTICS 0;
CREATE TABLE {occurrences} (
    document integer NOT NULL,
    bucket integer NOT NULL,
    packed bytea NOT NULL,
    PRIMARY KEY (document, bucket)
);
CREATE TABLE {words} (
    stem text COLLATE "C" PRIMARY KEY,
    documents integer NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE
) WITH (fillfactor = 80)
"""
# Without a list of pending entries, which every search would read through.
GIN = "CREATE INDEX ON {texts} USING gin (stems) WITH (fastupdate = off)"


class Tables(NamedTuple):
    """The names of one set, with the schema."""

    documents: str
    texts: str
    occurrences: str
    words: str

    @classmethod
    def of(cls, number: int) -> Tables:
        """The set with this number."""
        return cls(*(f"{SCHEMA}.{name}_{number}" for name in cls._fields))
