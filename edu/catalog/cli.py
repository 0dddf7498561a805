"""`flask subjects …`"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from edu.catalog import service
from edu.catalog.models import Category
from edu.demo.tree import SUBJECTS
from edu.extensions import db
from edu.tree.service import ensure_category, ensure_tree

subjects = AppGroup("subjects", help="The subject tree.")


@subjects.command("load")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=SUBJECTS
)
def load(file: Path) -> None:
    """Add the subjects of FILE (TOML), or the built-in tree of the first two years.

    What exists stays as it is; missing parts and aliases are added.
    """
    try:
        ensure_tree(service.read_tree(file))
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from error
    db.session.commit()
    _list(service.list_subjects())


@subjects.command("add")
@click.argument("name")
@click.option("--parent", default="", help="Path or id of the subject that it is a part of.")
@click.option("--alias", "aliases", multiple=True, help="Another word for it; may be repeated.")
def add(name: str, parent: str, aliases: tuple[str, ...]) -> None:
    """Add a subject called NAME, or a part of one."""
    above = service.find_category(parent) if parent else None
    if parent and above is None:
        raise click.ClickException(f"there is no subject {parent}; see `flask subjects list`")
    category = ensure_category(name, above, aliases=aliases)
    db.session.commit()
    click.echo(f"{category.path}: {category.full_name}")


@subjects.command("list")
def list_tree() -> None:
    """Print the tree: paths and names."""
    _list(service.list_subjects())


def _list(categories: list[Category], depth: int = 0) -> None:
    for category in categories:
        click.echo(f"{'  ' * depth}{category.path}: {category.name}")
        _list(category.children, depth + 1)
