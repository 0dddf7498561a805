"""`flask mail …`"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from edu.errors import EduError
from edu.extensions import db
from edu.mail import service
from edu.mail.models import LetterState

mail = AppGroup("mail", help="Letters.")


@mail.command("test")
@click.argument("address")
def send_test(address: str) -> None:
    """Send a letter to ADDRESS now and say what became of it."""
    from jobs.mail import send_letter

    try:
        letter = service.write_letter("test", address)
    except EduError as error:
        raise click.ClickException(str(error.message)) from error
    if letter is None:
        raise click.ClickException("the letter was not written")
    db.session.commit()
    send_letter(letter.id)
    if letter.state == LetterState.LOGGED:
        click.echo("SMTP_HOST is not set: the letter went to the log")
    elif letter.state == LetterState.SENT:
        click.echo(f"the mail server has taken the letter to {letter.address}")
    else:
        raise click.ClickException(f"{letter.state}: {letter.error}")


@mail.command("list")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), help="How many.")
def list_letters(limit: int) -> None:
    """Print the last letters: number, time, state, kind, address and, if one, the trouble."""
    for letter in service.list_letters(limit):
        written = f"{letter.created_at:%Y-%m-%d %H:%M}"
        line = f"{letter.id}\t{written}\t{letter.state}\t{letter.kind}\t{letter.address}"
        click.echo(f"{line}\t{letter.error}" if letter.error else line)
