"""`flask search …`"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from edu.extensions import db
from edu.search import indexing
from edu.search.base import IndexBusy, IndexUnavailable

search = AppGroup("search", help="The search index.")


@search.command("rebuild")
def rebuild() -> None:
    """Build the index anew from the database; search goes on meanwhile."""
    click.echo(f"{_rebuild()} materials indexed")


@search.command("check")
@click.option("--fix", is_flag=True, help="Bring the index up to the database.")
def check(fix: bool) -> None:
    """Compare index and database; exit status 1 when they differ."""
    difference = _compare(fix)
    if fix and difference.count:
        _repair()
        difference = _compare(fix)
    for name in ("missing", "surplus", "outdated"):
        click.echo(f"{name}: {', '.join(map(str, getattr(difference, name))) or 'none'}")
    sys.exit(1 if difference.count else 0)


def _compare(fix: bool) -> indexing.IndexDifference:
    try:
        return indexing.compare_index()
    except IndexUnavailable as error:
        if not fix:
            raise click.ClickException(f"{error}; run `flask search check --fix`") from error
        click.echo(f"{error}; built anew")
        _rebuild()
        return indexing.compare_index()


def _repair() -> None:
    indexing.heal_index()
    db.session.commit()
    while indexing.has_pending() and indexing.index_pending():
        db.session.commit()


def _rebuild() -> int:
    try:
        count = indexing.rebuild_index()
    except IndexBusy as error:
        raise click.ClickException(f"{error}; try again later") from error
    db.session.commit()
    return count
