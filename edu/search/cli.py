"""`flask search …`"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from edu.extensions import db
from edu.search import indexing
from edu.search.base import IndexUnavailable

search = AppGroup("search", help="The search index.")


@search.command("rebuild")
def rebuild() -> None:
    """Build the index anew from the database; search goes on meanwhile."""
    count = indexing.rebuild_index()
    db.session.commit()
    click.echo(f"{count} materials indexed")


@search.command("check")
def check() -> None:
    """Compare index and database; exit status 1 when they differ."""
    try:
        difference = indexing.compare_index()
    except IndexUnavailable as error:
        raise click.ClickException(f"{error}; run `flask search rebuild`") from error
    for name, ids in (("missing", difference.missing), ("surplus", difference.surplus)):
        click.echo(f"{name}: {', '.join(map(str, ids)) or 'none'}")
    sys.exit(1 if difference.missing or difference.surplus else 0)
