"""`flask materials …`: import of a folder, file by file, each in a transaction of its own."""

from __future__ import annotations

import csv
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import func, select
from tqdm import tqdm

from edu.accounts.models import Role, User
from edu.accounts.service import find_user
from edu.captions.forms import SentAlong
from edu.catalog.models import Category, MaterialType
from edu.catalog.service import find_category, find_category_by_name
from edu.errors import EduError
from edu.extensions import db, settings, utcnow
from edu.materials import service
from edu.materials.models import Material, MaterialStatus
from edu.media.hints import read_hints
from edu.media.messages import refusal_message
from edu.storage.incoming import Incoming, copy_in
from edu.tree.service import ensure_category
from jobs.materials import process_material

materials = AppGroup("materials", help="Materials in ")
SILENCE_S = 20
SUFFIXES = {".pdf", ".docx", ".mp4"}
UNSORTED = "Разное"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to import, and what is said of it."""

    path: Path
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    subject: str = ""
    type: str = MaterialType.OTHER.value
    semester: int | None = None
    year: int | None = None
    language: str = ""


@dataclass(slots=True)
class Report:
    """What became of the files. Ids: those made now, and those met in processing."""

    created: list[int] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)
    duplicates: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    new_subjects: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)  # on what came beside a file

    @property
    def to_watch(self) -> list[int]:
        """Materials whose processing this import waits for."""
        return self.created + self.resumed


def read_entries(folder: Path, manifest: Path | None, category: str) -> list[Entry]:
    """The files of `folder`, in order, with what the manifest says of them.

    The manifest is tab-separated with a header; `file` is the name within the folder; `kind` is a
    material type; `year` that in which the academic year begins (2024, or 2024/25): without such a
    column a date in the title tells it. Files without a row take their title from the name.
    Raises ValueError.
    """
    rows = _read_manifest(manifest) if manifest else {}
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and _is_entry(p))
    missing = rows.keys() - {str(p.relative_to(folder)) for p in files}
    if missing:
        raise ValueError(f"named in the manifest, but not in the folder: {sorted(missing)[0]}")
    return [_entry(p, rows.get(str(p.relative_to(folder)), {}), category) for p in files]


def _is_entry(path: Path) -> bool:
    """A file, or a link whose target is gone: that one is to be told, not passed over."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _read_manifest(manifest: Path) -> dict[str, dict[str, str]]:
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t")
        if "file" not in (reader.fieldnames or []):
            raise ValueError("the manifest has no column `file`")
        # A cell of `year` may be empty on purpose, which forbids guessing.
        kept = {"year"}
        return {
            row["file"]: {k: v or "" for k, v in row.items() if k and (v or k in kept)}
            for row in reader
        }


def _entry(path: Path, row: dict[str, str], category: str) -> Entry:
    kind = row.get("type") or row.get("kind") or ""
    title = (row.get("title") or path.stem.replace("_", " "))[: service.MAX_TITLE]
    told = read_hints(title, utcnow().date())
    return Entry(
        path,
        title=title,
        description=row.get("description", ""),
        tags=tuple(tag for tag in row.get("tags", "").split(",") if tag.strip()),
        semester=_number(row, "semester"),
        year=_number(row, "year") if "year" in row else told.year,
        language=row.get("language", "").strip().lower(),
        subject=row.get("category") or row.get("subject") or category,
        type=kind if kind in set(MaterialType) else MaterialType.OTHER.value,
    )


def _number(row: dict[str, str], column: str) -> int | None:
    """What a cell says: a semester, or the first year of an academic one. Raises ValueError."""
    value = row.get(column, "").strip()
    found = re.fullmatch(r"(\d{1,2}|\d{4})(?:(?<=\d{4})[/–-](?:\d\d)?\d\d)?", value)
    if value and not found:
        raise ValueError(f"{row['file']}: `{value}` is no {column}")
    return int(found[1]) if found else None


def import_file(entry: Entry, user: User, report: Report) -> None:
    """Import one file and commit; what is refused goes into the report with its reason."""
    try:
        incoming = copy_in(entry.path, settings().data_dir / "incoming")
    except OSError as error:  # unreadable, gone, or no room for it: the others go on
        report.refused.append((entry.path.name, error.strerror or str(error)))
        return
    try:
        if not _is_known(entry, incoming, report):
            material = _upload(entry, incoming, user, report)
            report.created.append(material.id)
            process_material.enqueue(material.id)
    except EduError as error:
        db.session.rollback()
        report.refused.append((entry.path.name, str(error.message)))
    except OSError as error:
        db.session.rollback()
        report.refused.append((entry.path.name, error.strerror or str(error)))
    finally:
        incoming.path.unlink(missing_ok=True)


def _is_known(entry: Entry, incoming: Incoming, report: Report) -> bool:
    """Whether the library has these bytes: then it is a duplicate, or refused as it was before."""
    known = service.find_by_hash(incoming.sha256)
    if known and all(m.status == MaterialStatus.FAILED for m in known):
        report.refused.append((entry.path.name, refusal_message(known[0].error)))
    elif known:
        report.duplicates += 1
        waiting = [m.id for m in known if m.status == MaterialStatus.PROCESSING]
        report.resumed += [i for i in waiting if i not in report.to_watch]
    return bool(known)


def _upload(entry: Entry, incoming: Incoming, user: User, report: Report) -> Material:
    data = service.MaterialData(
        entry.title,
        entry.description,
        list(entry.tags),
        entry.type,
        _category(entry, report),
        entry.semester,
        entry.year,
        entry.language,
    )
    file = service.accept_file(incoming)
    beside = SentAlong.beside(entry.path) if file.kind == "video" else []
    material = service.upload_material(user, data, file, allow_duplicate=True)
    for captions in beside:
        captions.keep(user, material)
        report.remarks += [f"{entry.path.name}: {text}" for text in captions.message()[:1] if text]
    db.session.commit()
    return material


def _category(entry: Entry, report: Report) -> Category:
    name = entry.subject or UNSORTED
    found = find_category(name) or find_category_by_name(name)
    if found is None:
        report.new_subjects.add(name)
        found = ensure_category(name[:120].capitalize(), aliases=[name])
    return found


@materials.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tab-separated file with a header: file, title, description, tags, subject, kind, "
    "semester, year, language.",
)
@click.option("--as", "email", help="Uploader's e-mail; the first admin or moderator if not given.")
@click.option("--category", default="", help="Category for files whose subject is not given.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the workers.")
def import_folder(
    folder: Path, manifest: Path | None, email: str | None, category: str, no_wait: bool
) -> None:
    """Import every PDF, DOCX and MP4 of FOLDER.

    Subtitles or a transcript beside a video, under its name (lecture.vtt, lecture.en.srt), come
    with it. Run it again after an interruption: what is already in the library is skipped.
    """
    user = _uploader(email)
    try:
        entries = read_entries(folder, manifest, category)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    started = time.monotonic()
    report = Report()
    for entry in tqdm(entries, desc="sending", unit="file"):
        import_file(entry, user, report)
    if not no_wait:
        _wait(report)
    _print(report, len(entries), time.monotonic() - started, waited=not no_wait)


def _uploader(email: str | None) -> User:
    if email:
        user = find_user(email)
    else:
        roles = (Role.ADMIN.value, Role.MODERATOR.value)
        query = select(User).where(User.role.in_(roles)).order_by(User.role, User.id)
        user = db.session.scalar(query.limit(1))
    if user is None:
        raise click.ClickException(
            "There is no such account. Make one: flask users create EMAIL --role moderator"
        )
    return user


def _left(ids: list[int]) -> int:
    db.session.rollback()  # a fresh look at what the workers have committed
    query = select(func.count()).where(
        Material.id.in_(ids), Material.status == MaterialStatus.PROCESSING
    )
    return db.session.scalar(query) or 0


def _wait(report: Report) -> None:
    ids, moved = report.to_watch, time.monotonic()
    with tqdm(total=len(ids), desc="processing", unit="file") as bar:
        while left := _left(ids):
            if len(ids) - left > bar.n:
                bar.update(len(ids) - left - bar.n)
                moved = time.monotonic()
            elif time.monotonic() - moved > settings().media_wall_s + SILENCE_S:
                bar.close()
                raise click.ClickException(
                    f"{left} files wait and nothing moves: is a worker running (`make run`)? "
                    "They will be processed as soon as one is."
                )
            elif time.monotonic() - moved > SILENCE_S:
                bar.set_postfix_str("waiting for a worker")
            time.sleep(0.1)
        bar.update(len(ids) - bar.n)


def _print(report: Report, files: int, seconds: float, *, waited: bool) -> None:
    db.session.rollback()
    for material in db.session.scalars(
        select(Material).where(Material.id.in_(report.to_watch), Material.error != "")
    ):
        report.refused.append((material.file.name, refusal_message(material.error)))
    for name, reason in report.refused:
        click.echo(f"refused: {name}: {reason}")
    for remark in report.remarks:
        click.echo(remark)
    for name in sorted(report.new_subjects):
        click.echo(f"new subject: {name}")
    imported = len(report.created)
    click.echo(
        f"{imported} sent, {report.duplicates} already here, {len(report.refused)} refused; "
        f"{seconds:.1f} s, {files / max(seconds, 0.001):.1f} files/s"
        + ("" if waited else "; processing goes on in the background")
    )
    sys.exit(1 if report.refused else 0)
