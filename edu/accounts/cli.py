"""`flask users …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from edu.accounts import service
from edu.accounts.models import Role, User
from edu.catalog.models import Category
from edu.catalog.service import find_category
from edu.errors import EduError
from edu.extensions import db
from edu.second_factor.service import reset_second_factor

users = AppGroup("users", help="Accounts and roles.")


@users.command("create")
@click.argument("email")
@click.option("--name", default="", help="Name shown to others; from the address if not given.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.USER.value)
@click.password_option("--password", help="Asked for if not given.")
def create(email: str, name: str, role: str, password: str) -> None:
    """Create an account with EMAIL."""
    try:
        user = service.create_user(email, password, name, role=Role(role))
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
@click.option(
    "--subject",
    "paths",
    metavar="PATH",
    multiple=True,
    help="A moderator's subject by its address, such as fizika/mekhanika; may be repeated. "
    "Without it a moderator reviews all subjects.",
)
def set_role(email: str, role: str, paths: tuple[str, ...]) -> None:
    """Give the account EMAIL the ROLE."""
    if paths and role != Role.MODERATOR:
        raise click.ClickException("only moderators have subjects")
    user = _find(email)
    service.set_role(user, Role(role), [_find_subject(path) for path in paths])
    db.session.commit()
    click.echo(f"{user.email}: {user.role} {' '.join(paths)}".rstrip())


def _find_subject(path: str) -> Category:
    subject = find_category(path.strip("/"))
    if subject is None:
        raise click.ClickException(f"there is no subject {path}")
    return subject


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


@users.command("second-factor-off")
@click.argument("email")
def second_factor_off(email: str) -> None:
    """Let EMAIL sign in without a code, when telephone and spare codes are lost."""
    reset_second_factor(_find(email))
    db.session.commit()
    click.echo("done")
