"""`flask storage …`"""

from __future__ import annotations

import sys
import time

import click
from flask.cli import AppGroup
from sqlalchemy import select

from edu import extensions
from edu.config import SettingsError
from edu.extensions import db, settings
from edu.materials.models import Material, MaterialVersion, StoredFile
from edu.site.audit import record_storage_check
from edu.storage.base import Storage, StorageUnavailable, hash_of
from edu.storage.cors import find_cors_faults
from edu.storage.integrity import Integrity, Names, check_storage
from edu.storage.making import make_one
from edu.storage.move import Move, Moved
from edu.storage.unused import note_unused

SAMPLE = 20
TELL_EVERY_S = 2.0
OTHER = {"local": "s3", "s3": "local"}

storage = AppGroup("storage", help="Where the bytes of files lie.")


@storage.command("check")
@click.option("--sample", default=SAMPLE, show_default=True, help="Files to read and hash.")
@click.option("--all", "every", is_flag=True, help="Read and hash every file.")
@click.option(
    "--fix-missing-report", is_flag=True, help="Say which materials need their file back."
)
@click.option(
    "--free-orphans", is_flag=True, help="Have what no row needs removed, an hour from now."
)
def check(sample: int, every: bool, fix_missing_report: bool, free_orphans: bool) -> None:
    """Compare storage and database; exit status 1 when files are missing or damaged."""
    try:
        found = check_storage(None if every else sample)
        faults = find_cors_faults(extensions.storage(), settings().site_url)
    except (StorageUnavailable, OSError) as error:
        raise click.ClickException(f"the storage cannot be read: {_why(error)}") from error
    record_storage_check(found.is_whole, found.describe())
    hashes = {hash_of(key) for key in found.orphans.first} if free_orphans else set()
    note_unused({sha256: 0 for sha256 in hashes if sha256})  # nobody's, as far as is known
    db.session.commit()
    click.echo(f"files: {found.files}, {found.size} bytes; hashed: {found.hashed}")
    for name in ("missing", "wrong_size", "wrong_hash", "orphans"):
        _list(name.replace("_", " "), getattr(found, name))
    if faults is not None:
        click.echo("CORS: pages cannot read from the bucket" if faults else "CORS: fine")
        for fault in faults:
            click.echo(f"  {fault}")
    if fix_missing_report:
        _report(found)
    sys.exit(0 if found.is_whole else 1)


def _list(name: str, names: Names) -> None:
    click.echo(f"{name}: {names.count or 'none'}")
    for key in names.first:
        click.echo(f"  {key}")
    if names.count > len(names.first):
        click.echo(f"  … and {names.count - len(names.first)} more")


def _report(found: Integrity) -> None:
    for key in [*found.missing.first, *found.wrong_size.first, *found.wrong_hash.first]:
        click.echo(f"\n{key}\n  put it back from a copy of the storage, or give a new file to:")
        for line in _users_of(hash_of(key.rstrip("/")) or ""):
            click.echo(f"  {line}")


def _users_of(sha256: str) -> list[str]:
    query = (
        select(Material.id, Material.title, MaterialVersion.number, StoredFile.name)
        .join(MaterialVersion, MaterialVersion.material_id == Material.id)
        .join(StoredFile, StoredFile.id == MaterialVersion.file_id)
        .where(StoredFile.sha256 == sha256)
        .order_by(Material.id, MaterialVersion.number)
    )
    return [
        f"{settings().site_url}/materials/{number} «{title}», version {version}, {name}"
        for number, title, version, name in db.session.execute(query)
    ]


@storage.command("move")
@click.option("--to", "goal", type=click.Choice(["local", "s3"]), required=True)
@click.option("--delete", is_flag=True, help="Remove from the old storage what has arrived whole.")
def move(goal: str, delete: bool) -> None:
    """Copy everything to another storage while the product runs; go on where it was stopped."""
    config = settings()
    live = (config.storage, config.storage_previous) == (goal, OTHER[goal])
    if delete and not live:
        raise click.ClickException(
            "--delete: the product does not look for its files there yet. Set "
            f"STORAGE={goal} and STORAGE_PREVIOUS={OTHER[goal]}, restart it, and call this again."
        )
    try:
        source, target = make_one(config, OTHER[goal]), make_one(config, goal)
        source.check()
        target.check()
        moving = Move(source, target, config.data_dir / "work", delete=delete, live=live)
        done = moving.run(_Progress(source))
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except (StorageUnavailable, OSError) as error:
        raise click.ClickException(f"stopped: {_why(error)}; call this again to go on") from error
    _tell_end(done, goal, live)


class _Progress:
    """Says every few seconds how far a move is."""

    def __init__(self, source: Storage) -> None:
        self.total = sum(1 for _found in source.list_keys())
        self.told_at = time.monotonic()

    def __call__(self, done: Moved) -> None:
        if time.monotonic() - self.told_at > TELL_EVERY_S:
            click.echo(f"{done.seen} of {self.total}: {_numbers(done)}")
            self.told_at = time.monotonic()


def _numbers(done: Moved) -> str:
    return (
        f"copied: {done.copied} ({done.copied_bytes} bytes), were there: {done.were_there}, "
        f"deleted: {done.deleted}, damaged: {len(done.damaged)}"
    )


def _tell_end(done: Moved, goal: str, live: bool) -> None:
    click.echo(_numbers(done))
    for key in done.damaged:
        click.echo(f"  damaged, left where it was: {key}")
    if not live:
        click.echo(
            f"Set STORAGE={goal} and STORAGE_PREVIOUS={OTHER[goal]}, restart the product, and call "
            "this once more for what has come meanwhile."
        )
    sys.exit(1 if done.damaged else 0)


def _why(error: Exception) -> str:
    return str(error.__cause__ or error)
