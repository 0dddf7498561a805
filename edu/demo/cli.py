"""`flask demo …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from edu.demo import service
from edu.demo.tree import subject_tree
from edu.extensions import db, settings
from edu.ratings.service import refresh_all_ratings
from edu.tree.service import ensure_tree
from jobs.materials import process_material
from jobs.search import update_index

demo = AppGroup("demo", help="A library to try things in.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing where somebody has an account already.")
def load(if_empty: bool) -> None:
    """Load subjects, demo accounts and materials; twice is the same as once."""
    if settings().is_public:
        raise click.ClickException("SITE_URL is public: demo accounts have known passwords.")
    if if_empty and not service.is_empty():
        return
    ensure_tree(subject_tree())
    service.ensure_accounts()
    db.session.commit()
    added = service.add_materials()
    db.session.commit()
    # The first start has no worker yet, and a library that fills up while one looks is no demo.
    for material in added:
        process_material(material.id)
    service.rate_materials()
    refresh_all_ratings()
    db.session.commit()
    update_index()
    click.echo(f"{len(added)} demo materials loaded")


@demo.command("accounts")
def accounts() -> None:
    """Print the demo accounts that can sign in."""
    for email, name, role in service.list_accounts():
        click.echo(f"  {email:22} {service.PASSWORD}   {role:10} {name}")


@demo.command("remove-accounts")
def remove_accounts() -> None:
    """Close the demo accounts; what they uploaded stays."""
    count = service.remove_accounts()
    db.session.commit()
    click.echo(f"{count} demo accounts closed")
