"""`flask users …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from edu.accounts import service
from edu.accounts.models import Role, User
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


def _find(email: str) -> User:
    user = service.find_user(email)
    if user is None:
        raise click.ClickException(f"there is no account {email}")
    return user


@users.command("list")
def list_users() -> None:
    """Print the accounts: e-mail, role, name."""
    for user in service.list_users():
        blocked = "" if user.is_active else "  (blocked)"
        click.echo(f"{user.email:40} {user.role:10} {user.name}{blocked}")


@users.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def set_role(email: str, role: str) -> None:
    """Give the account EMAIL the ROLE."""
    user = _find(email)
    user.role = role
    db.session.commit()
    click.echo(f"{user.email}: {user.role}")


@users.command("password")
@click.argument("email")
@click.password_option("--password", help="Asked for if not given.")
def set_password(email: str, password: str) -> None:
    """Set a new password for EMAIL and end all its sessions and tokens."""
    try:
        service.change_password(_find(email), password)
    except EduError as error:
        raise click.ClickException(str(error.message)) from error
    db.session.commit()
    click.echo("done")


@users.command("block")
@click.argument("email")
@click.option("--undo", is_flag=True, help="Let the person in again.")
def block(email: str, undo: bool) -> None:
    """Keep EMAIL out; its sessions and tokens end at once."""
    service.block_user(_find(email), blocked=not undo)
    db.session.commit()
    click.echo("done")
