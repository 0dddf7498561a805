"""The index that a test asks for, once on each engine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from edu.search.base import SearchIndex
from edu.search.postgres.index import PostgresIndex
from edu.search.postgres.tables import SCHEMA
from edu.search.whoosh.index import WhooshIndex


@pytest.fixture(scope="session")
def search_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database for the indexes of this test process, in SQLAlchemy's spelling."""
    name = f"search_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        url = postgres_server.replace("/postgres", f"/{name}")
        yield url.replace("postgresql://", "postgresql+psycopg://")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_index(search_url: str) -> Iterator[PostgresIndex]:
    """An empty index in PostgreSQL."""
    with psycopg.connect(plain(search_url), autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    index = PostgresIndex(search_url, lock_timeout=10)
    yield index
    index.disconnect()


def plain(url: str) -> str:
    """The address as the driver itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture(params=["whoosh", "postgres"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each engine in turn."""
    if request.param == "postgres":
        yield request.getfixturevalue("postgres_index")
        return
    index = WhooshIndex.open_or_create(tmp_path / "index")
    yield index
    index.close()
