"""`flask start`: prepare what is missing, then run web and workers under one supervisor."""

from __future__ import annotations

import os
import socket
import sys
from ipaddress import ip_address
from pathlib import Path

import click
from flask_migrate import upgrade
from honcho import manager as honcho_manager
from honcho.environ import parse_procfile
from honcho.manager import Manager

from edu.config import ROOT
from edu.demo import service as demo
from edu.demo.cli import load
from edu.extensions import settings
from edu.site.startup import StartRefused, check_start

# What the supervisor answers after SIGINT and SIGTERM.
STOPPED = (0, 130, 143)
KILL_AFTER_S = 15  # the worker may finish its file, see jobs/__main__.py


@click.command("start")
@click.option("--no-demo", is_flag=True, help="Do not load demo content into an empty library.")
@click.pass_context
def start(context: click.Context, no_demo: bool) -> None:
    """Migrate, load demo content into an empty library, start everything."""
    config = settings()
    _require_free_port(config.host, config.port)
    upgrade_database()
    try:
        check_start()
    except StartRefused as error:
        raise click.ClickException(str(error)) from error
    if not no_demo and not config.is_public and demo.is_empty():
        click.echo("First start: writing the demo library …")
        context.invoke(load, if_empty=True)
    _say_where()
    sys.stdout.flush()
    sys.exit(_supervise())


def upgrade_database() -> None:
    """Bring the schema up to date, without the migration tool's chatter."""
    upgrade(directory=str(ROOT / "migrations"))


def _require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"{host}:{port} cannot be used ({error.strerror}). Set another PORT: "
                f"PORT={port + 1} make run"
            ) from error


def _say_where() -> None:
    config = settings()
    click.echo(f"\n  {config.site_name}: {config.site_url}\n")
    accounts = demo.list_accounts()
    if accounts:
        click.echo("  Demo accounts (password, role, name):")
    for email, name, role in accounts:
        click.echo(f"    {email:22} {demo.PASSWORD}   {role:10} {name}")
    if accounts and not _is_local(config.host):
        click.secho("  Everybody in your network can sign in with these passwords!", fg="red")
    click.echo(f"\n  Data: {config.data_dir}    Stop: Ctrl-C\n")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def _is_wanted(process: str) -> bool:
    """Whether this machine runs it: a bot needs a token, and another one may have the assistant."""
    if process == "bot":
        return bool(settings().telegram_token)
    return process != "assistant" or settings().assistant_workers > 0


def _supervise() -> int:
    """Run the Procfile until Ctrl-C, SIGTERM, or the end of any process; 0 when we were asked."""
    honcho_manager.KILL_WAIT = KILL_AFTER_S
    manager = Manager()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for name, command in parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes.items():
        if _is_wanted(name):
            manager.add_process(name, f"exec {command}", env=environment, cwd=str(ROOT))
    manager.loop()
    return 0 if manager.returncode in STOPPED else int(manager.returncode or 1)
