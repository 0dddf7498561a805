"""`flask api …`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click
from flask import current_app
from flask.cli import AppGroup

from edu.api.examples import render_examples

if TYPE_CHECKING:
    from edu.api.app import ApiApp

api = AppGroup("api", help="The description of the JSON API.")


@api.command("examples")
def examples() -> None:
    """Print docs/api-examples.md: a curl command for each operation."""
    click.echo(render_examples(cast("ApiApp", current_app).document), nl=False)


@api.command("document")
def document() -> None:
    """Print the OpenAPI document."""
    click.echo(json.dumps(cast("ApiApp", current_app).document, ensure_ascii=False, indent=2))
