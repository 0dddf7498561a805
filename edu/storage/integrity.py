"""Whether the storage has what the database says it has: sizes of all, hashes of some.

The listing of the storage and the rows of the database come in the same order and are read side by
side, so memory does not grow with the library.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, case, func, select

from edu.extensions import db, storage
from edu.materials.models import StoredFile
from edu.storage.base import (
    ORIGINALS,
    PREVIEWS,
    STREAMS,
    THUMBNAILS,
    Found,
    hash_of,
    original_key,
    stream_key,
    thumbnail_key,
)
from edu.streams.models import Stream, StreamStatus

BATCH = 1000
SHOWN = 1000
CHUNK = 1024 * 1024
# Bytes come before their row, and a form that was sent back keeps them for an hour without one.
GRACE_S = 24 * 3600


@dataclass(slots=True)
class Names:
    """Keys of a kind of trouble: all counted, the first kept."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(key)


@dataclass(slots=True)
class Integrity:
    """What a check has found. Sizes in bytes; `in_time` is False when it was cut short."""

    files: int = 0
    size: int = 0
    hashed: int = 0
    in_time: bool = True
    missing: Names = field(default_factory=Names)
    wrong_size: Names = field(default_factory=Names)
    wrong_hash: Names = field(default_factory=Names)
    orphans: Names = field(default_factory=Names)
    orphan_bytes: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything that the database names is there; orphans only take room."""
        return not (self.missing.count or self.wrong_size.count or self.wrong_hash.count)

    def describe(self, shown: int = 5) -> str:
        """One line for logs and records."""
        parts = [f"files: {self.files}; bytes: {self.size}; hashed: {self.hashed}"]
        for name in ("missing", "wrong_size", "wrong_hash", "orphans"):
            names: Names = getattr(self, name)
            if names.count:
                more = ", …" if names.count > shown else ""
                listed = ", ".join(names.first[:shown]) + more
                parts.append(f"{name.replace('_', ' ')}: {names.count} ({listed})")
        if not self.in_time:
            parts.append("cut short: time was up")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class _Row:
    sha256: str
    size: int
    has_thumbnail: bool
    has_stream: bool


def check_storage(sample: int | None, seconds: float | None = None) -> Integrity:
    """Hold storage and database against each other; `sample` files are read whole, None for all.

    After so many `seconds` it ends with what it has. Raises StorageUnavailable, OSError.
    """
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    found = Integrity()
    _compare(found, ORIGINALS, end)
    _compare(found, THUMBNAILS, end)
    _compare(found, STREAMS, end)
    _compare(found, PREVIEWS, end)
    for sha256 in _all_hashes() if sample is None else _some_hashes(sample):
        if not found.in_time:
            break
        _read(found, sha256, end)
    return found


def _compare(report: Integrity, family: str, end: float) -> None:
    rows = _rows()
    row = next(rows, None)
    listing = storage().list_keys(family)
    for sha256, group in itertools.groupby(listing, lambda found: hash_of(found.key) or ""):
        if time.monotonic() > end:
            report.in_time = False
            return
        while row and row.sha256 < sha256:
            _look_for(report, family, row)
            row = next(rows, None)
        if row and row.sha256 == sha256:
            _look_at(report, family, row, list(group))
            row = next(rows, None)
        else:
            for found in group:
                _look_at_orphan(report, found, sha256)
    while row:
        _look_for(report, family, row)
        row = next(rows, None)


def _look_at(report: Integrity, family: str, row: _Row, group: list[Found]) -> None:
    if family == ORIGINALS:
        report.files += 1
        report.size += row.size
        if sum(found.size for found in group) != row.size:
            report.wrong_size.add(group[0].key)
    # Beside it lie pictures of pages, which are drawn again when somebody asks.
    cover = thumbnail_key(row.sha256)
    if family == THUMBNAILS and row.has_thumbnail and cover not in {found.key for found in group}:
        report.missing.add(cover)


def _look_for(report: Integrity, family: str, row: _Row) -> None:
    """A row without bytes in the listing: maybe it is younger than that, so ask once more."""
    needed = {THUMBNAILS: row.has_thumbnail, STREAMS: row.has_stream, PREVIEWS: False}
    keys = {ORIGINALS: original_key(row.sha256), THUMBNAILS: thumbnail_key(row.sha256)}
    key = keys.get(family) or stream_key(row.sha256, "")
    report.files += family == ORIGINALS
    if needed.get(family, True) and next(storage().list_keys(key), None) is None:
        report.missing.add(key)


def _look_at_orphan(report: Integrity, found: Found, sha256: str) -> None:
    if found.modified > time.time() - GRACE_S:
        return
    known = select(StoredFile.id).where(StoredFile.sha256 == sha256).limit(1)
    if not _fetch(known):
        report.orphans.add(found.key)
        report.orphan_bytes += found.size


def _read(report: Integrity, sha256: str, end: float) -> None:
    digest, key = hashlib.sha256(), original_key(sha256)
    try:
        with storage().open(key) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                if time.monotonic() > end:
                    report.in_time = False
                    return
    except FileNotFoundError:  # told as missing already
        return
    report.hashed += 1
    if digest.hexdigest() != sha256:
        report.wrong_hash.add(key)


# What the database says ------------------------------------------------------------------------


def _fetch(query: Executable) -> Sequence[Any]:
    # Past the session: no transaction stays open while files are read for minutes.
    with db.engine.connect() as connection:
        return connection.execute(query).all()


def _rows() -> Iterator[_Row]:
    """Each content once, in the order of hashes."""
    thumbnails = func.max(case((StoredFile.has_thumbnail, 1), else_=0))
    streams = func.max(case((Stream.status == StreamStatus.READY.value, 1), else_=0))
    query = (
        select(StoredFile.sha256, func.max(StoredFile.size), thumbnails, streams)
        .outerjoin(Stream, Stream.file_id == StoredFile.id)
        .group_by(StoredFile.sha256)
        .order_by(StoredFile.sha256)
        .limit(BATCH)
    )
    last = ""
    while rows := _fetch(query.where(StoredFile.sha256 > last)):
        for sha256, size, has_thumbnail, has_stream in rows:
            yield _Row(sha256, size, bool(has_thumbnail), bool(has_stream))
        last = rows[-1][0]


def _all_hashes() -> Iterator[str]:
    return (row.sha256 for row in _rows())


def _some_hashes(count: int) -> list[str]:
    query = select(StoredFile.sha256).order_by(func.random()).limit(count)
    return [row[0] for row in _fetch(query)]
