"""How schema changes are applied: to the app's own database, on SQLite by copying tables."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when the models and the database agree."""
    options = context.config.cmd_opts
    if getattr(options, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def render_item(kind: str, item: Any, _autogenerate: Any) -> str | bool:
    """Migrations outlive the code: they name plain column types, not the product's own."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


if context.is_offline_mode():
    raise SystemExit("SQL scripts are not made here: run `flask db upgrade` against the database.")

with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        process_revision_directives=drop_empty,
    )
    with context.begin_transaction():
        context.run_migrations()
