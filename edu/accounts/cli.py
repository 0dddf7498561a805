"""`flask users …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from edu.accounts import service
from edu.accounts.models import Role
from edu.errors import EduError
from edu.extensions import db

users = AppGroup("users", help="Accounts and roles.")


@users.command("create")
@click.argument("email")
@click.option("--name", default="", help="Name shown to others; from the address if not given.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.USER.value)
@click.password_option("--password", help="Asked for if not given.")
def create(email: str, name: str, role: str, password: str) -> None:
    """Create an account with EMAIL."""
    try:
        user = service.register_user(email, password, name, role=Role(role))
    except EduError as error:
        raise click.ClickException(str(error.message)) from error
    db.session.commit()
    click.echo(f"{user.email}: {user.role}")
