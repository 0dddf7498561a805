"""How the embedded database is opened."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import event

from edu.extensions import db

PRAGMAS = (
    "journal_mode = WAL",  # readers and the one writer do not wait for each other
    "busy_timeout = 15000",
    "foreign_keys = ON",
    "synchronous = NORMAL",  # with WAL a power cut may cost the last commits, never the database
    "cache_size = -16000",
)


def init_database(app: Flask) -> None:
    """Set SQLite's pragmas on each new connection; other databases need nothing."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_pragmas)


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
